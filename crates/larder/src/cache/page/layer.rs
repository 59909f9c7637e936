//! The page cache as a layer around an application's routes.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, DATE, ETAG, HeaderMap, HeaderName,
    HeaderValue, LINK, RETRY_AFTER, VARY,
};
use http::response::Parts;
use http::{Extensions, Method, Request, Response, StatusCode, Uri};
use http_body::Body;
use http_body_util::{BodyExt as _, Limited};
use tower_layer::Layer;
use tower_service::Service;

use super::admission::{Admission, Crowded, LoadLimits};
use super::answer::{CACHE_STATUS, OWN, PageRequest};
use super::head::Heads;
use super::page::Page;
use super::rule::{PageRule, Rules, Target};
use crate::clock::Moment;
use crate::entry::{Kept, Weigh as _};
use crate::flow::read::{Answer, Failed, How, Level};
use crate::key::{Key, Kind};
use crate::larder::Larder;
use crate::reading::{Asked, Reading};
use crate::shelve::Codec;
use crate::token::{TokenKey, WriteToken};

/// The field in which a reader shows what they have written.
pub const WRITE_TOKEN: HeaderName = HeaderName::from_static("write-token");
/// The cookie in which a browser does.
const WRITE_TOKEN_COOKIE: &str = "write_token";
/// A longer answer of a route is not read as a page.
const LONGEST_PAGE_BYTES: usize = 64 << 20;

/// The pages of an application, kept whole. Cheap to clone; a clone is the same cache.
///
/// As a [`Layer`] around the routes it answers what it has, and asks the routes for what it has not. They then see a GET of
/// the page's one address, without any header field and without a body, with a [`Reading`] among its extensions: so no
/// cookie, no credentials and no odd header can make a difference to what is kept. They answer with a [`Page`] among the
/// response's extensions, or with a plain response. Whatever is not a 200, or has a field that a page for everybody has not
/// (`Set-Cookie`, `Cache-Control: private`, …), is passed on and not kept.
#[derive(Clone)]
pub struct PageCache(Arc<Inner>);

struct Inner {
    larder: Larder,
    name: &'static str,
    rules: Rules,
    token_key: Option<TokenKey>,
    is_private: fn(&HeaderMap) -> bool,
    refusal: fn() -> Response<Bytes>,
    unreachable: fn() -> Response<Bytes>,
    admission: Admission,
    crowded: fn() -> Response<Bytes>,
    heads: Heads,
}

/// A page that was there.
#[derive(Debug)]
pub struct FoundPage {
    /// The response to the request.
    pub response: Response<Bytes>,
    /// The route that the page belongs to.
    pub route: &'static str,
}

/// The name of the route that a page belongs to, among the extensions of its response.
#[derive(Debug, Clone, Copy)]
pub struct PageRoute(pub &'static str);

impl PageCache {
    /// The pages that the rules name, kept in that larder. `name` is what the cache is called in `Cache-Status`.
    #[must_use]
    pub fn new(larder: Larder, name: &'static str, rules: Vec<PageRule>) -> PageCache {
        let rules = Rules::new(rules);
        PageCache(Arc::new(Inner {
            larder,
            name,
            rules,
            token_key: None,
            is_private: |_| false,
            refusal: bare,
            unreachable: come_again,
            admission: Admission::new(LoadLimits::default()),
            crowded: come_again,
            heads: Heads::with(&HeaderMap::new()),
        }))
    }

    /// The same, honouring write tokens that were signed with this key, in the field `Write-Token` and the cookie
    /// `write_token`.
    ///
    /// # Panics
    /// Where the cache is in use already.
    #[must_use]
    pub fn with_token_key(self, key: TokenKey) -> PageCache {
        self.changed(|inner| inner.token_key = Some(key))
    }

    /// The same, keeping away from requests that are somebody's own, such as those with a session. Requests with
    /// `Authorization` always are. Whatever is answered to them says `Cache-Control: private, no-store`: who makes a response
    /// of a [`Page`] outside of this layer leaves that as it is.
    ///
    /// # Panics
    /// Where the cache is in use already.
    #[must_use]
    pub fn with_private(self, is_private: fn(&HeaderMap) -> bool) -> PageCache {
        self.changed(|inner| inner.is_private = is_private)
    }

    /// The same with another answer where a route has failed without one, as by a panic; a bare 500 otherwise.
    ///
    /// # Panics
    /// Where the cache is in use already.
    #[must_use]
    pub fn with_refusal(self, refusal: fn() -> Response<Bytes>) -> PageCache {
        self.changed(|inner| inner.refusal = refusal)
    }

    /// The same with another answer while the database says nothing; a bare 503 with `Retry-After` otherwise.
    ///
    /// # Panics
    /// Where the cache is in use already.
    #[must_use]
    pub fn with_unreachable(self, refusal: fn() -> Response<Bytes>) -> PageCache {
        self.changed(|inner| inner.unreachable = refusal)
    }

    /// The same, making no more pages at once than this, and with the answer for those beyond: a bare 503 with `Retry-After`
    /// otherwise. What is kept waits for nobody.
    ///
    /// # Panics
    /// Where the cache is in use already.
    #[must_use]
    pub fn with_loads(self, limits: LoadLimits, crowded: fn() -> Response<Bytes>) -> PageCache {
        self.changed(|inner| {
            inner.admission = Admission::new(limits);
            inner.crowded = crowded;
        })
    }

    /// The same, giving these fields to whatever [`find`](PageCache::find) finds: that passes no layer which could. A field that
    /// is given its value only afterwards, such as a request's number, has its place here with any value.
    ///
    /// # Panics
    /// Where the cache is in use already.
    #[must_use]
    pub fn with_fields(self, fields: &HeaderMap) -> PageCache {
        self.changed(|inner| inner.heads = Heads::with(fields))
    }

    fn changed(self, change: impl FnOnce(&mut Inner)) -> PageCache {
        let mut inner = Arc::into_inner(self.0).expect("a page cache is set up before it is shared");
        change(&mut inner);
        PageCache(Arc::new(inner))
    }

    /// The names of the routes whose pages are kept.
    pub fn routes(&self) -> impl Iterator<Item = &'static str> {
        self.0.rules.routes()
    }

    /// The answer to a request that came at that moment, if the page is kept, true, and coded as it is wanted. Waits for
    /// nobody; made to be asked before anything else is done with a request.
    #[must_use]
    pub fn find(&self, at: Moment, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<FoundPage> {
        if self.reason_to_pass(method, headers).is_some() {
            return None;
        }
        let target = self.0.rules.known(uri)?;
        let asked = Asked::at_moment(at).with_token(self.token(headers));
        let page = self.0.larder.shelf().find::<Page>(&asked, target.key.borrowed(), &target.policy)?;
        if target.policy.is_due(page.entry().fresh_until(), at) {
            // Close to its end: the longer way makes it again in the background.
            return None;
        }
        let request = PageRequest { method, headers };
        let response = page.hit(request, page.entry(), at, self.0.name, &self.0.heads)?;
        self.0.larder.shelf().counts.hit(Kind::Page);
        tracing::debug!(key = %target.key, how = How::Hit(Level::Memory).name(), statements = 0, "page");
        Some(FoundPage { response, route: target.route })
    }

    /// Why a request is none of the cache's business, if it is none.
    fn reason_to_pass(&self, method: &Method, headers: &HeaderMap) -> Option<&'static str> {
        if reads(method) { self.reason_to_be_own(headers) } else { Some("method") }
    }

    /// Why a request is somebody's own, if it is.
    fn reason_to_be_own(&self, headers: &HeaderMap) -> Option<&'static str> {
        if headers.contains_key(AUTHORIZATION) {
            Some("authorization")
        } else if (self.0.is_private)(headers) {
            Some("private")
        } else {
            None
        }
    }

    fn token(&self, headers: &HeaderMap) -> Option<WriteToken> {
        let key = self.0.token_key.as_ref()?;
        let of_field = headers.get(WRITE_TOKEN).and_then(|value| value.to_str().ok());
        of_field.or_else(|| cookie(headers, WRITE_TOKEN_COOKIE)).and_then(|text| key.verify(text))
    }

    fn status(&self, text: &str) -> HeaderValue {
        HeaderValue::from_str(&format!("{}; {text}", self.0.name))
            .expect("words are allowed in a field value")
    }

    /// The response to a request for a page that was found or loaded.
    async fn respond(
        &self,
        target: &Target,
        request: &Request<()>,
        asked: &Asked,
        answer: Answer<Page>,
    ) -> Response<Bytes> {
        let Answer { value: page, how, statements, .. } = answer;
        tracing::debug!(key = %target.key, how = how.name(), why = how.reason(), statements, "page");
        let bytes_before = page.bytes();
        let mut response =
            page.answer(PageRequest { method: request.method(), headers: request.headers() }).await;
        page.describe(response.headers_mut(), page.entry(), self.0.name, asked.at(), how);
        if let How::Loaded { collapsed: false, not_kept: None, .. } = how {
            let (cache, key) = (self.clone(), target.key.clone());
            // Nobody waits for the codings that somebody else may want.
            tokio::spawn(async move {
                page.code_all().await;
                cache.reweigh(&key, &page);
            });
        } else if page.bytes() != bytes_before {
            self.reweigh(&target.key, &page);
        }
        response
    }

    /// Takes note of what a page has come to weigh by the codings that were made of it.
    fn reweigh(&self, key: &Key, page: &Kept<Page>) {
        self.0.larder.shelf().memory.reweigh(key, page.entry(), page.bytes());
    }

    fn failed(&self, target: &Target, failed: Failed<NotAPage>) -> Response<Bytes> {
        match failed {
            Failed::Load(Some(passed_on)) => {
                let (mut response, statements) = (passed_on.response(), passed_on.statements);
                let code = response.status().as_u16();
                tracing::debug!(key = %target.key, how = "miss", status = code, statements, "page");
                let detail = if passed_on.is_stale { "; detail=stale" } else { "" };
                let status = self.status(&format!("fwd=miss; fwd-status={code}{detail}"));
                response.headers_mut().insert(CACHE_STATUS, status);
                response
            }
            Failed::Unreachable => self.refused(target, self.0.unreachable),
            Failed::Load(None) | Failed::Lost => self.refused(target, self.0.refusal),
        }
    }

    /// The answer to all who wait for a page whose turn does not come.
    fn crowded(&self, reading: &Reading) -> PassedOn {
        self.0.larder.shelf().counts.crowded(Kind::Page);
        let (parts, body) = (self.0.crowded)().into_parts();
        PassedOn::new(parts, body, reading)
    }

    fn refused(&self, target: &Target, refusal: fn() -> Response<Bytes>) -> Response<Bytes> {
        tracing::debug!(key = %target.key, how = "miss", why = "lost", "page");
        let mut response = refusal();
        response.headers_mut().insert(CACHE_STATUS, self.status("fwd=miss"));
        response
    }
}

impl fmt::Debug for PageCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PageCache").field("name", &self.0.name).finish_non_exhaustive()
    }
}

fn reads(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

fn come_again() -> Response<Bytes> {
    let mut response = bare();
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn bare() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// An answer of a route that is no page: given to all who wait for it, and not kept.
#[derive(Debug)]
struct PassedOn {
    status: StatusCode,
    headers: HeaderMap,
    extensions: Extensions,
    body: Bytes,
    /// Statements that were sent for it.
    statements: u32,
    is_stale: bool,
}

/// What a route has answered with that is no page; `None` where its answer could not be read.
type NotAPage = Option<Arc<PassedOn>>;

impl PassedOn {
    fn new(parts: Parts, body: Bytes, reading: &Reading) -> PassedOn {
        let Parts { status, headers, extensions, .. } = parts;
        let (statements, is_stale) = (reading.statements(), reading.noted().is_stale);
        PassedOn { status, headers, extensions, body, statements, is_stale }
    }

    fn response(&self) -> Response<Bytes> {
        let mut response = Response::new(self.body.clone());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        *response.extensions_mut() = self.extensions.clone();
        response
    }
}

/// The page that a route has answered with, or its answer, if that is none. Such an answer may be made of something stale as
/// well: that a listing is not there, say.
async fn page_of<B>(response: Response<B>, reading: &Reading) -> Result<Page, NotAPage>
where
    B: Body<Data = Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (mut parts, body) = response.into_parts();
    let is_for_everybody = is_for_everybody(&parts);
    if let Some(page) = parts.extensions.remove::<Page>() {
        if is_for_everybody {
            return Ok(linked(page, &parts.headers));
        }
        // Somebody has said more of it than a page can have: that is heard, and so is the page.
        parts.headers.insert(CONTENT_TYPE, page.media_type.clone());
        parts.headers.insert(CONTENT_LENGTH, page.plain().len().into());
        return Err(Some(Arc::new(PassedOn::new(parts, page.plain().clone(), reading))));
    }
    let body = Limited::new(body, LONGEST_PAGE_BYTES).collect().await.map_err(unreadable)?.to_bytes();
    match parts.headers.get(CONTENT_TYPE) {
        Some(media_type) if is_for_everybody && parts.extensions.is_empty() => {
            Ok(linked(Page::new(media_type.clone(), body), &parts.headers))
        }
        _ => Err(Some(Arc::new(PassedOn::new(parts, body, reading)))),
    }
}

/// The head of an answer says nothing that goes with another body, or with none.
fn unreadable(error: impl fmt::Display) -> NotAPage {
    tracing::error!(%error, "the body of an answer could not be read, or is longer than any page");
    None
}

fn linked(page: Page, headers: &HeaderMap) -> Page {
    match headers.get(LINK) {
        Some(link) => page.with_link(link.clone()),
        None => page,
    }
}

/// Whether an answer has nothing that a page for everybody has not.
fn is_for_everybody(parts: &Parts) -> bool {
    let is_allowed = |(name, value): (&HeaderName, &HeaderValue)| match *name {
        CONTENT_TYPE | CONTENT_LENGTH | LINK | DATE | ETAG => true,
        VARY => value.as_bytes().eq_ignore_ascii_case(b"accept-encoding"),
        CACHE_CONTROL => value.to_str().is_ok_and(|value| {
            let value = value.to_ascii_lowercase();
            !["private", "no-store"].iter().any(|word| value.contains(word))
        }),
        // Of the others too `Content-Encoding`: a coded body would be coded again.
        _ => false,
    };
    parts.status == StatusCode::OK && parts.headers.iter().all(is_allowed)
}

impl<S> Layer<S> for PageCache {
    type Service = PageService<S>;

    fn layer(&self, routes: S) -> PageService<S> {
        PageService { cache: self.clone(), routes }
    }
}

/// An application's routes behind a [`PageCache`].
#[derive(Debug, Clone)]
pub struct PageService<S> {
    cache: PageCache,
    routes: S,
}

type Responding<B> = Pin<Box<dyn Future<Output = Result<Response<B>, Infallible>> + Send>>;

impl<S, In, Out> Service<Request<In>> for PageService<S>
where
    S: Service<Request<In>, Response = Response<Out>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    In: Default + Send + 'static,
    Out: Body<Data = Bytes> + From<Bytes> + Send + 'static,
    Out::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Out>;
    type Error = Infallible;
    type Future = Responding<Out>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Whether the routes are ready is asked when they are needed.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<In>) -> Responding<Out> {
        let (cache, routes) = (self.cache.clone(), self.routes.clone());
        let passes = cache.reason_to_pass(request.method(), request.headers());
        match cache.0.rules.target(request.uri()) {
            Some(target) if passes.is_none() => {
                Box::pin(
                    async move { Ok(cache.serve(&target, request.map(drop), routes).await.map(Out::from)) },
                )
            }
            // A page that is made for one alone takes a place like any other.
            Some(_) if reads(request.method()) => Box::pin(async move {
                let Ok(_permit) = cache.0.admission.enter().await else {
                    cache.0.larder.shelf().counts.crowded(Kind::Page);
                    return Ok((cache.0.crowded)().map(Out::from));
                };
                Ok(cache.pass(request, routes, passes.unwrap_or("not-cached")).await)
            }),
            _ => {
                Box::pin(async move { Ok(cache.pass(request, routes, passes.unwrap_or("not-cached")).await) })
            }
        }
    }
}

impl PageCache {
    /// When a request came, and what whoever sent it has to see.
    fn asked<In>(&self, request: &Request<In>) -> Asked {
        let at = request.extensions().get::<Asked>().copied().unwrap_or_else(|| self.0.larder.asked_now());
        at.with_token(self.token(request.headers()))
    }

    /// Hands a request on as it is. What the routes read for it out of a cache of data is as fresh as it has to be for
    /// whoever sent it: their writes are in it too.
    async fn pass<S, In, Out>(&self, mut request: Request<In>, routes: S, why: &str) -> Response<Out>
    where
        S: Service<Request<In>, Response = Response<Out>, Error = Infallible>,
    {
        let is_own = self.reason_to_be_own(request.headers()).is_some();
        let (reading, uri) = (Reading::of(self.asked(&request)), request.uri().clone());
        request.extensions_mut().insert(reading.clone());
        let mut response = called(routes, request).await;
        tracing::debug!(path = uri.path(), how = "bypass", why, statements = reading.statements(), "page");
        let why = if reading.noted().is_stale { "stale" } else { why };
        response.headers_mut().insert(CACHE_STATUS, self.status(&format!("fwd=bypass; detail={why}")));
        if is_own {
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(OWN));
        }
        response
    }

    async fn serve<S, In, Out>(
        &self,
        target: &Arc<Target>,
        request: Request<()>,
        routes: S,
    ) -> Response<Bytes>
    where
        S: Service<Request<In>, Response = Response<Out>, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send,
        In: Default + Send + 'static,
        Out: Body<Data = Bytes> + Send + 'static,
        Out::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let asked = self.asked(&request);
        let (cache, page) = (self.clone(), Arc::clone(target));
        let load = move |reading: Reading| {
            let (cache, routes, page) = (cache.clone(), routes.clone(), Arc::clone(&page));
            async move {
                let _permit = cache
                    .0
                    .admission
                    .enter()
                    .await
                    .map_err(|Crowded| Some(Arc::new(cache.crowded(&reading))))?;
                page_of(called(routes, page.request(reading.clone())).await, &reading).await
            }
        };
        let answer =
            self.0.larder.shelf().read(&asked, &target.key, &target.policy, Some(Codec::new()), load).await;
        let mut response = match answer {
            Ok(answer) => self.respond(target, &request, &asked, answer).await,
            Err(failed) => self.failed(target, failed),
        };
        response.extensions_mut().insert(PageRoute(target.route));
        response
    }
}

impl Target {
    /// All that the route sees of a request.
    fn request<In: Default>(&self, reading: Reading) -> Request<In> {
        let mut request = Request::new(In::default());
        *request.uri_mut() = self.uri.clone();
        request.extensions_mut().insert(reading);
        request
    }
}

async fn called<S, In, Out>(mut routes: S, request: Request<In>) -> Response<Out>
where
    S: Service<Request<In>, Response = Response<Out>, Error = Infallible>,
{
    let Ok(()) = std::future::poll_fn(|context| routes.poll_ready(context)).await;
    let Ok(response) = routes.call(request).await;
    response
}
