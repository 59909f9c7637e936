//! What a handler answers with, and how it is put on the wire: coding, validators, freshness.
//!
//! A handler makes one [`Representation`], whoever asks. [`negotiate`] makes of it what this request wants: compressed or
//! not, in full or `304 Not Modified`.

mod coding;

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use sha2::{Digest, Sha256};

use crate::clock::Timings;
use coding::{CodedBody, Coding};

/// An answer for everybody: its bytes, and what is said about them. A clone shares what was made of the bytes, so that what
/// is answered again and again is digested and compressed once.
#[derive(Debug, Clone)]
pub struct Representation {
    content: Arc<Content>,
    freshness: Freshness,
    headers: Vec<(HeaderName, HeaderValue)>,
    timings: Option<Timings>,
}

/// Bytes before any coding, and what is made of them when it is first asked for.
#[derive(Debug)]
struct Content {
    media_type: &'static str,
    body: CodedBody,
    digest: OnceLock<String>,
}

/// How long a browser may use its copy without asking (RFC 9111 §5.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Freshness {
    /// Never: it asks each time, and mostly hears 304. A browser's copy is outside our promise.
    AskEachTime,
    /// For good: the address changes with the content.
    Immutable,
}

impl Representation {
    /// A representation that browsers ask for each time.
    #[must_use]
    pub fn new(content_type: &'static str, body: impl Into<Bytes>) -> Representation {
        let content =
            Content { media_type: content_type, body: CodedBody::new(body.into()), digest: OnceLock::new() };
        Representation {
            content: Arc::new(content),
            freshness: Freshness::AskEachTime,
            headers: Vec::new(),
            timings: None,
        }
    }

    /// A page for people.
    #[must_use]
    pub fn html(text: String) -> Representation {
        Representation::new("text/html; charset=utf-8", text)
    }

    /// A JSON document.
    ///
    /// # Errors
    /// What cannot be written as JSON (a map whose keys are no texts): an error of ours.
    pub fn json(value: &impl serde::Serialize) -> Result<Representation, serde_json::Error> {
        serde_json::to_vec(value).map(|text| Representation::new("application/json", text))
    }

    /// The same under an address that changes with the content.
    #[must_use]
    pub fn immutable(self) -> Representation {
        Representation { freshness: Freshness::Immutable, ..self }
    }

    /// The same with one more header field; a value that no field can hold is left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Representation {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The same with where its time went, for `Server-Timing`.
    #[must_use]
    pub fn timed(self, timings: Timings) -> Representation {
        Representation { timings: Some(timings), ..self }
    }

    /// Whether both are made of the same bytes, digested and compressed once for both.
    #[cfg(test)]
    pub(crate) fn shares_content_with(&self, other: &Representation) -> bool {
        Arc::ptr_eq(&self.content, &other.content)
    }

    async fn answer(self, method: &Method, request: &HeaderMap, shows_timings: bool) -> Response {
        let content = Arc::clone(&self.content);
        let coding = content.coding_for(request);
        let etag = content.etag(coding);
        if matches_any(request, &etag) {
            let mut response = self.bodiless(&etag, request, shows_timings);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        let (coding, body) = content.body.coded(coding).await;
        let mut response = self.bodiless(&content.etag(coding), request, shows_timings);
        let headers = response.headers_mut();
        set(headers, header::CONTENT_TYPE, content.media_type);
        if let Some(name) = coding.name() {
            set(headers, header::CONTENT_ENCODING, name);
        }
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        if method != Method::HEAD {
            *response.body_mut() = Body::from(body);
        }
        response
    }

    /// What a 200 and a 304 have in common (RFC 9110 §15.4.5).
    fn bodiless(self, etag: &str, request: &HeaderMap, shows_timings: bool) -> Response {
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        set(headers, header::ETAG, etag);
        set(headers, header::CACHE_CONTROL, self.freshness.cache_control(request));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.extend(self.headers);
        if let Some(timings) = self.timings.filter(|_| shows_timings) {
            set(headers, HeaderName::from_static("server-timing"), &timings.to_string());
        }
        response
    }
}

impl Content {
    fn coding_for(&self, request: &HeaderMap) -> Coding {
        let is_worth_it = coding::is_worth_it(self.media_type, self.body.plain().len());
        if is_worth_it { Coding::negotiated(request) } else { Coding::Identity }
    }

    /// A strong validator for one coding of the body: another coding is another representation (RFC 9110 §8.8.3.3).
    fn etag(&self, coding: Coding) -> String {
        let digest = self.digest.get_or_init(|| {
            let digest = Sha256::new().chain_update(self.media_type).chain_update(self.body.plain());
            URL_SAFE_NO_PAD.encode(&digest.finalize()[..15])
        });
        format!("\"{digest}{}\"", coding.etag_suffix())
    }
}

impl Freshness {
    fn cache_control(self, request: &HeaderMap) -> &'static str {
        match self {
            // What somebody sees who says who they are is theirs alone (RFC 9111 §3.5).
            _ if request.contains_key(header::AUTHORIZATION) => "private, no-store",
            Freshness::AskEachTime => "public, no-cache",
            Freshness::Immutable => "public, max-age=31536000, immutable",
        }
    }
}

/// What is said to this request about keeping an answer that browsers ask for each time.
#[must_use]
pub fn cache_control(request: &HeaderMap) -> &'static str {
    Freshness::AskEachTime.cache_control(request)
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// `If-None-Match` by weak comparison (RFC 9110 §13.1.2).
fn matches_any(request: &HeaderMap, etag: &str) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|candidate| candidate == "*" || candidate.strip_prefix("W/").unwrap_or(candidate) == etag)
}

/// Travels to [`negotiate`] inside an empty response: only there the request's headers are known.
impl IntoResponse for Representation {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(self);
        response
    }
}

/// The layer around all routes that turns a [`Representation`] into what this request asked for.
pub async fn negotiate(shows_timings: bool, request: Request, next: Next) -> Response {
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Representation>() {
        Some(representation) => representation.answer(&method, &headers, shows_timings).await,
        None => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    fn long_page() -> Representation {
        Representation::html("A home by the sea. ".repeat(200))
    }

    async fn answered(headers: &HeaderMap) -> Response {
        long_page().answer(&Method::GET, headers, false).await
    }

    #[tokio::test]
    async fn each_coding_has_a_validator_of_its_own_and_is_confirmed_by_it() {
        let mut seen = Vec::new();
        for coding in ["identity", "gzip", "br", "zstd"] {
            let mut asked = asking(header::ACCEPT_ENCODING, coding);
            let etag = answered(&asked).await.headers()[header::ETAG].clone();
            assert!(!seen.contains(&etag), "{coding}");
            asked.insert(header::IF_NONE_MATCH, etag.clone());
            assert_eq!(answered(&asked).await.status(), StatusCode::NOT_MODIFIED);
            seen.push(etag);
        }
    }

    #[tokio::test]
    async fn a_304_has_no_body_and_no_content_type_but_what_a_200_says_about_freshness() {
        let response = answered(&asking(header::IF_NONE_MATCH, "\"other\", *")).await;
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert!(!response.headers().contains_key(header::CONTENT_TYPE));
        assert_eq!(response.headers()[header::CACHE_CONTROL], "public, no-cache");
        assert_eq!(response.headers()[header::VARY], "Accept-Encoding");
    }

    #[tokio::test]
    async fn what_is_asked_for_with_credentials_is_kept_by_nobody() {
        let response = answered(&asking(header::AUTHORIZATION, "Bearer x")).await;
        assert_eq!(response.headers()[header::CACHE_CONTROL], "private, no-store");
    }

    #[tokio::test]
    async fn another_validator_gets_the_whole_body() {
        assert_eq!(answered(&asking(header::IF_NONE_MATCH, "\"other\"")).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_coding_that_cannot_be_made_is_not_announced() {
        let ended = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        let handle = ended.handle().clone();
        ended.shutdown_background();
        // Whatever is to be done beside the request path comes to nothing here.
        let _entered = handle.enter();
        let large = Representation::html("x".repeat(200_000));
        let response =
            large.clone().answer(&Method::GET, &asking(header::ACCEPT_ENCODING, "br"), false).await;
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
        assert_eq!(response.headers()[header::CONTENT_LENGTH], "200000");
        assert_eq!(response.headers()[header::ETAG], large.content.etag(Coding::Identity));
    }
}
