//! The JSON API: a search, and one record.

use std::sync::Arc;

use axum::extract::{Path, State};
use hyper::Uri;
use listings::read::MOST_COUNTED;
use listings::search::{Parameter, Unknown};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::record::Record;
use super::{Answer, address, property_for, search, search_for};
use crate::access::{Caller, Client};
use crate::application::Application;
use crate::clock::Timings;
use crate::error::Problem;
use crate::reads::Reads;
use crate::representation::Representation;

/// The path of the list.
pub const LIST: &str = "/api/v1/properties";

/// One page of a search.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordPage {
    /// The listings, in the order of the search.
    properties: Vec<Record>,
    /// The `cursor` of the next page; null on the last. The `Link` field has its whole address.
    #[schema(required = true)]
    next: Option<String>,
    /// How many listings match, at most 10,000; there when `count=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<i64>,
    /// False where counting stopped at 10,000 and there are more; there when `count=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    count_is_exact: Option<bool>,
}

/// The parameters that narrow a search, for the documentation only: the search itself reads them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the macro that documents it")]
pub struct FilterParameters {
    /// Words that must all begin a word of title, description or location.
    #[param(example = "sea view")]
    q: Option<String>,
    /// The place, whole; ASCII letters of either case.
    #[param(example = "Accra")]
    location: Option<String>,
    /// house, apartment, studio, villa, townhouse, land or other.
    #[param(example = "apartment")]
    kind: Option<String>,
    /// active, pending or sold; with credentials draft and withdrawn too.
    #[param(default = "active")]
    status: Option<String>,
    /// At least this price. Listings without a price match no range.
    #[param(example = "50000")]
    min_price: Option<String>,
    /// At most this price.
    #[param(example = "250000.00")]
    max_price: Option<String>,
    /// At least so many bedrooms.
    #[param(minimum = 0, maximum = 1000)]
    min_bedrooms: Option<i32>,
    /// At most so many bedrooms.
    #[param(minimum = 0, maximum = 1000)]
    max_bedrooms: Option<i32>,
    /// At least so many bathrooms.
    #[param(minimum = 0, maximum = 1000)]
    min_bathrooms: Option<i32>,
    /// At least so many square metres.
    #[param(minimum = 0, maximum = 10_000_000)]
    min_area: Option<i32>,
    /// At most so many square metres.
    #[param(minimum = 0, maximum = 10_000_000)]
    max_area: Option<i32>,
    /// west,south,east,north in degrees (RFC 7946 §5); west above east crosses the 180th meridian.
    #[param(example = "-0.4,5.4,0.1,5.8")]
    bbox: Option<String>,
}

/// The parameters of order and paging, for the documentation only.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the macro that documents it")]
pub struct PageParameters {
    /// `-created_at`, `created_at`, `-price`, `price`, `-floor_area`, `floor_area` or `id`. Listings without the value come last.
    #[param(default = "-created_at")]
    sort: Option<String>,
    /// Listings a page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<i32>,
    /// The `next` of the page before, of the same search.
    cursor: Option<String>,
    /// Whether to say how many match.
    #[param(default = false)]
    count: Option<bool>,
}

/// Search listings
///
/// Paged by keyset: follow `next` until it is null. A page is read in one statement; between pages listings may come and
/// go, but none that stays is shown twice or left out.
#[utoipa::path(
    get, path = LIST, tag = "Properties", operation_id = "search_properties", params(FilterParameters, PageParameters),
    security((), ("token" = ["read"]), ("session" = [])),
    responses(
        (status = 200, description = "One page", body = RecordPage, headers(
            ("Link" = String, description = "The address of the next page, with rel=\"next\" (RFC 8288)"),
            ("ETag" = String, description = "Validator of this page"),
        )),
        (status = 400, description = "Parameters that break rules, all of them", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Credentials that are none", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A status for staff only", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database can't answer just now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    State(application): State<Arc<Application>>,
    Client(client): Client,
    Reads(reading): Reads,
    uri: Uri,
) -> Answer {
    let search = search_for(client.as_ref(), &uri, Unknown::Refuse)?;
    let mut timings = Timings::default();
    let catalogue = &application.catalogue;
    let page = timings.database(catalogue.page(&reading, &search)).await?;
    let count = if search.count {
        Some(timings.database(catalogue.count(&reading, &search, MOST_COUNTED)).await?)
    } else {
        None
    };
    let next = page.next.map(|position| search.after(position));
    let body = RecordPage {
        properties: page.properties.iter().cloned().map(Record::from).collect(),
        next: next.as_ref().and_then(|next| Parameter::Cursor.value(next)),
        count: count.as_ref().map(|count| count.listings),
        count_is_exact: count.as_ref().map(|count| count.is_exact),
    };
    let answer = seen_by(client.as_ref(), Representation::json(&body)?.timed(timings));
    Ok(match next {
        Some(next) => answer.with_link(&next_link(LIST, &next.canonical())),
        None => answer,
    })
}

/// One listing
///
/// The `ETag` is what a change has to bring along as `If-Match`.
#[utoipa::path(
    get, path = "/api/v1/properties/{id}", tag = "Properties", operation_id = "property",
    params(("id" = i64, Path, description = "The listing's number", example = 17)),
    security((), ("token" = ["read"]), ("session" = [])),
    responses(
        (status = 200, description = "The full record", body = Record, headers(("ETag" = String, description = "Validator of this record"))),
        (status = 401, description = "Credentials that are none", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such listing, or not for everybody", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database can't answer just now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn record(
    State(application): State<Arc<Application>>,
    Client(client): Client,
    Reads(reading): Reads,
    Path(id): Path<String>,
) -> Answer {
    let mut timings = Timings::default();
    let property = property_for(client.as_ref(), &application.catalogue, &reading, &id);
    let property = timings.database(property).await?;
    Ok(seen_by(client.as_ref(), Representation::json(&Record::from(property))?.timed(timings)))
}

/// What somebody sees who says who they are is theirs alone.
fn seen_by(client: Option<&Caller>, answer: Representation) -> Representation {
    if client.is_some() { answer.private() } else { answer }
}

/// The one address of a page of the list.
pub fn list_address(uri: &Uri) -> Option<String> {
    let search = search(uri, Unknown::Refuse).ok().filter(|_| uri.path() == LIST)?;
    Some(address(LIST, &search.canonical()))
}

/// The one address of a record.
pub fn record_address(uri: &Uri) -> Option<String> {
    super::id_between(uri, "/api/v1/properties/", "").map(|id| format!("{LIST}/{id}"))
}

/// The `Link` field to the next page (RFC 8288).
pub(super) fn next_link(path: &str, query: &str) -> String {
    format!("<{}>; rel=\"next\"", address(path, query))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_parameters_are_those_of_a_search() {
        let filters = FilterParameters::into_params(|| None);
        let documented = filters.into_iter().chain(PageParameters::into_params(|| None));
        let documented: Vec<String> = documented.map(|parameter| parameter.name).collect();
        assert_eq!(documented, Parameter::ALL.map(Parameter::name));
    }
}
