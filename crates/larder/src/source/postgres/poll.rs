//! The one statement of a poll, and what its answer says.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

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
    let reported: Vec<Reported<'_>> = serde_json::from_str(list.unwrap_or("[]")).map_err(senseless)?;
    let mut tables = HashMap::new();
    let changes = reported.into_iter().map(|reported| reported.into_change(&mut tables));
    changes.collect::<Result<_, _>>().map(PolledChanges::All)
}

/// Transaction, relation, id, old and new. As raw JSON, because a number that goes through a floating-point one is rounded.
#[derive(serde::Deserialize)]
struct Reported<'a>(
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Option<&'a RawValue>,
    #[serde(borrow)] Option<&'a RawValue>,
    #[serde(borrow)] Option<&'a RawValue>,
);

impl Reported<'_> {
    fn into_change(self, tables: &mut HashMap<String, Arc<str>>) -> Result<Change, SourceError> {
        let Reported(transaction, relation, id, old, new) = self;
        let table = tables.entry(relation.into_owned()).or_insert_with_key(|name| name.as_str().into());
        let happened = match id.map(Value::of_raw_json) {
            // What names no row of which we could say whether it is the one that somebody read.
            None | Some(Value::Null | Value::Unknown) => Happened::Table,
            Some(id) => Happened::Row { id, old: row_values(old)?, new: row_values(new)? },
        };
        Ok(Change { xid: xid(&transaction)?, table: Arc::clone(table), happened })
    }
}

fn row_values(json: Option<&RawValue>) -> Result<Option<RowValues>, SourceError> {
    json.map(|json| RowValues::of_raw_json(json).ok_or_else(|| senseless("a row that is no object")))
        .transpose()
}

fn xid(text: &str) -> Result<Xid, SourceError> {
    text.parse().map(Xid).map_err(senseless)
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` calls it")]
fn senseless(what: impl ToString) -> SourceError {
    SourceError::Senseless(what.to_string())
}
