//! One look at the file: what happened, all of one moment.

use sqlx::SqliteConnection;

use crate::freshness::{Change, Happened, PolledChanges, RowValues, Snapshot, Value, Xid};
use crate::source::SourceError;

/// Beyond, everything kept is given up: that costs less than to carry and compare so many.
const MOST_CHANGES: i64 = 20_000;

/// Where things stand in the file.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct State {
    pub(super) id: String,
    pub(super) floor: i64,
    /// `PRAGMA schema_version`: another one after every change of the schema.
    pub(super) schema: i64,
    /// The last change; none where somebody has emptied the table.
    pub(super) last: Option<i64>,
    pub(super) mark: Option<i64>,
    known_mark: Option<i64>,
}

impl State {
    /// Where things stand, and whether the change `known` is the same as ever.
    pub(super) async fn read(
        connection: &mut SqliteConnection,
        known: Option<&State>,
    ) -> Result<State, SourceError> {
        let known = known.and_then(|known| known.last);
        let state: Option<State> =
            sqlx::query_as(include_str!("state.sql")).bind(known).fetch_optional(connection).await?;
        state.ok_or_else(|| SourceError::Senseless("larder_state has no row".to_owned()))
    }

    /// Whether this is a later state of the same history, and not of a copy that went another way. A change that was
    /// deleted meanwhile cannot say so.
    pub(super) fn continues(&self, known: &State) -> bool {
        self.last.is_some() && self.known_mark.is_some() && self.known_mark == known.mark
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot::up_to(self.newest().0)
    }

    /// The number of the last change.
    pub(super) fn newest(&self) -> Xid {
        number(self.last.unwrap_or(0))
    }

    pub(super) fn floor(&self) -> Xid {
        number(self.floor)
    }
}

/// The changes up to `state` that `seen` did not see.
pub(super) async fn changes(
    connection: &mut SqliteConnection,
    state: &State,
    seen: Option<&Snapshot>,
) -> Result<PolledChanges, SourceError> {
    let Some(seen) = seen else { return Ok(PolledChanges::All(Vec::new())) };
    if seen.xmax() < state.floor() {
        return Ok(PolledChanges::TooMany);
    }
    let rows: Vec<Row> = sqlx::query_as(include_str!("changes.sql"))
        .bind(i64::try_from(seen.xmax().0).unwrap_or(i64::MAX))
        .bind(state.last)
        .bind(MOST_CHANGES + 1)
        .fetch_all(connection)
        .await?;
    if rows.len() as u64 > MOST_CHANGES.unsigned_abs() {
        return Ok(PolledChanges::TooMany);
    }
    Ok(PolledChanges::All(rows.into_iter().map(Row::change).collect()))
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    relation: String,
    integer_id: Option<i64>,
    text_id: Option<Vec<u8>>,
    old: Option<Vec<u8>>,
    new: Option<Vec<u8>>,
}

impl Row {
    fn change(self) -> Change {
        let id = match (self.integer_id, self.text_id) {
            (Some(id), _) => Some(Value::from(id)),
            (None, Some(text)) => String::from_utf8(text).ok().map(|text| Value::Text(text.into())),
            (None, None) => None,
        };
        let (old, new) = (self.old.map(|json| values(&json)), self.new.map(|json| values(&json)));
        // A key that is a blob, a fraction, null or no UTF-8 is one that a dependency cannot name.
        let happened = id.map_or(Happened::Table, |id| Happened::Row { id, old, new });
        Change { xid: number(self.number), table: self.relation.into(), happened }
    }
}

/// The values of a row; none at all where a text in it is no UTF-8, so that every condition may hold for it.
fn values(json: &[u8]) -> RowValues {
    serde_json::from_slice(json).ok().as_ref().and_then(RowValues::of_json).unwrap_or_default()
}

fn number(number: i64) -> Xid {
    Xid(u64::try_from(number).unwrap_or(0))
}
