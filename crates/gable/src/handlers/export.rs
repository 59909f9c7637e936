//! Everything that matches a search, streamed: one JSON object a line, or CSV.

use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures::stream::{Peekable, Stream, StreamExt as _};
use hyper::Uri;
use hyper::header::{self, HeaderMap, HeaderValue};
use listings::StoreError;
use listings::property::Property;
use listings::search::{Parameter, Refusal, Unknown};

use super::api::FilterParameters;
use super::record::Record;
use super::search_for;
use crate::access::{Caller, Client};
use crate::application::Application;
use crate::error::{Error, Problem};
use larder::cache::page::cache_control;

/// Listings in one piece of the body.
const LISTINGS_A_CHUNK: usize = 100;

/// The header line of a CSV export.
const COLUMNS: &str = "id,title,description,price,location,created_at,updated_at,version,status,kind,bedrooms,\
                       bathrooms,floor_area,latitude,longitude\r\n";

/// A format of an export.
#[derive(Debug, Clone, Copy)]
pub(super) enum Format {
    Ndjson,
    Csv,
}

impl Format {
    fn content_type(self) -> &'static str {
        match self {
            Format::Ndjson => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    fn content_disposition(self) -> &'static str {
        match self {
            Format::Ndjson => "attachment; filename=\"listings.ndjson\"",
            Format::Csv => "attachment; filename=\"listings.csv\"",
        }
    }

    fn head(self) -> &'static str {
        match self {
            Format::Ndjson => "",
            Format::Csv => COLUMNS,
        }
    }

    fn write(self, record: &Record, text: &mut Vec<u8>) -> Result<(), BodyError> {
        match self {
            Format::Ndjson => {
                serde_json::to_writer(&mut *text, record)?;
                text.push(b'\n');
                Ok(())
            }
            Format::Csv => csv_line(&record.guarded(), text),
        }
    }
}

/// Ends the body before its end, so that the reader knows that something is missing.
type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// RFC 4180: commas, quotes where needed, CR LF.
fn csv_line(record: &Record, text: &mut Vec<u8>) -> Result<(), BodyError> {
    let terminator = csv::Terminator::CRLF;
    let mut writer = csv::WriterBuilder::new().has_headers(false).terminator(terminator).from_writer(text);
    writer.serialize(record)?;
    writer.flush()?;
    Ok(())
}

/// Everything that matches, one JSON object a line
///
/// In order of id, streamed as it is read, without an `ETag`. A listing that matches all along is there exactly once.
#[utoipa::path(
    get, path = "/api/v1/properties/export.ndjson", tag = "Properties", operation_id = "export_ndjson", params(FilterParameters),
    security((), ("token" = ["read"]), ("session" = [])),
    responses(
        (status = 200, description = "The full records, one a line", content_type = "application/x-ndjson", body = Record),
        (status = 400, description = "Parameters that break rules, all of them", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database can't answer just now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn ndjson(
    State(application): State<Arc<Application>>,
    Client(client): Client,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Error> {
    export(&application, client.as_ref(), &uri, &headers, Format::Ndjson).await
}

/// Everything that matches, as CSV
///
/// RFC 4180 with a header line, the columns of a record; in order of id, streamed as it is read, without an `ETag`. Cells hold
/// the data as it is, but for a text that a spreadsheet would take for a formula, which has a `'` before it; an import takes that
/// off again.
#[utoipa::path(
    get, path = "/api/v1/properties/export.csv", tag = "Properties", operation_id = "export_csv", params(FilterParameters),
    security((), ("token" = ["read"]), ("session" = [])),
    responses(
        (status = 200, description = "A header line and the records", content_type = "text/csv", body = String),
        (status = 400, description = "Parameters that break rules, all of them", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database can't answer just now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn csv(
    State(application): State<Arc<Application>>,
    Client(client): Client,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Error> {
    export(&application, client.as_ref(), &uri, &headers, Format::Csv).await
}

async fn export(
    application: &Application,
    caller: Option<&Caller>,
    uri: &Uri,
    request: &HeaderMap,
    format: Format,
) -> Result<Response, Error> {
    refuse_paging(uri)?;
    let search = search_for(caller, uri, Unknown::Refuse)?;
    let mut response = streamed(application.store.export(&search), format).await?;
    let who_keeps_it = if caller.is_some() { "private, no-store" } else { cache_control(request) };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(who_keeps_it));
    Ok(response)
}

/// Listings as they come, as a file to keep.
pub(super) async fn streamed(
    listings: impl Stream<Item = Result<Property, StoreError>> + Send + 'static,
    format: Format,
) -> Result<Response, Error> {
    let mut listings = Box::pin(listings.peekable());
    // Once the first bytes are out, the status is too: whether the database answers at all is found out before.
    if let Some(Err(_)) = listings.as_mut().peek().await {
        return Err(first_error(listings).await);
    }
    let mut response = Response::new(Body::from_stream(body(listings, format)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(format.content_disposition()));
    Ok(response)
}

type Listings<S> = Pin<Box<Peekable<S>>>;

async fn first_error(mut listings: Listings<impl Stream<Item = Result<Property, StoreError>>>) -> Error {
    match listings.next().await {
        Some(Err(error)) => error.into(),
        _ => Error::Internal("the error that was there is gone".to_owned()),
    }
}

/// The body in pieces; no more than one piece and one batch of listings is in memory at a time.
fn body(
    listings: Listings<impl Stream<Item = Result<Property, StoreError>> + Send + 'static>,
    format: Format,
) -> impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static {
    let head = futures::stream::once(async move { Ok(Bytes::from_static(format.head().as_bytes())) });
    head.chain(listings.chunks(LISTINGS_A_CHUNK).map(move |chunk| {
        let mut text = Vec::new();
        for property in chunk {
            let property = property.inspect_err(|error| tracing::warn!(%error, "an export broke off"))?;
            format.write(&Record::from(property), &mut text)?;
        }
        Ok(Bytes::from(text))
    }))
}

/// An export is everything, in order of id: whoever asks for a part or an order should learn that it is not heard.
fn refuse_paging(uri: &Uri) -> Result<(), Error> {
    let refusals: Vec<Refusal> = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .filter(|(name, value)| {
            !value.is_empty()
                && Parameter::named(name).is_some_and(|parameter| !Parameter::FILTERS.contains(&parameter))
        })
        .map(|(name, value)| Refusal {
            parameter: name.into_owned(),
            value: value.chars().take(100).collect(),
            rule: "is not for an export: it holds everything that matches, in order of id".to_owned(),
        })
        .collect();
    if refusals.is_empty() { Ok(()) } else { Err(Error::Parameters(refusals)) }
}
