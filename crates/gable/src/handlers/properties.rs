//! The Django project's endpoint, frozen: the same address, the same JSON.

use std::sync::Arc;

use axum::extract::State;
use hyper::Uri;
use listings::Search;
use listings::search::{Parameter, Refusal, Sort, Unknown};
use serde::Serialize;
use utoipa::ToSchema;

use super::Answer;
use super::api::next_link;
use super::record::DjangoRecord;
use crate::application::Application;
use crate::catalogue::ALL_PROPERTIES;
use crate::clock::Timings;
use crate::error::{Error, Problem};
use crate::reads::Reads;
use crate::representation::Representation;

/// The endpoint's path.
pub const PATH: &str = "/properties/";

/// Listings in one answer: Django sends the whole table, which ends badly with a large one.
const AT_MOST: u16 = 1_000;

/// Active listings, ordered by id.
#[derive(Debug, Serialize, ToSchema)]
pub struct DjangoPage {
    properties: Vec<DjangoRecord>,
}

/// All active listings, as the Django project lists them
///
/// Up to 1,000 by id; where there are more, the `Link` field has the address of the next 1,000.
#[utoipa::path(
    get, path = PATH, tag = "Django", operation_id = "django_properties",
    params(("cursor" = Option<String>, Query, description = "From the Link field of the page before")),
    responses(
        (status = 200, description = "The listings", body = DjangoPage, headers(
            ("Link" = String, description = "The address of the next 1,000, with rel=\"next\" (RFC 8288)"),
        )),
        (status = 400, description = "A cursor that is none of ours", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database can't answer just now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list(State(application): State<Arc<Application>>, Reads(reading): Reads, uri: Uri) -> Answer {
    let search = search(&uri)?;
    let mut timings = Timings::default();
    let name = match Parameter::Cursor.value(&search) {
        Some(cursor) => format!("{ALL_PROPERTIES}:{cursor}"),
        None => ALL_PROPERTIES.to_owned(),
    };
    let page = timings.database(application.catalogue.page_named(&reading, &name, &search)).await?;
    let body = DjangoPage { properties: page.properties.iter().cloned().map(DjangoRecord::from).collect() };
    let answer = Representation::json(&body)?.timed(timings);
    let next = page.next.and_then(|position| Parameter::Cursor.value(&search.after(position)));
    Ok(match next {
        Some(cursor) => answer.with_link(&next_link(PATH, &format!("cursor={cursor}"))),
        None => answer,
    })
}

/// The one address of a page of the list.
pub fn page_address(uri: &Uri) -> Option<String> {
    let search = search(uri).ok().filter(|_| uri.path() == PATH)?;
    let cursor = Parameter::Cursor.value(&search);
    Some(cursor.map_or(PATH.to_owned(), |cursor| format!("{PATH}?cursor={cursor}")))
}

/// Django ignores parameters here, and so does this; only the cursor is ours.
fn search(uri: &Uri) -> Result<Search, Error> {
    let mut cursors = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .filter(|(name, _)| name == Parameter::Cursor.name())
        .map(|(_, value)| value)
        .collect::<Vec<_>>();
    if cursors.len() > 1 {
        return Err(Error::Parameters(vec![Refusal {
            parameter: Parameter::Cursor.name().to_owned(),
            value: cursors.join(", "),
            rule: "must be given once".to_owned(),
        }]));
    }
    let mut pairs = vec![(Parameter::Sort.name(), Sort::Id.name())];
    let cursor = cursors.pop().unwrap_or_default();
    pairs.push((Parameter::Cursor.name(), &cursor));
    let search = Search::parse(pairs, Unknown::Refuse).map_err(Error::Parameters)?;
    Ok(Search { limit: AT_MOST, ..search })
}
