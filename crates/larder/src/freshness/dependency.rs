//! What an entry was made from, and whether a change touches it.
//!
//! A condition that cannot be decided counts as one that may hold. So a dependency may be touched by a change that leaves
//! its answer as it was, which costs a load; it is never missed by a change that alters it.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Change, Happened, RowValues, Value};

/// What an entry was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dependency {
    /// One row, there or not.
    Row {
        /// The table's name.
        table: Arc<str>,
        /// The primary key.
        id: Value,
    },
    /// The rows that a query gives.
    Query(Query),
    /// Everything in a table.
    Table(Arc<str>),
}

/// The rows of a table that meet all conditions and lie in the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// The table's name.
    pub table: Arc<str>,
    /// Conditions that all hold for the rows that are meant.
    pub conditions: Vec<Condition>,
    /// The stretch of the order that was read; `None` for all of it.
    pub window: Option<Window>,
    /// The columns that the answer was made from.
    pub columns: Columns,
}

/// Which columns of a row an answer shows. A row that stays in the query and keeps these values leaves the answer as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Columns {
    /// All of them, watched or not.
    All,
    /// Only these; none at all where rows are only counted.
    Only(Vec<Box<str>>),
}

/// A condition on one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub enum Condition {
    /// The column has this value.
    Equals(Box<str>, Value),
    /// The column has this text, the same but for the case of ASCII letters.
    EqualsIgnoringAsciiCase(Box<str>, Box<str>),
    /// The column's value is at least the first and at most the second, as far as they are given. Null is in no range.
    Range(Box<str>, Option<Value>, Option<Value>),
    /// At least one of these holds.
    AnyOf(Vec<Condition>),
    /// A condition that cannot be decided from a change: it may hold for any row.
    Undecidable,
}

/// A condition as it is written. Alternatives of alternatives are alternatives: so whatever is read back is of bounded depth.
#[derive(Serialize, Deserialize)]
enum Written {
    One(Simple),
    AnyOf(Vec<Simple>),
}

#[derive(Serialize, Deserialize)]
enum Simple {
    Equals(Box<str>, Value),
    EqualsIgnoringAsciiCase(Box<str>, Box<str>),
    Range(Box<str>, Option<Value>, Option<Value>),
    Undecidable,
}

impl From<Simple> for Condition {
    fn from(simple: Simple) -> Condition {
        match simple {
            Simple::Equals(column, value) => Condition::Equals(column, value),
            Simple::EqualsIgnoringAsciiCase(column, text) => Condition::EqualsIgnoringAsciiCase(column, text),
            Simple::Range(column, least, most) => Condition::Range(column, least, most),
            Simple::Undecidable => Condition::Undecidable,
        }
    }
}

impl From<Written> for Condition {
    fn from(written: Written) -> Condition {
        match written {
            Written::One(simple) => simple.into(),
            Written::AnyOf(simple) => Condition::AnyOf(simple.into_iter().map(Condition::from).collect()),
        }
    }
}

impl From<Condition> for Written {
    fn from(condition: Condition) -> Written {
        if let Condition::AnyOf(_) = condition {
            let mut alternatives = Vec::new();
            condition.flatten(&mut alternatives);
            Written::AnyOf(alternatives)
        } else {
            let mut one = Vec::new();
            condition.flatten(&mut one);
            Written::One(one.pop().unwrap_or(Simple::Undecidable))
        }
    }
}

impl Condition {
    fn flatten(self, alternatives: &mut Vec<Simple>) {
        alternatives.push(match self {
            Condition::Equals(column, value) => Simple::Equals(column, value),
            Condition::EqualsIgnoringAsciiCase(column, text) => Simple::EqualsIgnoringAsciiCase(column, text),
            Condition::Range(column, least, most) => Simple::Range(column, least, most),
            Condition::Undecidable => Simple::Undecidable,
            Condition::AnyOf(inner) => {
                return inner.into_iter().for_each(|condition| condition.flatten(alternatives));
            }
        });
    }
}

/// A stretch of the rows of a query in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The order.
    pub order: Order,
    /// Only rows after this place.
    pub after: Option<Place>,
    /// Only rows up to this place, itself included.
    pub until: Option<Place>,
}

/// An order: by one column, ties broken by the primary key in the same direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The column.
    pub column: Box<str>,
    /// Whether values grow along it.
    pub ascending: bool,
    /// What a row without a value is sorted as.
    pub null: Value,
}

/// A place in an order: sort key and primary key of the row that stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The sort key, null already replaced.
    pub key: Value,
    /// The primary key.
    pub id: Value,
}

/// Whether something is so, where that can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    No,
    Maybe,
    Yes,
}

impl Truth {
    fn of(truth: bool) -> Truth {
        if truth { Truth::Yes } else { Truth::No }
    }

    fn and(self, other: impl FnOnce() -> Truth) -> Truth {
        match self {
            Truth::No => Truth::No,
            Truth::Yes => other(),
            Truth::Maybe => {
                if other() == Truth::No {
                    Truth::No
                } else {
                    Truth::Maybe
                }
            }
        }
    }

    fn or(self, other: impl FnOnce() -> Truth) -> Truth {
        match self {
            Truth::Yes => Truth::Yes,
            Truth::No => other(),
            Truth::Maybe => {
                if other() == Truth::Yes {
                    Truth::Yes
                } else {
                    Truth::Maybe
                }
            }
        }
    }
}

impl Dependency {
    /// The table that it is about.
    #[must_use]
    pub fn table(&self) -> &Arc<str> {
        match self {
            Dependency::Row { table, .. } | Dependency::Table(table) => table,
            Dependency::Query(query) => &query.table,
        }
    }

    /// Whether the answer may be another one after the change.
    #[must_use]
    pub fn is_touched_by(&self, change: &Change) -> bool {
        *self.table() == change.table
            && match (self, &change.happened) {
                (_, Happened::Table) | (Dependency::Table(_), _) => true,
                (Dependency::Row { id, .. }, Happened::Row { id: changed, .. }) => id == changed,
                (Dependency::Query(query), Happened::Row { id, old, new }) => {
                    query.is_touched(id, old.as_ref(), new.as_ref())
                }
            }
    }

    /// Bytes that keeping it takes, on the heap and off; the table's name is shared and not counted.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Dependency>()
            + match self {
                Dependency::Row { id, .. } => id.heap_bytes(),
                Dependency::Query(query) => query.heap_bytes(),
                Dependency::Table(_) => 0,
            }
    }
}

impl Query {
    fn is_touched(&self, id: &Value, old: Option<&RowValues>, new: Option<&RowValues>) -> bool {
        match (self.holds(id, old), self.holds(id, new)) {
            (Truth::No, Truth::No) => false,
            (Truth::Yes, Truth::Yes) => self.columns.differ(old, new),
            _ => true,
        }
    }

    fn holds(&self, id: &Value, row: Option<&RowValues>) -> Truth {
        let Some(row) = row else { return Truth::No };
        let met = self.conditions.iter().fold(Truth::Yes, |met, condition| met.and(|| condition.holds(row)));
        met.and(|| self.window.as_ref().map_or(Truth::Yes, |window| window.holds(id, row)))
    }

    fn heap_bytes(&self) -> usize {
        let columns = match &self.columns {
            Columns::All => 0,
            Columns::Only(names) => names.iter().map(|name| size_of_val(name) + name.len()).sum(),
        };
        let places = self.window.iter().map(|window| {
            let places = window.after.iter().chain(&window.until);
            window.order.column.len()
                + places.map(|place| place.key.heap_bytes() + place.id.heap_bytes()).sum::<usize>()
        });
        columns + places.sum::<usize>() + self.conditions.iter().map(Condition::bytes).sum::<usize>()
    }
}

impl Columns {
    fn differ(&self, old: Option<&RowValues>, new: Option<&RowValues>) -> bool {
        let (Columns::Only(names), Some(old), Some(new)) = (self, old, new) else { return true };
        names.iter().any(|name| match (old.value(name), new.value(name)) {
            (Some(Value::Unknown) | None, _) | (_, None) => true,
            (old, new) => old != new,
        })
    }
}

impl Condition {
    fn holds(&self, row: &RowValues) -> Truth {
        match self {
            Condition::Equals(column, wanted) => {
                decide(row, column, |value| Some(value.compare(wanted)?.is_eq()))
            }
            Condition::EqualsIgnoringAsciiCase(column, wanted) => decide(row, column, |value| match value {
                Value::Text(text) => Some(text.eq_ignore_ascii_case(wanted)),
                _ => None,
            }),
            Condition::Range(column, least, most) => decide(row, column, |value| {
                let above = least.as_ref().map_or(Some(true), |least| Some(value.compare(least)?.is_ge()))?;
                let below = most.as_ref().map_or(Some(true), |most| Some(value.compare(most)?.is_le()))?;
                Some(above && below)
            }),
            Condition::AnyOf(conditions) => {
                conditions.iter().fold(Truth::No, |met, condition| met.or(|| condition.holds(row)))
            }
            Condition::Undecidable => Truth::Maybe,
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Condition>()
            + match self {
                Condition::Equals(column, value) => column.len() + value.heap_bytes(),
                Condition::EqualsIgnoringAsciiCase(column, text) => column.len() + text.len(),
                Condition::Range(column, least, most) => {
                    column.len() + [least, most].into_iter().flatten().map(Value::heap_bytes).sum::<usize>()
                }
                Condition::AnyOf(conditions) => conditions.iter().map(Condition::bytes).sum(),
                Condition::Undecidable => 0,
            }
    }
}

/// A test of a column's value. It may hold where the column is not watched or cannot be compared, and never for null.
fn decide(row: &RowValues, column: &str, test: impl FnOnce(&Value) -> Option<bool>) -> Truth {
    match row.value(column) {
        Some(Value::Null) => Truth::No,
        Some(value) => test(value).map_or(Truth::Maybe, Truth::of),
        None => Truth::Maybe,
    }
}

impl Window {
    fn holds(&self, id: &Value, row: &RowValues) -> Truth {
        let key = match row.value(&self.order.column) {
            Some(Value::Null) => &self.order.null,
            Some(value) => value,
            None => return Truth::Maybe,
        };
        let beyond = |place: &Place| self.order.compare(key, id, place);
        let after = self.after.as_ref().map_or(Truth::Yes, |place| truth_of(beyond(place), Ordering::is_gt));
        after.and(|| self.until.as_ref().map_or(Truth::Yes, |place| truth_of(beyond(place), Ordering::is_le)))
    }
}

fn truth_of(order: Option<Ordering>, test: fn(Ordering) -> bool) -> Truth {
    order.map_or(Truth::Maybe, |order| Truth::of(test(order)))
}

impl Order {
    /// Where a row stands beside a place, along this order.
    fn compare(&self, key: &Value, id: &Value, place: &Place) -> Option<Ordering> {
        let order = key.compare(&place.key)?;
        let order = if order.is_eq() { id.compare(&place.id)? } else { order };
        Some(if self.ascending { order } else { order.reverse() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::freshness::Xid;

    fn row(price: i64, place: &str) -> RowValues {
        RowValues::new([("price", Value::from(price)), ("place", Value::from(place))])
    }

    fn updated(id: i64, old: RowValues, new: RowValues) -> Change {
        let happened = Happened::Row { id: id.into(), old: Some(old), new: Some(new) };
        Change { xid: Xid(1), table: "homes".into(), happened }
    }

    fn bracket(least: i64, most: i64) -> Dependency {
        query(
            vec![Condition::Range("price".into(), Some(least.into()), Some(most.into()))],
            None,
            Columns::All,
        )
    }

    fn query(conditions: Vec<Condition>, window: Option<Window>, columns: Columns) -> Dependency {
        Dependency::Query(Query { table: "homes".into(), conditions, window, columns })
    }

    #[test]
    fn a_price_that_moves_touches_the_bracket_it_leaves_and_the_one_it_enters_and_no_third() {
        let moved = updated(7, row(100, "Accra"), row(250, "Accra"));
        let touched = [(0, 99), (100, 199), (200, 299), (300, 399)]
            .map(|(least, most)| bracket(least, most).is_touched_by(&moved));
        assert_eq!(touched, [false, true, true, false]);
    }

    #[test]
    fn a_row_is_touched_by_its_own_changes_and_by_those_of_the_whole_table() {
        let seven = Dependency::Row { table: "homes".into(), id: 7.into() };
        assert!(seven.is_touched_by(&updated(7, row(1, "A"), row(1, "A"))));
        assert!(!seven.is_touched_by(&updated(8, row(1, "A"), row(1, "A"))));
        let whole = |table: &str| Change { xid: Xid(1), table: table.into(), happened: Happened::Table };
        assert!(seven.is_touched_by(&whole("homes")));
        assert!(!seven.is_touched_by(&whole("people")));
    }

    #[test]
    fn a_count_is_touched_only_by_rows_that_come_or_go() {
        let conditions = vec![Condition::EqualsIgnoringAsciiCase("place".into(), "accra".into())];
        let count = query(conditions, None, Columns::Only(Vec::new()));
        assert!(!count.is_touched_by(&updated(7, row(100, "Accra"), row(250, "ACCRA"))));
        assert!(count.is_touched_by(&updated(7, row(100, "Accra"), row(100, "Tema"))));
        assert!(count.is_touched_by(&updated(7, row(100, "Tema"), row(100, "Accra"))));
    }

    #[test]
    fn a_table_of_counts_is_touched_by_a_value_that_it_shows() {
        let by_place = query(Vec::new(), None, Columns::Only(vec!["place".into()]));
        assert!(!by_place.is_touched_by(&updated(7, row(100, "Accra"), row(250, "Accra"))));
        assert!(by_place.is_touched_by(&updated(7, row(100, "Accra"), row(100, "Tema"))));
        let by_colour = query(Vec::new(), None, Columns::Only(vec!["colour".into()]));
        assert!(by_colour.is_touched_by(&updated(7, row(100, "Accra"), row(100, "Accra"))), "not watched");
    }

    fn page(ascending: bool, after: Option<(i64, i64)>, until: Option<(i64, i64)>) -> Dependency {
        let place = |(key, id): (i64, i64)| Place { key: key.into(), id: id.into() };
        let order = Order { column: "price".into(), ascending, null: 1_000_000.into() };
        let window = Window { order, after: after.map(place), until: until.map(place) };
        query(Vec::new(), Some(window), Columns::All)
    }

    #[test]
    fn a_page_is_touched_inside_its_window_only_and_ties_are_broken_by_id() {
        let page = page(true, Some((100, 5)), Some((200, 9)));
        let touched = |id, price| page.is_touched_by(&updated(id, row(price, "A"), row(price, "A")));
        let expected = [
            (5, 100, false),
            (6, 100, true),
            (1, 150, true),
            (9, 200, true),
            (10, 200, false),
            (1, 201, false),
        ];
        for (id, price, expectation) in expected {
            assert_eq!(touched(id, price), expectation, "{price} {id}");
        }
    }

    #[test]
    fn a_descending_page_runs_the_other_way() {
        let page = page(false, Some((200, 5)), Some((100, 9)));
        let touched = |id, price| page.is_touched_by(&updated(id, row(price, "A"), row(price, "A")));
        for (id, price, expectation) in [(6, 200, false), (4, 200, true), (9, 100, true), (8, 100, false)] {
            assert_eq!(touched(id, price), expectation, "{price} {id}");
        }
    }

    #[test]
    fn a_row_without_a_value_is_in_no_range_and_stands_where_the_order_puts_it() {
        let without = RowValues::new([("price", Value::Null)]);
        let change = updated(7, without.clone(), without);
        assert!(!bracket(0, 2_000_000).is_touched_by(&change));
        assert!(page(true, Some((500, 0)), None).is_touched_by(&change));
        assert!(!page(true, None, Some((500, 0))).is_touched_by(&change));
    }

    #[test]
    fn what_cannot_be_decided_may_be_so() {
        let of_words = query(vec![Condition::Undecidable], None, Columns::Only(Vec::new()));
        assert!(of_words.is_touched_by(&updated(7, row(1, "A"), row(1, "A"))));
        let narrowed = query(
            vec![Condition::Undecidable, Condition::Equals("place".into(), "Tema".into())],
            None,
            Columns::All,
        );
        assert!(!narrowed.is_touched_by(&updated(7, row(1, "A"), row(1, "A"))));
        let either = query(
            vec![Condition::AnyOf(vec![
                Condition::Range("price".into(), Some(5.into()), None),
                Condition::Range("price".into(), None, Some(2.into())),
            ])],
            None,
            Columns::All,
        );
        let touched =
            [1, 3, 7].map(|price| either.is_touched_by(&updated(7, row(price, "A"), row(price, "A"))));
        assert_eq!(touched, [true, false, true]);
    }
}
