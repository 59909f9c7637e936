//! The one statement of a poll, and what its answer says.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::value::RawValue;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::super::SourceError;
use crate::freshness::{Change, Happened, Poll, PolledChanges, RowValues, Snapshot, Value, Xid};
use crate::incarnation::Incarnation;

/// How many changes a poll carries.
const MOST_CHANGES: u32 = 20_000;

/// What a poll found.
pub(super) enum Answer {
    Poll(Poll),
    /// A crash or a restore took the epoch.
    NoEpoch,
}

/// The statement that asks what happened since `seen`; with `None`, only where things stand.
pub(super) fn statement(seen: Option<&Snapshot>) -> String {
    let (xmax, xip) = seen.map_or(("null".into(), String::new()), |seen| {
        let xip: Vec<String> = seen.xip().iter().map(|xid| xid.0.to_string()).collect();
        (format!("'{}'", seen.xmax().0), xip.join(","))
    });
    format!(
        "select incarnation, snapshot, floor, number::text, changes \
         from larder.poll({xmax}::xid8, '{{{xip}}}'::xid8[], {MOST_CHANGES})"
    )
}

/// What the row of a poll says.
pub(super) fn answer(row: &PgRow) -> Result<Answer, SourceError> {
    let Some(incarnation) = row.try_get::<Option<&str>, _>(0)? else { return Ok(Answer::NoEpoch) };
    let snapshot: &str = row.try_get(1)?;
    let number: &str = row.try_get(3)?;
    Ok(Answer::Poll(Poll {
        incarnation: Incarnation::of([incarnation]),
        snapshot: snapshot.parse().map_err(senseless)?,
        floor: xid(row.try_get(2)?)?,
        changes: changes(number.parse().map_err(senseless)?, row.try_get(4)?)?,
    }))
}

fn changes(number: u32, list: Option<&str>) -> Result<PolledChanges, SourceError> {
    if number > MOST_CHANGES {
        return Ok(PolledChanges::TooMany);
    }
    let Some(list) = list else { return Ok(PolledChanges::All(Vec::new())) };
    let Told(layouts, reported) = serde_json::from_str(list).map_err(senseless)?;
    let mut tables = HashMap::new();
    let mut changes = Vec::with_capacity(reported.len());
    for reported in reported {
        let layout = layouts.get(&*reported.1);
        let table = tables.entry(reported.1.clone()).or_insert_with_key(|name| Arc::from(&**name));
        let (xid, table) = (xid(&reported.0)?, Arc::clone(table));
        let happened = reported.happened(layout);
        changes.extend(happened.map(|happened| Change { xid, table: Arc::clone(&table), happened }));
    }
    Ok(PolledChanges::All(changes))
}

/// The watched tables, and what changed.
#[derive(serde::Deserialize)]
struct Told<'a>(#[serde(borrow)] HashMap<Cow<'a, str>, Layout>, #[serde(borrow)] Vec<Reported<'a>>);

/// The watched columns of a table in the order in which a row has them, and those whose values are in seconds.
#[derive(serde::Deserialize)]
struct Layout(Vec<Box<str>>, Vec<Box<str>>);

impl Layout {
    /// The primary key and the values; `None` where the row has another layout.
    fn row(&self, values: &[&RawValue]) -> Option<(Value, RowValues)> {
        let Layout(names, seconds) = self;
        let (id, values) = values.split_first()?;
        if values.len() != names.len() {
            return None;
        }
        let values = names.iter().zip(values).map(|(name, value)| {
            let value = Value::of_raw_json(value);
            (name.clone(), if seconds.contains(name) { in_microseconds(value) } else { value })
        });
        Some((Value::of_raw_json(id), RowValues::new(values)))
    }
}

/// Transaction, relation, the row before and after. As raw JSON, because a number that goes through a floating-point one is
/// rounded.
#[derive(serde::Deserialize)]
struct Reported<'a>(
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Option<Vec<&'a RawValue>>,
    #[serde(borrow)] Option<Vec<&'a RawValue>>,
);

impl Reported<'_> {
    /// A row whose primary key changed is a row less and a row more.
    fn happened(self, layout: Option<&Layout>) -> impl Iterator<Item = Happened> {
        let Reported(_, _, old, new) = self;
        let row = |values: Option<Vec<&RawValue>>| layout?.row(&values?);
        let happened = match (row(old), row(new)) {
            (Some((Value::Null, _)), Some((id, new))) if is_known(&id) => [Some(inserted(id, new)), None],
            (Some((id, old)), Some((Value::Null, _))) if is_known(&id) => [Some(deleted(id, old)), None],
            (Some((before, old)), Some((id, new))) if is_known(&before) && is_known(&id) => {
                if before == id {
                    [Some(Happened::Row { id, old: Some(old), new: Some(new) }), None]
                } else {
                    [Some(deleted(before, old)), Some(inserted(id, new))]
                }
            }
            // What names no row of which we could say whether it is the one that somebody read.
            _ => [Some(Happened::Table), None],
        };
        happened.into_iter().flatten()
    }
}

fn inserted(id: Value, new: RowValues) -> Happened {
    Happened::Row { id, old: None, new: Some(new) }
}

fn deleted(id: Value, old: RowValues) -> Happened {
    Happened::Row { id, old: Some(old), new: None }
}

fn is_known(id: &Value) -> bool {
    !matches!(id, Value::Null | Value::Unknown)
}

/// Infinity is a text, and stays one.
fn in_microseconds(value: Value) -> Value {
    match value {
        Value::Number(seconds) => seconds
            .checked_mul(Decimal::from(1_000_000))
            .map_or(Value::Unknown, |micros| Value::Number(micros.normalize())),
        other => other,
    }
}

fn xid(text: &str) -> Result<Xid, SourceError> {
    text.parse().map(Xid).map_err(senseless)
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` calls it")]
fn senseless(what: impl ToString) -> SourceError {
    SourceError::Senseless(what.to_string())
}
