//! What was done to listings, by whom, and from where: triggers write it, whoever it was.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::store::writing::Writing;
use crate::store::{Bind, Statement};
use crate::{Draft, Kind, Property, Status, Store, StoreError};

/// One thing that was done to one listing.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// In the order in which things were written down.
    pub id: i64,
    /// The version that it made; of a deletion the last that there was.
    pub version: i64,
    /// What was done.
    pub action: Action,
    /// When.
    pub at: DateTime<Utc>,
    /// A user's name, or the database's role where another program wrote; empty where SQLite knows of nobody.
    pub author: String,
    /// From where: `admin`, `api`, `import`, or the name by which another program calls itself.
    pub origin: String,
    /// The transaction, where the database numbers them.
    pub number: Option<String>,
    /// Each field that became another, with its value before and after. Prices are decimals with two places.
    pub changes: BTreeMap<String, (Value, Value)>,
}

/// What was done to a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It came.
    Created,
    /// Some of its fields became others.
    Changed,
    /// It went. Its changes are the values that were there.
    Deleted,
}

impl Action {
    fn named(name: &str) -> Option<Action> {
        match name {
            "created" => Some(Action::Created),
            "changed" => Some(Action::Changed),
            "deleted" => Some(Action::Deleted),
            _ => None,
        }
    }
}

type EventRow = (i64, i64, String, String, DateTime<Utc>, String, String, Option<String>);

const COLUMNS: &str =
    "cast(id as bigint), cast(version as bigint), action, cast(changes as text), at, author, origin, number";

impl Store {
    /// At most `most` of what was done to a listing, the latest first, from before the event `before` where that is given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn history(&self, id: i64, before: Option<i64>, most: i64) -> Result<Vec<Event>, StoreError> {
        let rows = self.fetch::<EventRow>(latest(id, before.unwrap_or(i64::MAX), most)).await?;
        Ok(rows.into_iter().filter_map(event).collect())
    }

    /// A listing as it was at a version; `None` where its history does not reach back to it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn at_version(&self, property: &Property, version: i64) -> Result<Option<Draft>, StoreError> {
        if !(1..=property.version).contains(&version) {
            return Ok(None);
        }
        let rows = self.fetch::<EventRow>(since(property.id, version)).await?;
        Ok(walk_back(property, version, rows.into_iter().filter_map(event)))
    }
}

impl Writing {
    /// [`Store::at_version`], within this transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn at_version(
        &mut self,
        property: &Property,
        version: i64,
    ) -> Result<Option<Draft>, StoreError> {
        if !(1..=property.version).contains(&version) {
            return Ok(None);
        }
        let rows = self.fetch::<EventRow>(since(property.id, version)).await?;
        Ok(walk_back(property, version, rows.into_iter().filter_map(event)))
    }
}

fn latest(id: i64, before: i64, most: i64) -> Statement {
    let sql = format!(
        "select {COLUMNS} from gable_history where property_id = $1 and id < $2 order by id desc limit $3"
    );
    Statement { sql, binds: vec![Bind::from(id), before.into(), most.into()] }
}

/// What made every version after that one, the latest first.
fn since(id: i64, version: i64) -> Statement {
    let sql = format!(
        "select {COLUMNS} from gable_history where property_id = $1 and version > $2 order by id desc"
    );
    Statement { sql, binds: vec![Bind::from(id), version.into()] }
}

fn event(row: EventRow) -> Option<Event> {
    let (id, version, action, changes, at, author, origin, number) = row;
    let action = Action::named(&action)?;
    let changes = serde_json::from_str(&changes).ok()?;
    Some(Event { id, version, action, at, author, origin, number, changes: told(action, changes) })
}

/// Of a deletion, the values that were there have none after them.
fn told(action: Action, changes: BTreeMap<String, Value>) -> BTreeMap<String, (Value, Value)> {
    let pair = |value: Value| match (action, value) {
        (Action::Changed, Value::Array(pair)) => {
            <[Value; 2]>::try_from(pair).ok().map(|[old, new]| (old, new))
        }
        (Action::Deleted, value) => Some((value, Value::Null)),
        _ => None,
    };
    changes.into_iter().filter_map(|(field, value)| Some((field, pair(value)?))).collect()
}

/// From what a listing is to what it was, change by change. `None` where the changes do not lead there without a gap: somebody
/// may have set the version by hand, or changed the listing before there was a history.
fn walk_back(property: &Property, version: i64, events: impl Iterator<Item = Event>) -> Option<Draft> {
    let mut draft = Draft::from(property);
    let mut reached = property.version;
    for event in events {
        if event.action != Action::Changed || event.version != reached {
            return None;
        }
        for (field, (before, _)) in &event.changes {
            set(&mut draft, field, before)?;
        }
        reached -= 1;
    }
    (reached == version).then_some(draft)
}

/// Puts a value of the history into a draft; `None` where it is none that the field can have.
fn set(draft: &mut Draft, field: &str, value: &Value) -> Option<()> {
    let text = || value.as_str().map(str::to_owned);
    let whole = || if value.is_null() { Some(None) } else { value.as_i64()?.try_into().ok().map(Some) };
    // SQLite tells them as texts, with all their digits.
    let degrees = || match value {
        Value::Null => Some(None),
        Value::String(digits) => digits.parse().ok().map(Some),
        number => number.as_f64().map(Some),
    };
    match field {
        "title" => draft.title = text()?,
        "description" => draft.description = text()?,
        "location" => draft.location = text()?,
        "price" => draft.price = text(),
        "status" => draft.status = Status::named(value.as_str()?)?,
        "kind" => draft.kind = Some(Kind::named(value.as_str()?)?),
        "bedrooms" => draft.bedrooms = whole()?,
        "bathrooms" => draft.bathrooms = whole()?,
        "floor_area" => draft.floor_area = whole()?,
        "latitude" => draft.latitude = degrees()?,
        "longitude" => draft.longitude = degrees()?,
        "created_at" => draft.created_at = value.as_str()?.parse().ok(),
        _ => return None,
    }
    Some(())
}
