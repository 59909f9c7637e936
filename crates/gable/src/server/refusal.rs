//! The answers that the server gives itself, instead of the routes.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::clock;

/// Why a request was not given to the routes, or not answered by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// What came is not HTTP/1.1 or 1.0: 400.
    Malformed,
    /// The head took too long: 408.
    HeadTimeout,
    /// The head is too large or has too many lines: 431.
    HeadTooLarge,
    /// The request target is too long: 414.
    TargetTooLong,
    /// The request target has a form that isn't served: 400.
    TargetForm,
    /// Path or query are wrongly encoded: 400.
    Encoding,
    /// The method isn't served anywhere: 501.
    Method,
    /// `Host` is missing, repeated, malformed or foreign: 400.
    Host,
    /// The request has a body where that means nothing: 400.
    BodyUnexpected,
    /// The body is too large: 413.
    BodyTooLarge,
    /// The body took too long: 408.
    BodyTimeout,
    /// The handler panicked: 500.
    Panic,
}

impl Reason {
    /// All reasons, in the order of their counters.
    pub const ALL: [Self; 12] = [
        Self::Malformed,
        Self::HeadTimeout,
        Self::HeadTooLarge,
        Self::TargetTooLong,
        Self::TargetForm,
        Self::Encoding,
        Self::Method,
        Self::Host,
        Self::BodyUnexpected,
        Self::BodyTooLarge,
        Self::BodyTimeout,
        Self::Panic,
    ];

    /// The word for this reason in metrics and logs.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::HeadTimeout => "head_timeout",
            Self::HeadTooLarge => "head_too_large",
            Self::TargetTooLong => "target_too_long",
            Self::TargetForm => "target_form",
            Self::Encoding => "encoding",
            Self::Method => "method",
            Self::Host => "host",
            Self::BodyUnexpected => "body_unexpected",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTimeout => "body_timeout",
            Self::Panic => "panic",
        }
    }

    /// The status of the answer (RFC 9110, section 15).
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::HeadTimeout | Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::Method => StatusCode::NOT_IMPLEMENTED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Panic => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Malformed | Self::TargetForm | Self::Encoding | Self::Host | Self::BodyUnexpected => {
                StatusCode::BAD_REQUEST
            }
        }
    }
}

/// A request refused: why, and what exactly was wrong with which value.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Decides the status.
    pub reason: Reason,
    /// A sentence for whoever sent the request.
    pub detail: String,
}

impl Refusal {
    pub(super) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    fn title(&self) -> &'static str {
        self.reason.status().canonical_reason().unwrap_or("Error")
    }
}

/// The body of an answer, its media type, and what else is to be said about it.
#[derive(Clone, Debug)]
pub struct Page {
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The text of the body.
    pub body: String,
    /// Names and values of further header fields: names in lower case, values of visible ASCII.
    pub fields: &'static [(&'static str, &'static str)],
}

/// Makes the answer to a request for a path; [`plain_page`] unless the site brings its own.
pub type RefusalPage = fn(&Refusal, &str) -> Page;

const FIELDS: [(&str, &str); 1] = [("x-content-type-options", "nosniff")];

/// A problem document (RFC 9457) below `/api/`, elsewhere status and detail as plain text.
#[must_use]
pub fn plain_page(refusal: &Refusal, path: &str) -> Page {
    if path.starts_with("/api/") {
        return problem_document(refusal);
    }
    let status = refusal.reason.status().as_u16();
    Page {
        content_type: "text/plain; charset=utf-8",
        body: format!("{status} {}\n\n{}\n", refusal.title(), refusal.detail),
        fields: &FIELDS,
    }
}

/// RFC 9457, section 3.1.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
}

fn problem_document(refusal: &Refusal) -> Page {
    let problem = Problem {
        r#type: "about:blank",
        title: refusal.title(),
        status: refusal.reason.status().as_u16(),
        detail: &refusal.detail,
    };
    Page {
        content_type: "application/problem+json",
        body: serde_json::to_string(&problem).expect("strings and a number always serialise"),
        fields: &FIELDS,
    }
}

/// The refusal as a response to a request for `path`.
pub(super) fn response(refusal: &Refusal, path: &str, page: RefusalPage) -> Response<Body> {
    let page = page(refusal, path);
    let mut response = Response::new(Body::from(page.body));
    *response.status_mut() = refusal.reason.status();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(page.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in page.fields {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// The refusal as bytes, for a request so broken that no HTTP library answers it any more.
pub(super) fn wire_format(refusal: &Refusal, path: &str, page: RefusalPage) -> Vec<u8> {
    let page = page(refusal, path);
    let fields: Vec<_> = page.fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "HTTP/1.1 {status} {title}\r\n\
         content-type: {content_type}\r\n\
         content-length: {length}\r\n\
         cache-control: no-store\r\n\
         {fields}\
         connection: close\r\n\
         date: {date}\r\n\
         \r\n\
         {body}",
        status = refusal.reason.status().as_u16(),
        title = refusal.title(),
        content_type = page.content_type,
        length = page.body.len(),
        fields = fields.concat(),
        date = httpdate::fmt_http_date(clock::time_of_day()),
        body = page.body,
    )
    .into_bytes()
}

/// A value out of a request, fit for a sentence: short, and with control characters escaped.
pub(super) fn quoted(value: &str) -> String {
    const SHOWN_CHARACTERS: usize = 80;
    match value.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{:?}…", &value[..end]),
        None => format!("{value:?}"),
    }
}
