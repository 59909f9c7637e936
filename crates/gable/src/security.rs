//! Header fields that keep a browser from doing what the pages never ask for.

use std::sync::LazyLock;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY};

/// For every page: everything from here, nothing from elsewhere, nothing inline.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; \
     connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// For the page of the API's documentation: its viewer styles itself with inline styles.
pub const DOCS_CONTENT_SECURITY_POLICY: &str = "default-src 'none'; img-src 'self' data:; style-src 'self' \
     'unsafe-inline'; script-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The fields of every answer.
pub const FIELDS: [(&str, &str); 6] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// The same as they are sent, checked once.
static STAMPS: LazyLock<[(HeaderName, HeaderValue); FIELDS.len()]> = LazyLock::new(|| {
    FIELDS.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
});

/// How many fields [`stamp`] adds.
pub const MOST_FIELDS: usize = FIELDS.len() + 1;

/// Adds the fields to an answer that brings none of its own.
pub fn stamp(headers: &mut HeaderMap, is_https: bool) {
    for (name, value) in &*STAMPS {
        headers.insert(name, value.clone());
    }
    if is_https {
        headers.insert(STRICT_TRANSPORT_SECURITY, FOR_A_YEAR);
    }
}

const FOR_A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The layer that adds the fields to every answer which does not bring its own; over https, one more: that it stays so.
pub async fn protect(is_https: bool, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in &*STAMPS {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    if is_https {
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, FOR_A_YEAR);
    }
    response
}
