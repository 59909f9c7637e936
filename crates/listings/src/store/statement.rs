//! From a search to SQL with binds: pure, and the same for both databases but for the words of their [`Dialect`].

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::{Dialect, dialect::SortKey};
use crate::Search;
use crate::search::{BoundingBox, Position, Sort};

/// One SQL statement and the values of its placeholders `$1`, `$2`, …
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The text; made of literals of this crate and placeholders only, never of anything that somebody sent.
    pub sql: String,
    /// The values, in the order of the placeholders.
    pub binds: Vec<Bind>,
}

/// The value of a placeholder.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is the SQL type of its name")]
pub enum Bind {
    Text(String),
    Integer(i64),
    Float(f64),
    Decimal(Decimal),
    Timestamp(DateTime<Utc>),
    Bytes(Vec<u8>),
}

impl From<&str> for Bind {
    fn from(text: &str) -> Bind {
        Bind::Text(text.to_owned())
    }
}

impl From<i64> for Bind {
    fn from(number: i64) -> Bind {
        Bind::Integer(number)
    }
}

impl From<i32> for Bind {
    fn from(number: i32) -> Bind {
        Bind::Integer(number.into())
    }
}

impl From<f64> for Bind {
    fn from(number: f64) -> Bind {
        Bind::Float(number)
    }
}

impl Statement {
    /// A statement without binds.
    #[must_use]
    pub fn fixed(sql: &str) -> Statement {
        Statement { sql: sql.to_owned(), binds: Vec::new() }
    }

    fn push(&mut self, sql: &str) -> &mut Statement {
        self.sql.push_str(sql);
        self
    }

    fn bind(&mut self, value: impl Into<Bind>) -> &mut Statement {
        self.binds.push(value.into());
        let placeholder = format!("${}", self.binds.len());
        self.push(&placeholder)
    }
}

/// The listings of one page, and one more if there is one: that tells whether another page follows.
#[must_use]
pub fn page(dialect: &Dialect, search: &Search) -> Statement {
    let mut statement =
        Statement::fixed(&format!("select {} from properties_property where ", dialect.columns));
    filter(&mut statement, dialect, search);
    keyset(&mut statement, dialect, search);
    order(&mut statement, dialect, search.sort);
    statement.push(" limit ").bind(i64::from(search.limit) + 1);
    statement
}

/// The listing of an id, whatever its status.
#[must_use]
pub fn by_id(dialect: &Dialect, id: i64) -> Statement {
    let mut statement =
        Statement::fixed(&format!("select {} from properties_property where id = ", dialect.columns));
    statement.bind(id);
    statement
}

/// A statement that begins with `verb`, which ends in `where` or `and`, over all that matches.
#[must_use]
pub fn matching(verb: &str, dialect: &Dialect, search: &Search) -> Statement {
    let mut statement = Statement::fixed(verb);
    filter(&mut statement, dialect, search);
    statement
}

/// What PostgreSQL expects of reading all that matches; the first line has `rows=`.
#[must_use]
pub fn explained(dialect: &Dialect, search: &Search) -> Statement {
    matching("explain select from properties_property where ", dialect, search)
}

/// How many listings match, counted up to `most`, and the time of the oldest that was counted; columns: number, time.
#[must_use]
pub fn count(dialect: &Dialect, search: &Search, most: i64) -> Statement {
    let mut statement = Statement::fixed("select count(*), min(created_at) from (");
    newest(&mut statement, dialect, search, "created_at", most);
    statement.push(") as matching");
    statement
}

/// How the newest `most` matches divide by each of `columns`, at most 50 values of each, most frequent first; and how many
/// they are, under the name `listings`, with the time of the oldest. Columns: text, text, number, time.
#[must_use]
pub fn tally(dialect: &Dialect, search: &Search, columns: &[&'static str], most: i64) -> Statement {
    let mut statement = Statement::fixed("with newest as materialized (");
    newest(&mut statement, dialect, search, "kind, location, bedrooms, created_at", most);
    statement.push(
        ") select 'listings' as facet, '' as value, count(*) as listings, min(created_at) as oldest from newest",
    );
    for column in columns {
        statement.push(&format!(
            " union all select * from (select '{column}', cast({column} as text), count(*), \
             cast(null as timestamptz) from newest where {column} is not null group by {column} order by count(*) desc, {column} limit 50) as by_{column}"
        ));
    }
    statement
}

/// Id and time of the last change of active listings above an id, in order of id.
#[must_use]
pub fn active_after(id: i64, most: i64) -> Statement {
    let mut statement = Statement::fixed(
        "select cast(id as bigint), updated_at from properties_property where status = 'active' and id > ",
    );
    statement.bind(id).push(" order by id limit ").bind(most);
    statement
}

/// The id of the active listing that comes after `step` others above an id; no row where there is none.
#[must_use]
pub fn active_step(id: i64, step: i64) -> Statement {
    let mut statement = Statement::fixed(
        "select cast(id as bigint) from properties_property where status = 'active' and id > ",
    );
    statement.bind(id).push(" order by id limit 1 offset ").bind(step);
    statement
}

/// The newest matches, so that an index gives them in order and the work is bounded however many match.
fn newest(statement: &mut Statement, dialect: &Dialect, search: &Search, columns: &str, most: i64) {
    statement.push(&format!("select {columns} from properties_property where "));
    filter(statement, dialect, search);
    order(statement, dialect, Sort::Newest);
    statement.push(" limit ").bind(most);
}

/// What the rows meet; said a second time, for changes, by [`super::dependency`]: the two must mean the same.
fn filter(statement: &mut Statement, dialect: &Dialect, search: &Search) {
    statement.push("status = ").bind(search.status.name());
    if let Some(location) = &search.location {
        statement.push(" and ").push(dialect.location).push(" = ").bind(location.as_str());
    }
    if let Some(kind) = search.kind {
        statement.push(" and kind = ").bind(kind.name());
    }
    let price = (search.min_price.map(dialect.money), search.max_price.map(dialect.money));
    range(statement, &dialect.price, search.sort == Sort::Cheapest, price);
    let area = (search.min_area.map(Bind::from), search.max_area.map(Bind::from));
    range(statement, &dialect.floor_area, search.sort == Sort::Smallest, area);
    for (condition, number) in [
        (" and bedrooms >= ", search.min_bedrooms),
        (" and bedrooms <= ", search.max_bedrooms),
        (" and bathrooms >= ", search.min_bathrooms),
    ] {
        if let Some(number) = number {
            statement.push(condition).bind(number);
        }
    }
    if let Some(bbox) = &search.bbox {
        inside(statement, bbox);
    }
    if let Some(terms) = &search.q {
        let (before, after) = dialect.text;
        statement.push(" and ").push(before).bind(Bind::Text((dialect.terms)(terms))).push(after);
    }
}

/// A range over the expression that the list is sorted by, if it is, so that one index walk serves both; the open side
/// is closed by what stands for null.
fn range(
    statement: &mut Statement,
    key: &SortKey,
    ascending: bool,
    (least, most): (Option<Bind>, Option<Bind>),
) {
    if least.is_none() && most.is_none() {
        return;
    }
    let expression = key.expression(ascending);
    statement.push(" and ").push(expression);
    match least {
        Some(least) => statement.push(" >= ").bind(least),
        None => statement.push(" >= 0"),
    };
    statement.push(" and ").push(expression);
    match most {
        Some(most) => statement.push(" <= ").bind(most),
        None => statement.push(" < ").push(key.above_all),
    };
}

fn inside(statement: &mut Statement, bbox: &BoundingBox) {
    statement.push(" and latitude between ").bind(bbox.south).push(" and ").bind(bbox.north);
    if bbox.crosses_antimeridian() {
        statement
            .push(" and (longitude >= ")
            .bind(bbox.west)
            .push(" or longitude <= ")
            .bind(bbox.east)
            .push(")");
    } else {
        statement.push(" and longitude between ").bind(bbox.west).push(" and ").bind(bbox.east);
    }
}

fn keyset(statement: &mut Statement, dialect: &Dialect, search: &Search) {
    let Some(position) = search.after else { return };
    let comparison = if search.sort.is_ascending() { ">" } else { "<" };
    if search.sort == Sort::Id {
        statement.push(" and id > ").bind(position.id);
        return;
    }
    statement.push(&format!(" and ({}, id) {comparison} (", dialect.sort_key(search.sort)));
    statement.bind(key(dialect, search.sort, position)).push(", ").bind(position.id).push(")");
}

/// The key of a place as it is bound.
pub(super) fn key(dialect: &Dialect, sort: Sort, position: Position) -> Bind {
    match sort {
        Sort::Newest | Sort::Oldest => (dialect.time)(position.time().unwrap_or_default()),
        Sort::Cheapest | Sort::Dearest => (dialect.money)(crate::Price::from_cents(position.key)),
        Sort::Smallest | Sort::Largest | Sort::Id => Bind::Integer(position.key),
    }
}

fn order(statement: &mut Statement, dialect: &Dialect, sort: Sort) {
    let direction = if sort.is_ascending() { "asc" } else { "desc" };
    let key = dialect.sort_key(sort);
    if sort == Sort::Id {
        statement.push(" order by id");
    } else {
        statement.push(&format!(" order by {key} {direction}, id {direction}"));
    }
}
