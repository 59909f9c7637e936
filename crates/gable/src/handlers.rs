//! One module a kind of page: from a request, through the store, to a representation.
#![expect(clippy::missing_errors_doc, reason = "a handler fails with `Error`, whose variants say when")]

pub mod admin;
pub mod api;
pub mod cache_metrics;
mod card;
pub mod docs;
pub mod drawing;
pub mod export;
pub mod feed;
pub mod health;
pub mod imports;
pub mod listing_page;
pub mod properties;
pub mod record;
pub mod search_page;
pub mod sitemap;
pub mod write;
pub mod written;

use axum::extract::Request;
use hyper::Uri;
use larder::Reading;
use listings::Search;
use listings::property::Property;
use listings::search::Unknown;

use crate::access::Caller;
use crate::catalogue::Catalogue;
use crate::error::Error;
use crate::representation::Representation;

/// What a handler answers.
pub type Answer = Result<Representation, Error>;

/// Where nothing is.
pub async fn nothing_here(uri: Uri) -> Error {
    Error::NotFound(format!("There is nothing at {}", uri.path()))
}

/// Where something is, but not for this method.
pub async fn not_like_that(request: Request) -> Error {
    Error::Method(request.method().clone())
}

/// The search of a query string, with strict or lenient treatment of parameters that no search has.
fn search(uri: &Uri, unknown: Unknown) -> Result<Search, Error> {
    search_for(None, uri, unknown)
}

/// The same for somebody who may see more than the public.
fn search_for(caller: Option<&Caller>, uri: &Uri, unknown: Unknown) -> Result<Search, Error> {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let search = Search::parse(pairs, unknown).map_err(Error::Parameters)?;
    if search.status.is_public() || caller.is_some_and(Caller::may_read_all) {
        Ok(search)
    } else {
        Err(Error::Forbidden(format!(
            "status: listings that are {} are for staff only",
            search.status.name()
        )))
    }
}

/// An id out of a path: digits, without a second spelling (`+1`, `01`).
fn id(text: &str) -> Option<i64> {
    text.parse().ok().filter(|id: &i64| *id > 0 && id.to_string() == text)
}

/// The listing of an id, if there is one for everybody to see.
async fn public_property(catalogue: &Catalogue, reading: &Reading, text: &str) -> Result<Property, Error> {
    property_for(None, catalogue, reading, text).await
}

/// The same for somebody who may see more than the public.
async fn property_for(
    caller: Option<&Caller>,
    catalogue: &Catalogue,
    reading: &Reading,
    text: &str,
) -> Result<Property, Error> {
    let sees_all = caller.is_some_and(Caller::may_read_all);
    let nobody = || Error::NotFound(format!("There is no listing {text}"));
    let property = catalogue.property(reading, id(text).ok_or_else(nobody)?).await?;
    property.as_ref().filter(|property| sees_all || property.status.is_public()).cloned().ok_or_else(nobody)
}

/// What comes after `prefix` and before `suffix` in the path of a request, if that is an id.
fn id_between(uri: &Uri, prefix: &str, suffix: &str) -> Option<i64> {
    id(uri.path().strip_prefix(prefix)?.strip_suffix(suffix)?)
}

/// `path?query`, or `path` alone where the query is empty.
fn address(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// The address of a listing's page.
fn listing_path(id: i64) -> String {
    format!("/properties/{id}/")
}

/// A time as Django writes it: to the microsecond, always with six places.
fn timestamp(time: chrono::DateTime<chrono::Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}
