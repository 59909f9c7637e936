//! What the program has done so far, for Prometheus.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use hyper::{Method, StatusCode};
use larder::cache::page::PageRoute;
use larder::tier::shared::TierState;
use larder::{Larder, SharedFigures};
use listings::Store;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use crate::clock;
use crate::server::ServerCounts;

/// Counters and gauges of one process; a clone counts into the same ones.
#[derive(Debug, Clone)]
pub struct Metrics {
    requests: Family<Labels, Histogram, fn() -> Histogram>,
    server: Arc<ServerCounts>,
}

/// A request as it is counted. The route is the pattern, not the path: as many rows as routes, whatever is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: Cow<'static, str>,
    route: Cow<'static, str>,
    status: u16,
}

/// The pattern of the route that answered, among the extensions of its response.
#[derive(Debug, Clone)]
struct RouteName(String);

impl Metrics {
    /// Nothing done yet, by a server that counts there.
    #[must_use]
    pub fn new(server: Arc<ServerCounts>) -> Metrics {
        Metrics { requests: Family::new_with_constructor(request_seconds), server }
    }

    /// Where pages of these routes are counted that are answered before any route.
    #[must_use]
    pub fn hits(&self, routes: impl IntoIterator<Item = &'static str>) -> Hits {
        let rows = routes.into_iter().map(|route| (route, <[OnceLock<Histogram>; 4]>::default())).collect();
        Hits { metrics: self.clone(), rows }
    }

    fn note(&self, method: Cow<'static, str>, route: Cow<'static, str>, status: StatusCode, time: Duration) {
        self.row(method, route, status).observe(time.as_secs_f64());
    }

    fn row(&self, method: Cow<'static, str>, route: Cow<'static, str>, status: StatusCode) -> Histogram {
        self.requests.get_or_create(&Labels { method, route, status: status.as_u16() }).clone()
    }

    /// All figures in the text format of `OpenMetrics`.
    ///
    /// # Panics
    /// Never: memory takes what is written to it.
    #[must_use]
    pub fn text(&self, store: &Store, larder: &Larder) -> String {
        let mut registry = Registry::with_prefix("gable");
        registry.register(
            "http_request_seconds",
            "Time from head to answer, by route",
            self.requests.clone(),
        );
        self.describe_server(&mut registry);
        describe_pool(&mut registry, store);
        describe_cache(&mut registry, larder);
        let mut text = String::new();
        encode(&mut text, &registry).expect("memory takes what is written to it");
        text
    }

    fn describe_server(&self, registry: &mut Registry) {
        let counts = &self.server;
        let connections = i64::try_from(counts.connections_open()).unwrap_or(i64::MAX);
        registry.register("connections_open", "Connections open now", ConstGauge::new(connections));
        for (name, help, count) in [
            ("connections_accepted", "Connections accepted", counts.connections_accepted()),
            ("accept_errors", "Connections that the system failed to hand over", counts.accept_errors()),
            ("write_stalls", "Connections cut because the client took no answer", counts.write_stalls()),
        ] {
            registry.register(name, help, ConstCounter::new(count));
        }
        let refused = Family::<Refused, Counter>::default();
        for (reason, count) in counts.refused() {
            refused.get_or_create(&Refused { reason: reason.label() }).inc_by(count);
        }
        registry.register("requests_refused", "Requests refused before any route, by reason", refused);
    }
}

/// The rows of pages that are answered before any route: each is looked up once, and not for every hit.
#[derive(Debug)]
pub struct Hits {
    metrics: Metrics,
    /// For each route those of GET and HEAD, of 200 and 304.
    rows: Vec<(&'static str, [OnceLock<Histogram>; 4])>,
}

impl Hits {
    /// Counts a page that was answered before any route.
    pub fn note(&self, method: &Method, route: &'static str, status: StatusCode, time: Duration) {
        let make = || self.metrics.row(label(method), Cow::Borrowed(route), status);
        let place =
            2 * usize::from(*method == Method::HEAD) + usize::from(status == StatusCode::NOT_MODIFIED);
        match self.rows.iter().find(|(known, _)| *known == route) {
            Some((_, rows)) => rows[place].get_or_init(make).observe(time.as_secs_f64()),
            None => make().observe(time.as_secs_f64()),
        }
    }
}

/// What came of a read, as labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheRead {
    kind: &'static str,
    outcome: &'static str,
}

fn describe_cache(registry: &mut Registry, larder: &Larder) {
    let figures = larder.figures();
    let reads = Family::<CacheRead, Counter>::default();
    for (kind, of) in [("page", &figures.page), ("data", &figures.data)] {
        let outcomes = [("hit", of.hits - of.borrowed), ("hit-redis", of.borrowed), ("stale", of.stale)];
        let missed = of.missed.iter().map(|(missed, count)| (missed.name(), *count));
        for (outcome, count) in outcomes.into_iter().chain(missed) {
            reads.get_or_create(&CacheRead { kind, outcome }).inc_by(count);
        }
    }
    registry.register(
        "cache_reads",
        "Reads of the cache, by kind and outcome: hit, hit-redis, stale, or why it was a miss",
        reads,
    );
    if let Some(shared) = &figures.shared {
        describe_redis(registry, shared);
    }
    let memory = figures.memory;
    for (name, help, value) in [
        ("cache_memory_bytes", "Bytes that are kept", i64::try_from(memory.bytes).unwrap_or(i64::MAX)),
        ("cache_memory_entries", "Entries that are kept", i64::try_from(memory.entries).unwrap_or(i64::MAX)),
        (
            "cache_known_ms_ago",
            "Milliseconds since what is known of the database was asked for",
            i64::try_from(figures.known_ms_ago).unwrap_or(i64::MAX),
        ),
    ] {
        registry.register(name, help, ConstGauge::new(value));
    }
    for (name, help, count) in [
        ("cache_evicted", "Entries dropped to make room", memory.evicted),
        ("cache_rejected", "Entries too large to be kept", memory.rejected),
    ] {
        registry.register(name, help, ConstCounter::new(count));
    }
}

/// What came of asking Redis, as a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RedisLook {
    outcome: &'static str,
}

/// Why an operation of Redis failed, as a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RedisFailure {
    reason: &'static str,
}

fn describe_redis(registry: &mut Registry, shared: &SharedFigures) {
    let looks = Family::<RedisLook, Counter>::default();
    for (outcome, count) in [("hit", shared.hits)].into_iter().chain(shared.misses) {
        looks.get_or_create(&RedisLook { outcome }).inc_by(count);
    }
    registry.register("redis_looks", "Looks into Redis: hit, or why it brought nothing of use", looks);
    let failures = Family::<RedisFailure, Counter>::default();
    for (reason, count) in shared.troubles {
        failures.get_or_create(&RedisFailure { reason }).inc_by(count);
    }
    registry.register("redis_failures", "Operations of Redis that failed, by reason", failures);
    for (name, help, count) in [
        ("redis_written", "Entries written to Redis", shared.written),
        ("redis_not_written", "Entries that could not be written", shared.not_written),
        ("redis_behind", "Entries not written because too many others were", shared.behind),
        ("redis_waited", "Loads that waited for another node's", shared.waited),
    ] {
        registry.register(name, help, ConstCounter::new(count));
    }
    let up = i64::from(shared.state == TierState::Well);
    registry.register("redis_up", "1 while Redis answers and takes what it is given", ConstGauge::new(up));
}

/// From 0.1 ms to 13 s, each bucket twice as wide as the one before.
fn request_seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 2.0, 18))
}

/// The reason of a refusal as a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    reason: &'static str,
}

fn describe_pool(registry: &mut Registry, store: &Store) {
    let pool = store.pool_use();
    for (name, help, value) in [
        ("database_connections_open", "Connections to the database", i64::from(pool.open)),
        (
            "database_connections_idle",
            "Of these, waiting for work",
            i64::try_from(pool.idle).unwrap_or(i64::MAX),
        ),
        ("database_reads", "Reads under way or waiting", i64::try_from(pool.reads).unwrap_or(i64::MAX)),
    ] {
        registry.register(name, help, ConstGauge::new(value));
    }
}

/// The layer inside the router, which has found the route by then: tells its name to [`Begun`].
pub async fn name_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|route| RouteName(route.as_str().to_owned()));
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// A request whose answer is to be counted under its route: when all that decides the status or takes time, such as coding,
/// is done.
#[derive(Debug)]
pub struct Begun {
    method: Cow<'static, str>,
    at: Instant,
}

impl Begun {
    /// One that has just come.
    #[must_use]
    pub fn now(request: &Request) -> Begun {
        Begun { method: label(request.method()), at: clock::now() }
    }

    /// Counts what has come of it.
    pub fn ended(self, metrics: &Metrics, response: &Response) {
        let extensions = response.extensions();
        let route = match (extensions.get::<PageRoute>(), extensions.get::<RouteName>()) {
            (Some(PageRoute(route)), _) => Cow::Borrowed(*route),
            (None, Some(RouteName(route))) => Cow::Owned(route.clone()),
            (None, None) => Cow::Borrowed("none"),
        };
        metrics.note(self.method, route, response.status(), self.at.elapsed());
    }
}

fn label(method: &Method) -> Cow<'static, str> {
    match *method {
        Method::GET => Cow::Borrowed("GET"),
        Method::HEAD => Cow::Borrowed("HEAD"),
        _ => Cow::Owned(method.to_string()),
    }
}
