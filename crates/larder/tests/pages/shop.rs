//! A shop whose shelves are counters: its database, its routes, and somebody who asks for pages.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use larder::cache::page::PageService;
use larder::clock::Clock;
use larder::freshness::{Change, Dependency, Happened, PolledChanges, Snapshot, Xid};
use larder::incarnation::Incarnation;
use larder::source::{Source, SourceError};
use larder::{Larder, LoadLimits, Options, Page, PageCache, PageRule, Policy, Reading, TokenKey};
use tokio::task::yield_now;
use tower_layer::Layer as _;
use tower_service::Service;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const LEASE: Duration = Duration::from_millis(100);
pub(crate) const SECRET: &[u8] = b"a secret of the shop";

/// A database whose rows are counters: a write adds one.
#[derive(Debug, Clone)]
pub(crate) struct Database(Arc<Mutex<State>>);

#[derive(Debug)]
pub(crate) struct State {
    counters: [i64; 64],
    changes: Vec<Change>,
    pub(crate) polls: u32,
    pub(crate) polls_fail: bool,
    /// Whether nobody answers at all.
    pub(crate) is_silent: bool,
    pub(crate) is_watched: bool,
}

impl Database {
    fn new() -> Database {
        let counters = [0; 64];
        let state = State {
            counters,
            changes: Vec::new(),
            polls: 0,
            polls_fail: false,
            is_silent: false,
            is_watched: true,
        };
        Database(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn write(&self, id: usize) -> Xid {
        let mut state = self.lock();
        state.counters[id] += 1;
        let xid = Xid(state.changes.len() as u64 + 1);
        let happened = Happened::Row { id: row(id), old: None, new: None };
        state.changes.push(Change { xid, table: "counters".into(), happened });
        xid
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::up_to(self.lock().changes.len() as u64)
    }

    pub(crate) fn ask(&self, reading: &Reading, id: usize) -> i64 {
        let dependency = Dependency::Row { table: "counters".into(), id: row(id) };
        reading.note(Some(&self.snapshot().to_string()), vec![dependency]);
        self.lock().counters[id]
    }
}

fn row(id: usize) -> larder::freshness::Value {
    i64::try_from(id).unwrap().into()
}

pub(crate) fn incarnation() -> Incarnation {
    Incarnation::of(["one"])
}

impl Source for Database {
    async fn poll(&mut self, seen: Option<&Snapshot>) -> Result<larder::freshness::Poll, SourceError> {
        self.lock().polls += 1;
        if self.lock().is_silent {
            return Err(SourceError::Unreachable(sqlx::Error::PoolTimedOut));
        }
        if self.lock().polls_fail {
            return Err(SourceError::Senseless("out of reach".into()));
        }
        let snapshot = self.snapshot();
        let state = self.lock();
        let is_new = |change: &&Change| seen.is_some_and(|seen| !seen.sees(change.xid));
        let changes = PolledChanges::All(state.changes.iter().filter(is_new).cloned().collect());
        Ok(larder::freshness::Poll { incarnation: incarnation(), snapshot, floor: Xid(0), changes })
    }

    async fn check(&mut self) -> Result<(), SourceError> {
        let is_watched = self.lock().is_watched;
        is_watched.then_some(()).ok_or_else(|| SourceError::Unwatched("a trigger is gone".into()))
    }

    async fn remembers(&mut self) -> Result<bool, SourceError> {
        Ok(false)
    }

    async fn prune(&mut self, _: Duration) -> Result<(), SourceError> {
        Ok(())
    }
}

/// What a route has seen of a request.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

pub(crate) type Responding = Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>;
type Route = dyn Fn(Database, Request<String>) -> Responding + Send + Sync;

/// Routes that all do the same, and remember what they were asked.
#[derive(Clone)]
pub(crate) struct Routes {
    database: Database,
    route: Arc<Route>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Service<Request<String>> for Routes {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Full<Bytes>>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<String>) -> Self::Future {
        self.seen.lock().unwrap().push(Seen {
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            body: request.body().clone(),
        });
        let responding = (self.route)(self.database.clone(), request);
        Box::pin(async { Ok(responding.await) })
    }
}

/// The shop as it is served.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) larder: Larder,
    pub(crate) pages: PageCache,
    service: PageService<Routes>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// What somebody got.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// A field's value; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// What is said of where it comes from, without the cache's name.
    pub(crate) fn how(&self) -> &str {
        self.header("cache-status").strip_prefix("shop; ").unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }
}

pub(crate) fn policy() -> Policy {
    Policy { lifetime: 1000 * SECOND, lease: LEASE, stale_if_error: Duration::ZERO }
}

/// Everything below `/shelf/` is a page, under its path alone.
fn address(uri: &Uri) -> Option<String> {
    uri.path().starts_with("/shelf/").then(|| uri.path().to_owned())
}

/// The number at the end of a path.
pub(crate) fn number(uri: &Uri) -> usize {
    uri.path().rsplit('/').next().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// The page of one counter: its value, and enough words for a coding to be worth it.
pub(crate) fn shelf(database: &Database, request: &Request<String>) -> Response<Full<Bytes>> {
    let reading = request.extensions().get::<Reading>().unwrap();
    let value = database.ask(reading, number(request.uri()));
    let mut response = Response::new(Full::default());
    response.extensions_mut().insert(page(&value.to_string()));
    response
}

/// A page that begins with these words.
pub(crate) fn page(text: &str) -> Page {
    let text = format!("{text}\n{}", "A shelf with jars and tins. ".repeat(60));
    Page::new(HeaderValue::from_static("text/plain; charset=utf-8"), text)
}

/// An answer that is made without a page cache in mind.
pub(crate) fn plain(text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text.to_owned()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// A shop that shows its counters.
pub(crate) async fn shop() -> Shop {
    shop_with(policy(), |database, request| Box::pin(std::future::ready(shelf(&database, &request)))).await
}

/// A shop with other routes.
pub(crate) async fn shop_with(
    policy: Policy,
    route: impl Fn(Database, Request<String>) -> Responding + Send + Sync + 'static,
) -> Shop {
    shop_with_loads(LoadLimits::default(), policy, route).await
}

/// A shop that makes no more pages at once.
pub(crate) async fn shop_with_loads(
    limits: LoadLimits,
    policy: Policy,
    route: impl Fn(Database, Request<String>) -> Responding + Send + Sync + 'static,
) -> Shop {
    let (database, clock) = (Database::new(), Clock::manual());
    clock.advance(SECOND);
    let options = Options { memory_bytes: 1 << 20, clock: clock.clone(), ..Options::default() };
    let larder = Larder::start(|| database.clone(), options).await;
    let pages = PageCache::new(larder.clone(), "shop", vec![PageRule { route: "shelf", policy, address }])
        .with_token_key(TokenKey::new(SECRET))
        .with_loads(limits, crowded)
        .with_fields(&HeaderMap::from_iter(OF_SHOP.map(field)))
        .with_private(|headers| headers.contains_key("x-session"));
    let seen = Arc::<Mutex<Vec<Seen>>>::default();
    let routes = Routes { database: database.clone(), route: Arc::new(route), seen: Arc::clone(&seen) };
    Shop { service: pages.layer(routes), database, clock, larder, pages, seen }
}

/// Fields of what is found without a layer of the shop.
pub(crate) const OF_SHOP: [(&str, &str); 2] = [("server", "shop"), ("x-number", "none yet")];

pub(crate) fn field((name, value): (&str, &str)) -> (HeaderName, HeaderValue) {
    (name.parse().unwrap(), value.parse().unwrap())
}

fn crowded() -> Response<Bytes> {
    let response = Response::builder().status(StatusCode::SERVICE_UNAVAILABLE).header(RETRY_AFTER, "1");
    response.body("The shop is full.".into()).unwrap()
}

impl Shop {
    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.get_with(target, &[]).await
    }

    pub(crate) async fn get_with(&self, target: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask(Method::GET, target, fields, "").await
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        target: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        // Two requests never come at the same moment.
        self.clock.advance(Duration::from_nanos(1));
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let response = self.service.clone().call(request.body(body.to_owned()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// So many ask for the same at the same time.
    pub(crate) async fn crowd(&self, size: usize, target: &str, fields: &[(&str, &str)]) -> Vec<Answer> {
        let asking = (0..size).map(|_| {
            let (shop, target) = (self.clone(), target.to_owned());
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            tokio::spawn(async move {
                let fields: Vec<_> =
                    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                shop.get_with(&target, &fields).await
            })
        });
        let mut answers = Vec::new();
        for answer in asking.collect::<Vec<_>>() {
            answers.push(answer.await.unwrap());
        }
        answers
    }

    /// Time passes, for the shop as for its timers.
    pub(crate) async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        tokio::time::advance(time).await;
        settle().await;
    }

    /// What the routes were asked since the last call of this.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    pub(crate) fn polls(&self) -> u32 {
        self.database.lock().polls
    }

    pub(crate) fn entries(&self) -> usize {
        self.larder.figures().memory.entries
    }

    pub(crate) fn not_kept(&self, name: &str) -> u64 {
        self.larder.figures().page.not_kept.iter().find(|(known, _)| *known == name).unwrap().1
    }
}

/// Lets every task go on until it waits for something.
pub(crate) async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

/// Counts how often something was done.
#[derive(Debug, Clone, Default)]
pub(crate) struct Times(Arc<AtomicU32>);

impl Times {
    pub(crate) fn once_more(&self) -> u32 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) fn so_far(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}
