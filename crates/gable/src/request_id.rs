//! `X-Request-Id`: the number under which a request is found again in every log that it went through.

use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use tracing::Span;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The number of a request: the one that it came with, if that is a plain one, else a new one, which no other request has.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The number of a request that has these fields.
    pub(crate) fn of(request: &HeaderMap) -> RequestId {
        let given = request.get(HEADER).filter(|value| is_plain(value.as_bytes())).cloned();
        RequestId(given.unwrap_or_else(RequestId::next))
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

    /// A place for the number among the fields of an answer that has none yet.
    pub(crate) fn place() -> (HeaderName, HeaderValue) {
        (HEADER, HeaderValue::from_static("-"))
    }

    /// The first half is the same for all numbers that this process gives.
    fn next() -> HeaderValue {
        /// Odd, so that every number comes once; far from anything round, so that each looks like any other.
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        static PROCESS: LazyLock<[u8; 8]> = LazyLock::new(rand::random);
        static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(rand::random()));
        let number = NEXT.fetch_add(STEP, Ordering::Relaxed).to_be_bytes();
        // By hand and not by the formatter, since it is done for every answer.
        let mut text = [0; 32];
        let bytes = PROCESS.iter().chain(&number);
        for (place, byte) in text.as_chunks_mut().0.iter_mut().zip(bytes) {
            *place = PAIRS[usize::from(*byte)];
        }
        HeaderValue::from_bytes(&text).expect("hexadecimal digits are allowed in a field value")
    }
}

/// The two hexadecimal digits of every byte.
const PAIRS: [[u8; 2]; 256] = {
    let (digits, mut pairs, mut byte) = (b"0123456789abcdef", [[0; 2]; 256], 0);
    while byte < pairs.len() {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

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

/// Numbers a request; the span names the number in each log line about it.
pub(crate) fn number(request: &mut Request) -> (RequestId, Span) {
    let id = RequestId::assign(request.headers_mut());
    let span =
        tracing::info_span!("request", id = %id, method = %request.method(), path = request.uri().path());
    request.extensions_mut().insert(id.clone());
    (id, span)
}
