//! What a handler answers with, and how it is put on the wire.
//!
//! A handler makes one [`Representation`], whoever asks. Those that are for everybody and have nothing beside their bytes are
//! [`Page`]s: the page cache may keep them. [`Wishes`] makes of the rest what this request wants: compressed or not, in
//! full or `304 Not Modified`.

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::Method;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use larder::Page;
use larder::cache::page::{PageRequest, cache_control};

use crate::clock::Timings;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// An answer for everybody: its bytes, and what is said about them. A clone shares what was made of the bytes, so that what
/// is answered again and again is digested and compressed once.
#[derive(Debug, Clone)]
pub struct Representation {
    page: Page,
    freshness: Freshness,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// How long a browser may use its copy without asking (RFC 9111 §5.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Freshness {
    /// Never: it asks each time, and mostly hears 304. A browser's copy is outside our promise.
    AskEachTime,
    /// For good: the address changes with the content.
    Immutable,
    /// It keeps none: what is said is for whoever has asked (RFC 9111 §3.5).
    Private,
}

impl Representation {
    /// A representation that browsers ask for each time.
    #[must_use]
    pub fn new(content_type: &'static str, body: impl Into<Bytes>) -> Representation {
        let page = Page::new(HeaderValue::from_static(content_type), body);
        Representation { page, freshness: Freshness::AskEachTime, headers: Vec::new() }
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

    /// The same for whoever has asked alone.
    #[must_use]
    pub fn private(self) -> Representation {
        Representation { freshness: Freshness::Private, ..self }
    }

    /// The same with a link (RFC 8288); a value that no field can hold is left out.
    #[must_use]
    pub fn with_link(mut self, link: &str) -> Representation {
        if let Ok(link) = HeaderValue::from_str(link) {
            self.page = self.page.with_link(link);
        }
        self
    }

    /// The same with one more header field, so that it is no page any more.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &'static str) -> Representation {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    /// The same with where its time went, for `Server-Timing`.
    #[must_use]
    pub fn timed(mut self, timings: Timings) -> Representation {
        if let Ok(timings) = HeaderValue::from_str(&timings.to_string()) {
            self.page = self.page.with_timing(timings);
        }
        self
    }

    /// The strong validator of its bytes in no coding.
    #[must_use]
    pub fn validator(&self) -> HeaderValue {
        self.page.validator()
    }

    /// Whether an entity tag is its strong validator in some coding.
    #[must_use]
    pub fn has_validator(&self, entity_tag: &str) -> bool {
        self.page.has_validator(entity_tag)
    }

    /// Whether both are made of the same bytes, digested and compressed once for both.
    #[cfg(test)]
    pub(crate) fn shares_content_with(&self, other: &Representation) -> bool {
        self.page.shares_content_with(&other.page)
    }

    async fn answer(self, request: PageRequest<'_>) -> Response {
        let mut response = self.page.answer(request).await;
        response.headers_mut().extend(self.headers);
        let is_own = cache_control(request.headers).starts_with("private");
        if self.freshness == Freshness::Immutable && !is_own {
            let for_good = HeaderValue::from_static("public, max-age=31536000, immutable");
            response.headers_mut().insert(header::CACHE_CONTROL, for_good);
        }
        if self.freshness == Freshness::Private {
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        }
        response.map(Body::from)
    }
}

impl From<Page> for Representation {
    fn from(page: Page) -> Representation {
        Representation { page, freshness: Freshness::AskEachTime, headers: Vec::new() }
    }
}

/// Travels to the page cache, or else to [`Wishes::met_by`], inside an empty response: only there the request's headers are known.
impl IntoResponse for Representation {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        if self.freshness == Freshness::AskEachTime && self.headers.is_empty() {
            response.extensions_mut().insert(self.page);
        } else {
            response.extensions_mut().insert(self);
        }
        response
    }
}

/// What a request asks for of whatever is made for it.
#[derive(Debug)]
pub struct Wishes {
    method: Method,
    headers: HeaderMap,
}

impl Wishes {
    /// Those of this request.
    #[must_use]
    pub fn of(request: &Request) -> Wishes {
        Wishes { method: request.method().clone(), headers: request.headers().clone() }
    }

    /// What a handler has made as they want it; every other answer as it is. How long things took is only shown to whoever
    /// may see it.
    pub async fn met_by(self, mut response: Response, shows_timings: bool) -> Response {
        let extensions = response.extensions_mut();
        let made = extensions
            .remove::<Representation>()
            .or_else(|| extensions.remove::<Page>().map(Representation::from));
        if let Some(representation) = made {
            response = self.answered(representation, response).await;
        }
        if !shows_timings {
            response.headers_mut().remove(SERVER_TIMING);
        }
        response
    }

    /// `bearer` is the empty response that it travelled in: what was said about the way here stays, but for its length.
    async fn answered(self, representation: Representation, bearer: Response) -> Response {
        let timing = representation.page.timing().cloned();
        let (mut parts, _) = bearer.into_parts();
        let mut response =
            representation.answer(PageRequest { method: &self.method, headers: &self.headers }).await;
        parts.headers.remove(header::CONTENT_LENGTH);
        response.headers_mut().extend(parts.headers);
        response.extensions_mut().extend(parts.extensions);
        if let Some(timing) = timing {
            response.headers_mut().insert(SERVER_TIMING, timing);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderMap;
    use hyper::{Method, StatusCode};

    use super::*;

    fn asking(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    fn long_page() -> Representation {
        Representation::html("A home by the sea. ".repeat(200))
    }

    async fn answered(headers: &HeaderMap) -> Response {
        long_page().answer(PageRequest { method: &Method::GET, headers }).await
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
        for representation in [long_page(), long_page().immutable()] {
            let headers = asking(header::AUTHORIZATION, "Bearer x");
            let response =
                representation.answer(PageRequest { method: &Method::GET, headers: &headers }).await;
            assert_eq!(response.headers()[header::CACHE_CONTROL], "private, no-store");
        }
    }

    #[tokio::test]
    async fn another_validator_gets_the_whole_body() {
        assert_eq!(answered(&asking(header::IF_NONE_MATCH, "\"other\"")).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_coding_that_cannot_be_made_is_not_announced() {
        let ended = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        let runtime = ended.handle().clone();
        ended.shutdown_background();
        let body = "x".repeat(200_000);
        let headers = asking(header::ACCEPT_ENCODING, "br");
        let page = Representation::new("text/plain", body.clone());
        let request = PageRequest { method: &Method::GET, headers: &headers };
        let _ended = runtime.enter();
        let response = page.answer(request).await;
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
        assert_eq!(response.headers()[header::CONTENT_LENGTH], body.len().to_string());
    }
}
