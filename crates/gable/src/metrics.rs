//! What the program has done so far, for Prometheus.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use listings::Store;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

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
    method: String,
    route: String,
    status: u16,
}

impl Metrics {
    /// Nothing done yet, by a server that counts there.
    #[must_use]
    pub fn new(server: Arc<ServerCounts>) -> Metrics {
        Metrics { requests: Family::new_with_constructor(request_seconds), server }
    }

    /// All figures in the text format of `OpenMetrics`.
    ///
    /// # Panics
    /// Never: memory takes what is written to it.
    #[must_use]
    pub fn text(&self, store: &Store) -> String {
        let mut registry = Registry::with_prefix("gable");
        registry.register(
            "http_request_seconds",
            "Time from head to answer, by route",
            self.requests.clone(),
        );
        self.describe_server(&mut registry);
        describe_pool(&mut registry, store);
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

/// The layer that counts each request under its route: around all that decides the status or takes time, such as coding,
/// and still inside the router, which has found the route by then.
pub async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let start = clock::now();
    let response = next.run(request).await;
    let labels = Labels { method, route, status: response.status().as_u16() };
    metrics.requests.get_or_create(&labels).observe(start.elapsed().as_secs_f64());
    response
}
