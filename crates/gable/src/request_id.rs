//! `X-Request-Id`: the number under which a request is found again in every log that it went through.

use std::fmt;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use rand::RngExt as _;
use tracing::Instrument as _;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The number of a request: the one that it came with, if that is a plain one, else a new random one.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The number of a request that has these fields.
    pub(crate) fn of(request: &HeaderMap) -> RequestId {
        let given = request.get(HEADER).filter(|value| is_plain(value.as_bytes())).cloned();
        RequestId(given.unwrap_or_else(RequestId::random))
    }

    /// Gives a request its number, in its own field: who asks later finds the same one.
    pub(crate) fn assign(request: &mut HeaderMap) -> RequestId {
        let id = RequestId::of(request);
        id.stamp(request);
        id
    }

    /// Puts the number among the fields of a request or of its answer.
    pub(crate) fn stamp(&self, headers: &mut HeaderMap) {
        headers.insert(HEADER, self.0.clone());
    }

    fn random() -> HeaderValue {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        // By hand and not by the formatter, since it is done for every answer.
        let text = rand::rng().random::<[u8; 16]>().map(|byte| [byte >> 4, byte & 15]);
        let text = text.map(|halves| halves.map(|half| DIGITS[usize::from(half)]));
        HeaderValue::from_bytes(text.as_flattened()).expect("hexadecimal digits are allowed in a field value")
    }
}

/// At most 64 letters, digits, `.`, `_` and `-`: what no log line is broken by.
fn is_plain(text: &[u8]) -> bool {
    (1..=64).contains(&text.len())
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// The layer that numbers a request, names the number in each log line about it, and sends it back.
pub async fn number(mut request: Request, next: Next) -> Response {
    let id = RequestId::assign(request.headers_mut());
    let span =
        tracing::info_span!("request", id = %id, method = %request.method(), path = request.uri().path());
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).instrument(span).await;
    id.stamp(response.headers_mut());
    response
}
