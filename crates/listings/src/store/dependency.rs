//! What an answer depends on: the filter, order and stretch of a search, in the words in which changes are told.
//!
//! Every condition here is one of [`super::statement`], said a second time, and must hold for the same rows. One that holds
//! for more is not merely careless: a row that moves within what it wrongly holds for would leave a count as it is.

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use larder::freshness::{Columns, Condition, Dependency, Order, Place, Query, Value, Window};
use rust_decimal::Decimal;

use super::{Bind, Dialect, statement};
use crate::search::{BoundingBox, Position, Sort, Terms};
use crate::{Price, Property, Search, Status};

/// The table of listings, as its watch names it.
pub(crate) const TABLE: &str = "properties_property";

static SHARED_TABLE: LazyLock<Arc<str>> = LazyLock::new(|| TABLE.into());

/// What was read of a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageRead<'a> {
    /// The listings on the page.
    pub(crate) shown: &'a [Property],
    /// The one after them, which only says that another page follows.
    pub(crate) beyond: Option<&'a Property>,
}

/// What a page depends on: the rows from its beginning to its last one, and that the one beyond stays where it is. Whatever
/// comes in between those two, or after them, leaves the page as it is.
pub(crate) fn of_page(dialect: &Dialect, search: &Search, read: PageRead<'_>) -> Vec<Dependency> {
    let stretch = |after, until| Window { order: order(dialect, search), after, until };
    let after = search.after.map(|position| place(dialect, search, position));
    let until = read.beyond.and(read.shown.last()).and_then(|last| end(dialect, search, last));
    let beyond = read.beyond.map(|beyond| {
        let here = Position::of(beyond, search.sort);
        let window = stretch(Some(just_before(dialect, search, here)), Some(place(dialect, search, here)));
        query(dialect, search, Some(window), nothing_shown())
    });
    let shown = query(dialect, search, Some(stretch(after, until)), Columns::All);
    std::iter::once(shown).chain(beyond).collect()
}

/// What the answer to an id depends on, found or not.
pub(crate) fn of_id(id: i64) -> Dependency {
    Dependency::Row { table: Arc::clone(&SHARED_TABLE), id: id.into() }
}

/// What a count depends on; `oldest` is as for [`of_newest`]. Where counting stopped, it only says that there are so many.
pub(crate) fn of_count(dialect: &Dialect, search: &Search, oldest: Option<DateTime<Utc>>) -> Dependency {
    let columns = if oldest.is_some() { Columns::AtLeast } else { nothing_shown() };
    newest(dialect, search, columns, oldest)
}

/// What a count depends on, and what the values of `columns` do that were counted with it: the rows that match, and where
/// counting stopped, only those since `oldest`, the time of the last one that was counted.
pub(crate) fn of_newest(
    dialect: &Dialect,
    search: &Search,
    columns: &[&'static str],
    oldest: Option<DateTime<Utc>>,
) -> Dependency {
    newest(dialect, search, Columns::Only(columns.iter().map(|&column| column.into()).collect()), oldest)
}

fn newest(dialect: &Dialect, search: &Search, columns: Columns, oldest: Option<DateTime<Utc>>) -> Dependency {
    let by_time = Search { sort: Sort::Newest, ..search.clone() };
    let window = oldest.map(|oldest| {
        // Before all ids, so that it holds for every row of that time: which of them was the last was not asked.
        let until = place(dialect, &by_time, Position { key: oldest.timestamp_micros(), id: i64::MIN });
        Window { order: order(dialect, &by_time), after: None, until: Some(until) }
    });
    query(dialect, search, window, columns)
}

/// What a stretch of the active listings in order of id depends on: those above `after`, up to `until` where it was the last
/// that was asked for.
pub(crate) fn of_active(dialect: &Dialect, after: i64, until: Option<i64>, columns: Columns) -> Dependency {
    let search = Search { sort: Sort::Id, status: Status::Active, ..Search::default() };
    let at = |id| place(dialect, &search, Position { key: id, id });
    let window = Window { order: order(dialect, &search), after: Some(at(after)), until: until.map(at) };
    query(dialect, &search, Some(window), columns)
}

/// Where rows are only counted, or are just there.
pub(crate) fn nothing_shown() -> Columns {
    Columns::Only(Vec::new())
}

fn query(dialect: &Dialect, search: &Search, window: Option<Window>, columns: Columns) -> Dependency {
    let conditions = conditions(dialect, search);
    Dependency::Query(Query { table: Arc::clone(&SHARED_TABLE), conditions, window, columns })
}

fn conditions(dialect: &Dialect, search: &Search) -> Vec<Condition> {
    let mut conditions = vec![equals("status", search.status.name())];
    conditions.extend(
        search
            .location
            .as_ref()
            .map(|location| Condition::EqualsIgnoringAsciiCase("location".into(), location.as_str().into())),
    );
    conditions.extend(search.kind.map(|kind| equals("kind", kind.name())));
    let money = |price: Price| Value::from((dialect.money)(price));
    let (min_price, max_price) = (search.min_price.map(money), search.max_price.map(money));
    conditions.extend(range_from_nothing(dialect.price_column, min_price, max_price));
    let (min_area, max_area) = (search.min_area.map(Value::from), search.max_area.map(Value::from));
    conditions.extend(range_from_nothing("floor_area", min_area, max_area));
    let (min_bedrooms, max_bedrooms) = (search.min_bedrooms, search.max_bedrooms);
    conditions.extend(range("bedrooms", min_bedrooms.map(Value::from), max_bedrooms.map(Value::from)));
    conditions.extend(range("bathrooms", search.min_bathrooms.map(Value::from), None));
    conditions.extend(search.bbox.iter().flat_map(inside));
    conditions.extend(search.q.iter().flat_map(|terms| words(dialect, terms)));
    conditions
}

/// What the database says of words; of one that it may take apart by rules of its own, nothing is known.
fn words(dialect: &Dialect, terms: &Terms) -> Vec<Condition> {
    let Some(column) = dialect.words_column else { return vec![Condition::Undecidable] };
    let is_plain = |word: &&String| {
        word.starts_with(|first: char| first.is_ascii_alphabetic())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let (plain, other): (Vec<_>, Vec<_>) = terms.words().iter().partition(is_plain);
    let plain = plain.into_iter().map(|word| word.as_str().into()).collect();
    std::iter::once(Condition::Words(column.into(), plain))
        .chain((!other.is_empty()).then_some(Condition::Undecidable))
        .collect()
}

fn equals(column: &str, value: &str) -> Condition {
    Condition::Equals(column.into(), value.into())
}

fn range(column: &str, least: Option<Value>, most: Option<Value>) -> Option<Condition> {
    (least.is_some() || most.is_some()).then(|| Condition::Range(column.into(), least, most))
}

/// A range that 0 closes below, as it does in the statement.
fn range_from_nothing(column: &str, least: Option<Value>, most: Option<Value>) -> Option<Condition> {
    range(column, least, most).map(|range| match range {
        Condition::Range(column, None, most) => Condition::Range(column, Some(0.into()), most),
        closed => closed,
    })
}

/// Degrees, a tenth of a millimetre: so near an edge, a change cannot tell on which side of it a listing is. It may tell the
/// coordinate rounded: SQLite writes 15 digits of it into JSON.
const EDGE: f64 = 1e-9;

fn inside(bbox: &BoundingBox) -> impl Iterator<Item = Condition> {
    let longitudes = if bbox.crosses_antimeridian() {
        vec![(Some(bbox.west), None), (None, Some(bbox.east))]
    } else {
        vec![(Some(bbox.west), Some(bbox.east))]
    };
    let latitudes = vec![(Some(bbox.south), Some(bbox.north))];
    [("latitude", latitudes), ("longitude", longitudes)]
        .into_iter()
        .flat_map(|(column, ranges)| [reached(column, &ranges, EDGE), surely_reached(column, &ranges)])
}

type Degrees = (Option<f64>, Option<f64>);

/// At least one of the ranges, each grown by `margin`, holds the column.
fn reached(column: &str, ranges: &[Degrees], margin: f64) -> Condition {
    let degrees = |edge: Option<f64>, margin: f64| edge.map(|edge| Value::from(edge + margin));
    let grown = ranges.iter().map(|&(least, most)| {
        Condition::Range(column.into(), degrees(least, -margin), degrees(most, margin))
    });
    Condition::AnyOf(grown.collect())
}

/// So well within them that rounding does not matter; else it may be.
fn surely_reached(column: &str, ranges: &[Degrees]) -> Condition {
    Condition::AnyOf(vec![reached(column, ranges, -EDGE), Condition::Undecidable])
}

fn order(dialect: &Dialect, search: &Search) -> Order {
    let sort = search.sort;
    let nothing = Position { key: Position::key_of_none(sort), id: 0 };
    let null = match sort {
        Sort::Cheapest | Sort::Dearest | Sort::Smallest | Sort::Largest => key(dialect, search, nothing),
        // Columns that are never null.
        Sort::Newest | Sort::Oldest | Sort::Id => Value::Null,
    };
    Order { column: dialect.sort_column(sort).into(), ascending: sort.is_ascending(), null }
}

fn place(dialect: &Dialect, search: &Search, position: Position) -> Place {
    Place { key: key(dialect, search, position), id: position.id.into() }
}

fn key(dialect: &Dialect, search: &Search, position: Position) -> Value {
    match search.sort {
        Sort::Id => search.status.name().into(),
        sort => statement::key(dialect, sort, position).into(),
    }
}

/// The place after which that of `position` is the next. Counted in decimals, so that no id is too large for it.
fn just_before(dialect: &Dialect, search: &Search, position: Position) -> Place {
    let step = if search.sort.is_ascending() { -Decimal::ONE } else { Decimal::ONE };
    Place { key: key(dialect, search, position), id: (Decimal::from(position.id) + step).into() }
}

/// Where a page ends; `None`, and so nowhere, where its last price is none: in PostgreSQL it may be `NaN`, which is shown
/// like none but stands elsewhere in the order.
fn end(dialect: &Dialect, search: &Search, last: &Property) -> Option<Place> {
    let is_by_price = matches!(search.sort, Sort::Cheapest | Sort::Dearest);
    let is_sure = !is_by_price || last.price.is_some();
    is_sure.then(|| place(dialect, search, Position::of(last, search.sort)))
}

/// As a change tells the value that is bound so.
impl From<Bind> for Value {
    fn from(bind: Bind) -> Value {
        match bind {
            Bind::Text(text) => text.as_str().into(),
            Bind::Integer(number) => number.into(),
            Bind::Float(number) => number.into(),
            Bind::Decimal(number) => number.into(),
            Bind::Timestamp(time) => time.timestamp_micros().into(),
            // No search is for bytes.
            Bind::Bytes(_) => Value::Null,
        }
    }
}
