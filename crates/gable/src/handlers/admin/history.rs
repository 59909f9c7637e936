//! What was done to one listing, and going back.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::SecondsFormat;
use hyper::{StatusCode, Uri};
use larder::Reading;
use listings::history::{Action, Event};
use serde_json::Value;

use super::listing::{ORIGIN, saved};
use super::listings::PATH;
use crate::access::{Caller, Posted, Staff, value};
use crate::application::Application;
use crate::error::Error;
use crate::handlers::id;
use crate::pages::admin::history::{EventRow, HistoryPage};
use crate::pages::admin::listing_form::label;
use crate::pages::admin::{AdminLayout, Section, moment};

/// Events on one page.
const LIMIT: i64 = 50;

/// The history of a listing, also of one that is gone.
pub async fn show(
    State(application): State<Arc<Application>>,
    Staff(caller): Staff,
    Path(text): Path<String>,
    uri: Uri,
) -> Result<Response, Error> {
    caller.need_read_all()?;
    let id = id(&text).ok_or_else(|| never(&text))?;
    let store = &application.store;
    let property = store.property_by_id(&Reading::new(), id).await?;
    // One more than is shown tells whether there are others.
    let mut events = store.history(id, before(&uri), LIMIT + 1).await?;
    if property.is_none() && events.is_empty() {
        return Err(never(&text));
    }
    let is_more = i64::try_from(events.len()).is_ok_and(|number| number > LIMIT);
    let beyond = if is_more { events.pop() } else { None };
    let older_href = events.last().filter(|_| beyond.is_some());
    let older_href = older_href.map(|last| format!("{PATH}{id}/history/?before={}", last.id));
    let version = property.as_ref().map(|property| property.version);
    let title =
        property.map_or_else(|| format!("Listing {id}, deleted"), |property| super::title(&property.title));
    let page = page(&caller, id, title, version, &events, older_href);
    super::page(StatusCode::OK, &page)
}

/// Makes a listing what it was at an earlier version, unless somebody has changed it since the page was made.
pub async fn revert(
    State(application): State<Arc<Application>>,
    Path(text): Path<String>,
    Posted(caller, fields): Posted,
) -> Result<Response, Error> {
    caller.need_write()?;
    let id = id(&text).ok_or_else(|| never(&text))?;
    let mut writing = application.store.write(&caller.author(ORIGIN)).await?;
    let Some(property) = writing.property(id).await? else {
        writing.rollback().await?;
        return Err(never(&text));
    };
    if property.version.to_string() != value(&fields, "version") {
        writing.rollback().await?;
        return Err(Error::Conflict(
            "Somebody has changed this listing since its history was shown. Nothing was changed; look at the history again."
                .to_owned(),
        ));
    }
    let to: Option<i64> = value(&fields, "to").parse().ok();
    let draft = match to {
        Some(version) => writing.at_version(&property, version).await?,
        None => None,
    };
    let Some(new) = draft.and_then(|draft| draft.check().ok()) else {
        writing.rollback().await?;
        return Err(Error::Conflict(format!(
            "to: the history does not tell what the listing was at version {}, or what it was breaks a rule. Nothing was changed.",
            value(&fields, "to").chars().take(20).collect::<String>()
        )));
    };
    writing.replace(id, &new).await?;
    let written = writing.commit().await?;
    Ok(saved(&application, id, &written))
}

fn before(uri: &Uri) -> Option<i64> {
    uri.query()?.strip_prefix("before=")?.parse().ok()
}

fn never(text: &str) -> Error {
    Error::NotFound(format!("There is no listing {text}, and never was since changes are written down"))
}

fn page(
    caller: &Caller,
    id: i64,
    title: String,
    version: Option<i64>,
    events: &[Event],
    older_href: Option<String>,
) -> HistoryPage {
    HistoryPage {
        layout: AdminLayout::of(caller, Section::Listings, "History"),
        id,
        title,
        version,
        events: events.iter().map(|event| row(event, version)).collect(),
        older_href,
        is_writable: caller.may_write(),
    }
}

fn row(event: &Event, version: Option<i64>) -> EventRow {
    let action = match event.action {
        Action::Created => "Created",
        Action::Changed => "Changed",
        Action::Deleted => "Deleted",
    };
    EventRow {
        action,
        version: event.version,
        author: event.author.clone(),
        origin: event.origin.clone(),
        at: (event.at.to_rfc3339_opts(SecondsFormat::Secs, true), moment(event.at)),
        number: event.number.clone(),
        changes: event
            .changes
            .iter()
            .map(|(field, (before, after))| (label(field), in_words(before), in_words(after)))
            .collect(),
        is_revertible: event.action != Action::Deleted
            && version.is_some_and(|version| event.version < version),
    }
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "—".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
