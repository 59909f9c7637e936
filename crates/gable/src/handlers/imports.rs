//! Many listings at once, out of a file.

use std::sync::Arc;

use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use hyper::StatusCode;
use hyper::body::Body as _;
use hyper::header::{self, HeaderValue};
use listings::import::{Format, Import, Imported, OnError, Report, RowFault};
use listings::search::Refusal;
use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};

use super::write::media_type;
use crate::access::Client;
use crate::application::Application;
use crate::error::{Error, Problem};
use crate::{clock, write_token};

/// The path that files are sent to.
pub const PATH: &str = "/api/v1/imports";

const CSV: &str = "text/csv";
const NDJSON: &str = "application/x-ndjson";

/// Files that are held in memory at a time.
pub(super) static ROOM: Semaphore = Semaphore::const_new(2);

/// What an import has done, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportReport {
    /// Whether it was only looked at what would be done.
    dry_run: bool,
    /// Rows in the file.
    rows: u64,
    /// Listings that are new.
    created: u64,
    /// Listings that have become others.
    updated: u64,
    /// Listings that were so already.
    unchanged: u64,
    /// Rows that are wrong.
    refused: u64,
    /// What is wrong, the first 1,000.
    errors: Vec<RowProblem>,
    /// How much is wrong altogether.
    errors_total: u64,
    /// Sent with a read, it shows what was written on any node.
    #[serde(skip_serializing_if = "Option::is_none")]
    write_token: Option<String>,
}

/// What is wrong with a row.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowProblem {
    /// Its number, from 1; 0 for the file as such.
    row: u64,
    /// The line that it begins in, from 1.
    line: u64,
    /// The member; empty where the row as such is wrong.
    field: String,
    /// What was given.
    value: String,
    /// What would be right.
    rule: String,
}

impl ImportReport {
    fn of(report: Report, dry_run: bool, write_token: Option<String>) -> ImportReport {
        ImportReport {
            dry_run,
            rows: report.rows,
            created: report.created,
            updated: report.updated,
            unchanged: report.unchanged,
            refused: report.refused,
            errors: report.errors.into_iter().map(RowProblem::from).collect(),
            errors_total: report.errors_total,
            write_token,
        }
    }
}

impl From<RowFault> for RowProblem {
    fn from(RowFault { row, line, fault }: RowFault) -> RowProblem {
        RowProblem { row, line, field: fault.field, value: fault.value, rule: fault.rule }
    }
}

/// How a file is treated.
#[derive(Debug, Clone, Copy, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportParameters {
    /// Whether it is only looked at what would be done.
    #[param(value_type = Option<bool>, default = false)]
    dry_run: bool,
    /// `abort`: where a row is wrong, nothing is kept. `skip`: the others are.
    #[param(value_type = Option<String>, default = "abort")]
    on_error: OnError,
}

impl ImportParameters {
    fn of(query: Option<&str>) -> Result<ImportParameters, Error> {
        let (mut read, mut seen, mut refusals) = (ImportParameters::default(), Vec::new(), Vec::new());
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let outcome = if seen.contains(&name) { Err("is given twice") } else { read.set(&name, &value) };
            if let Err(rule) = outcome {
                let cut = |text: &str| text.chars().take(100).collect();
                refusals.push(Refusal { parameter: cut(&name), value: cut(&value), rule: rule.to_owned() });
            }
            seen.push(name);
        }
        if refusals.is_empty() { Ok(read) } else { Err(Error::Parameters(refusals)) }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), &'static str> {
        match (name, value) {
            ("dry_run", "true") => self.dry_run = true,
            ("dry_run", "false") => self.dry_run = false,
            ("on_error", "abort") => self.on_error = OnError::Abort,
            ("on_error", "skip") => self.on_error = OnError::Skip,
            ("dry_run", _) => return Err("must be true or false"),
            ("on_error", _) => return Err("must be abort or skip"),
            _ => return Err("unknown parameter; known are dry_run, on_error"),
        }
        Ok(())
    }
}

/// Make and change many listings
///
/// Out of a CSV file whose header names members of a record, or of one JSON object a line. A row with an `id` is that listing;
/// one with a `reference` (the name that another system gives it, 1 to 200 characters) is the listing of that name, which is
/// made if there is none; another row is a new listing. Of a listing that is there, what a row does not say stays as it is.
/// `version`, `created_at` and `updated_at` may be there as they were exported: a listing that has changed since is refused.
#[utoipa::path(
    post, path = PATH, tag = "Properties", operation_id = "import_properties", params(ImportParameters),
    request_body(content((String = "text/csv"), (String = "application/x-ndjson"))),
    security(("token" = ["write"]), ("session" = [])),
    responses(
        (status = 200, description = "What was done, or would be", body = ImportReport),
        (status = 422, description = "Nothing was done: what is wrong with which row", body = ImportReport),
        (status = 503, description = "The database can't answer just now, or other imports are under way", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    State(application): State<Arc<Application>>,
    Client(client): Client,
    request: Request,
) -> Result<Response, Error> {
    let caller = client.ok_or_else(Error::sign_in)?;
    caller.need_write()?;
    let parameters = ImportParameters::of(request.uri().query())?;
    let format = match media_type::of(request.headers(), &[CSV, NDJSON])? {
        CSV => Format::Csv,
        _ => Format::Ndjson,
    };
    refuse_key(&request)?;
    let _place = ROOM.try_acquire().map_err(|_| Error::Crowded)?;
    let content = content(request.into_body()).await?;
    let import = Import { format, content: &content, on_error: parameters.on_error };
    let imported = if parameters.dry_run {
        Imported { report: application.store.plan_import(&import).await?, written: None }
    } else {
        application.store.import(&caller.author("import"), &import, clock::time_of_day().into()).await?
    };
    answer(&application, imported, parameters)
}

/// Rows are told from one another by their references; a key for all of them would not be heard.
fn refuse_key(request: &Request) -> Result<(), Error> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(()) };
    let value = String::from_utf8_lossy(value.as_bytes()).chars().take(100).collect();
    let rule = "is not for imports: a row with a reference can be sent again without it".to_owned();
    Err(Error::Parameters(vec![Refusal { parameter: "Idempotency-Key".to_owned(), value, rule }]))
}

/// The file, in one piece of memory that is made once where its length is known.
async fn content(body: Body) -> Result<Vec<u8>, Error> {
    let length = body.size_hint().lower();
    let mut content = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    let mut pieces: BodyDataStream = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Error::Malformed("the file did not come to its end".to_owned()))?;
        content.extend_from_slice(&piece);
    }
    Ok(content)
}

fn answer(
    application: &Application,
    imported: Imported,
    parameters: ImportParameters,
) -> Result<Response, Error> {
    let Imported { report, written } = imported;
    let status = if report.is_refused(parameters.on_error) {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let token = written.as_ref().and_then(|written| write_token::text(written, &application.token_key));
    let body = serde_json::to_vec(&ImportReport::of(report, parameters.dry_run, token))?;
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type::JSON));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Some(written) = &written {
        write_token::stamp(headers, written, application);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_say_what_they_may_be() {
        let read = ImportParameters::of(Some("dry_run=true&on_error=skip")).unwrap();
        assert_eq!((read.dry_run, read.on_error), (true, OnError::Skip));
        for query in [
            "dry_run=1",
            "dry_run=",
            "on_error=ignore",
            "dry-run=true",
            "dry_run=true&dry_run=true",
            "dry_run=true%26on_error=skip",
        ] {
            assert!(matches!(ImportParameters::of(Some(query)), Err(Error::Parameters(_))), "{query}");
        }
    }
}
