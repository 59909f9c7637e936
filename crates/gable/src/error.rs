//! What can go wrong on the way to an answer: one enum, each variant with its status, and its two faces.
//!
//! On the API an error is a problem document (RFC 9457), on the site a page for people.

use askama::Template as _;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, StatusCode};
use listings::StoreError;
use listings::accounts::Scope;
use listings::record::Fault;
use listings::search::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::pages::error::ErrorPage;
use crate::request_id::RequestId;
use crate::{assets, security, server};

/// Why a request got no answer.
#[derive(Debug, Clone)]
pub enum Error {
    /// 400: parameters or header fields that break rules; all of them.
    Parameters(Vec<Refusal>),
    /// 400: a body that can't be read; says where.
    Malformed(String),
    /// 401: nobody has said who they are, or not in a way that is known here.
    Unauthorized(String),
    /// 401: the token counts for nothing.
    InvalidToken(String),
    /// 403: it may be there, but not for everybody.
    Forbidden(String),
    /// 403: the token is for something else.
    InsufficientScope(Scope),
    /// 404: nothing is there; says what was looked for.
    NotFound(String),
    /// 405: something is there, but not to be treated like that.
    Method(Method),
    /// 409: it is no longer as it was when the request was made.
    Conflict(String),
    /// 412: what was to be changed is another by now.
    Stale {
        /// Its validator now.
        etag: HeaderValue,
    },
    /// 415: a body of another kind than what is read here; says which is.
    MediaType(String),
    /// 422: values of a body that break rules; all of them.
    Values(Vec<Fault>),
    /// 422: nothing is wrong with the request but what it is sent as; says what.
    Unprocessable(String),
    /// 428: a change that does not say what it was made from.
    Unconditional,
    /// 429: somebody has tried too often; the sentence says what.
    TooManyRequests {
        /// What there was too much of.
        why: String,
        /// When to come again.
        retry_after_seconds: u64,
    },
    /// 503: the database is busy, slow or gone; the sentence says which.
    Unavailable(String),
    /// 503: the database went away while it kept a change: it may have been kept.
    Uncertain,
    /// 503: more is being done already than can be done at once.
    Crowded,
    /// 500: an error of ours; the sentence is for the log, nobody else sees it.
    Internal(String),
}

/// Seconds after which it makes sense to try again when the database could not answer.
const RETRY_AFTER_SECONDS: u64 = 2;
/// The same when there was no room for one more.
const RETRY_WHEN_CROWDED_SECONDS: u64 = 1;

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Error::Parameters(_) | Error::Malformed(_) => StatusCode::BAD_REQUEST,
            Error::Conflict(_) => StatusCode::CONFLICT,
            Error::Unauthorized(_) | Error::InvalidToken(_) => StatusCode::UNAUTHORIZED,
            Error::Forbidden(_) | Error::InsufficientScope(_) => StatusCode::FORBIDDEN,
            Error::NotFound(_) => StatusCode::NOT_FOUND,
            Error::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Error::Stale { .. } => StatusCode::PRECONDITION_FAILED,
            Error::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Error::Values(_) | Error::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Unconditional => StatusCode::PRECONDITION_REQUIRED,
            Error::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Error::Unavailable(_) | Error::Uncertain | Error::Crowded => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// One sentence for whoever sent the request.
    fn detail(&self) -> String {
        match self {
            Error::Parameters(refusals) => {
                refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
            }
            Error::Values(faults) => faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
            Error::Malformed(why)
            | Error::Unauthorized(why)
            | Error::InvalidToken(why)
            | Error::Forbidden(why)
            | Error::Conflict(why)
            | Error::NotFound(why)
            | Error::MediaType(why)
            | Error::Unprocessable(why) => why.clone(),
            Error::InsufficientScope(scope) => {
                format!("The token lacks the scope {}; its owner can make one that has it", scope.name())
            }
            Error::TooManyRequests { why, retry_after_seconds } => {
                format!("{why} Try again in {retry_after_seconds} s.")
            }
            Error::Stale { .. } => {
                "It has changed since you last read it. Read it again, and send your change with its ETag.".to_owned()
            }
            Error::Unconditional => {
                "A change must bring the ETag of what it was made from as If-Match (or * for whatever is there)."
                    .to_owned()
            }
            Error::Method(method) => format!("{method} is not possible here; the Allow field says what is"),
            Error::Unavailable(_) => {
                format!("The database can't answer just now. Try again in {RETRY_AFTER_SECONDS} s.")
            }
            Error::Uncertain => {
                "The database went away while it kept the change: it may have been kept or not. Look before you send it again."
                    .to_owned()
            }
            Error::Crowded => format!(
                "More is asked for than can be made at once. Try again in {RETRY_WHEN_CROWDED_SECONDS} s."
            ),
            Error::Internal(_) => "It is an error of ours, and it has been written down.".to_owned(),
        }
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Error::Unavailable(_) => Some(RETRY_AFTER_SECONDS),
            Error::Crowded => Some(RETRY_WHEN_CROWDED_SECONDS),
            Error::TooManyRequests { retry_after_seconds, .. } => Some(*retry_after_seconds),
            _ => None,
        }
    }

    /// What somebody has to show (RFC 6750 §3).
    fn challenge(&self) -> Option<HeaderValue> {
        let text = match self {
            Error::Unauthorized(_) => "Bearer realm=\"gable\"".to_owned(),
            Error::InvalidToken(_) => "Bearer realm=\"gable\", error=\"invalid_token\"".to_owned(),
            Error::InsufficientScope(scope) => {
                format!("Bearer realm=\"gable\", error=\"insufficient_scope\", scope=\"{}\"", scope.name())
            }
            _ => return None,
        };
        HeaderValue::from_str(&text).ok()
    }

    /// Nobody has said who they are, where only somebody may do what was asked for.
    #[must_use]
    pub fn sign_in() -> Error {
        Error::Unauthorized("This needs a token (Authorization: Bearer gable_…) or a session".to_owned())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        Error::from(&error)
    }
}

impl From<&StoreError> for Error {
    fn from(error: &StoreError) -> Error {
        match error {
            StoreError::Busy | StoreError::TooSlow | StoreError::Unavailable(_) => {
                Error::Unavailable(error.to_string())
            }
            StoreError::Unknown => Error::Uncertain,
            StoreError::ReadOnly => Error::Forbidden(
                "The database of this site may only be read. Nothing was changed.".to_owned(),
            ),
            StoreError::Refused(_) => Error::Internal(error.to_string()),
        }
    }
}

impl From<askama::Error> for Error {
    fn from(error: askama::Error) -> Error {
        Error::Internal(format!("a page could not be rendered: {error}"))
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Error {
        Error::Internal(format!("an answer could not be written as JSON: {error}"))
    }
}

/// An RFC 9457 problem document.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says which problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What was wrong, in one sentence.
    detail: String,
    /// Each parameter, header field or member that broke a rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<BrokenRule>,
}

/// One parameter, header field or member of a body that broke a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct BrokenRule {
    /// The name of the parameter or header field.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// Where the member is in the body (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/price")]
    pointer: Option<String>,
    /// The member's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "price")]
    field: Option<String>,
    /// What was given.
    value: String,
    /// What would be right.
    rule: String,
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Problem {
        let status = error.status();
        Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: error.detail(),
            errors: broken_rules(error),
        }
    }
}

fn broken_rules(error: &Error) -> Vec<BrokenRule> {
    match error {
        Error::Parameters(refusals) => refusals.iter().cloned().map(BrokenRule::from).collect(),
        Error::Values(faults) => faults.iter().cloned().map(BrokenRule::from).collect(),
        _ => Vec::new(),
    }
}

impl From<Refusal> for BrokenRule {
    fn from(Refusal { parameter, value, rule }: Refusal) -> BrokenRule {
        BrokenRule { parameter: Some(parameter), pointer: None, field: None, value, rule }
    }
}

impl From<Fault> for BrokenRule {
    fn from(Fault { field, value, rule }: Fault) -> BrokenRule {
        let pointer = format!("/{}", field.replace('~', "~0").replace('/', "~1"));
        BrokenRule { parameter: None, pointer: Some(pointer), field: Some(field), value, rule }
    }
}

/// Travels to [`Face`] inside an empty response: only there it is known who asked.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status();
        response.extensions_mut().insert(self);
        response
    }
}

/// The face that an [`Error`] gets, as the path of a request calls for.
#[derive(Debug)]
pub struct Face {
    is_api: bool,
    is_head: bool,
    request_id: Option<RequestId>,
}

impl Face {
    /// The one for this request.
    #[must_use]
    pub fn of(request: &Request) -> Face {
        Face {
            is_api: is_api(request.uri().path()),
            is_head: request.method() == Method::HEAD,
            request_id: request.extensions().get().cloned(),
        }
    }

    /// The answer, if it is an error with this face; and a line in the log, if somebody has to look after it.
    #[must_use]
    pub fn shown_by(self, mut response: Response) -> Response {
        if let Some(error) = response.extensions_mut().remove::<Error>() {
            log(&error);
            self.show(error, &mut response);
        }
        response
    }

    fn show(self, error: Error, response: &mut Response) {
        let (content_type, body) = if self.is_api {
            problem(&error)
        } else {
            page(&error, self.request_id.map(|id| id.to_string()))
        };
        describe(error, content_type, body.len(), response.headers_mut());
        if !self.is_head {
            *response.body_mut() = Body::from(body);
        }
    }
}

fn log(error: &Error) {
    match error {
        Error::Internal(why) => tracing::error!(why, "internal error"),
        Error::Unavailable(why) => tracing::warn!(why, "the database cannot answer"),
        _ => {}
    }
}

fn describe(error: Error, content_type: &'static str, bytes: usize, headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    if let Some(seconds) = error.retry_after_seconds() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(challenge) = error.challenge() {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Error::Stale { etag } = error {
        headers.insert(header::ETAG, etag);
    }
}

/// Whether programs live at this path, so that errors are problem documents there.
#[must_use]
pub fn is_api(path: &str) -> bool {
    path.starts_with("/api/") || path == "/properties/" || path == "/properties/cache-metrics/"
}

/// What the server itself refuses, before any route, looks like every other error.
#[must_use]
pub fn refusal_page(refusal: &server::Refusal, path: &str) -> server::Page {
    if is_api(path) {
        return server::Page { fields: &security::FIELDS, ..server::plain_page(refusal, "/api/") };
    }
    let mut page = ErrorPage::new(refusal.reason.status().as_u16(), assets::hrefs());
    page.problems.push(refusal.detail.clone());
    let body = page.render().unwrap_or_else(|_| refusal.detail.clone());
    server::Page { content_type: "text/html; charset=utf-8", body, fields: &security::FIELDS }
}

fn problem(error: &Error) -> (&'static str, String) {
    let text =
        serde_json::to_string(&Problem::from(error)).expect("texts and numbers can be written as JSON");
    ("application/problem+json", text)
}

fn page(error: &Error, request_id: Option<String>) -> (&'static str, String) {
    let problems = match error {
        Error::Parameters(refusals) => refusals.iter().map(ToString::to_string).collect(),
        Error::Forbidden(why)
        | Error::Malformed(why)
        | Error::Conflict(why)
        | Error::Unprocessable(why)
        | Error::TooManyRequests { why, .. } => vec![why.clone()],
        Error::Values(faults) => faults.iter().map(ToString::to_string).collect(),
        Error::Uncertain => vec![error.detail()],
        _ => Vec::new(),
    };
    let page = ErrorPage {
        problems,
        retry_after_seconds: error.retry_after_seconds(),
        request_id: request_id.filter(|_| error.status().is_server_error()),
        ..ErrorPage::new(error.status().as_u16(), assets::hrefs())
    };
    let text = page.render().unwrap_or_else(|_| error.detail());
    ("text/html; charset=utf-8", text)
}
