//! gable in this process, with a clock that is moved by hand; and a second one that keeps nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use gable::access::password::Passwords;
use gable::application::Application;
use gable::caching;
use gable::metrics::Metrics;
use gable::router::router;
use gable::server::{AllowedHosts, Lifecycle, Limits, Server};
use gable::settings::{Flags, Settings, Sources};
use http_body_util::BodyExt as _;
use hyper::{Request, StatusCode};
use larder::clock::Clock;
use larder::{Larder, Options};
use listings::Store;
use listings::samples::samples;
use tower::ServiceExt as _;

pub(crate) struct Site {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) larder: Larder,
    router: Router,
    forgetful: (Larder, Router),
}

/// An answer as far as it matters here.
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    status: StatusCode,
    cache_status: String,
}

impl Answer {
    pub(crate) fn is_hit(&self) -> bool {
        self.cache_status.contains("; hit")
    }

    /// Whether it had to be made because a change has touched it.
    pub(crate) fn is_changed(&self) -> bool {
        self.cache_status.contains("detail=changed")
    }

    /// Whether it is a page that a cache keeps.
    pub(crate) fn is_kept(&self) -> bool {
        self.status == StatusCode::OK
    }
}

impl Site {
    pub(crate) async fn start(url: &str, listings: usize) -> Site {
        let store = Store::connect(url, &listings::store::Options::default()).await.unwrap();
        store.migrate().await.unwrap();
        let now = "2026-11-01T00:00:00Z".parse().unwrap();
        store.insert_many(samples(1).take(listings), false, now, |_| {}).await.unwrap();
        let clock = Clock::manual();
        clock.advance(Duration::from_hours(1));
        let (larder, router) = gable(&store, &clock).await;
        let forgetful = gable(&store, &clock).await;
        Site { store, clock, larder, router, forgetful }
    }

    pub(crate) async fn ask(&self, uri: &str) -> Answer {
        let answer = ask(&self.router, uri).await;
        self.settle().await;
        answer
    }

    /// The bytes of an answer as it is made past every cache.
    pub(crate) async fn make(&self, uri: &str) -> Bytes {
        let (larder, router) = &self.forgetful;
        larder.clear();
        ask(router, uri).await.body
    }

    /// Waits for what is made in the background ahead of its end, so that the next operation finds it.
    async fn settle(&self) {
        let is_settled = || {
            let figures = self.larder.figures();
            [figures.page, figures.data].iter().all(|of| of.loads >= of.misses() + of.ahead)
        };
        while !is_settled() {
            tokio::task::yield_now().await;
        }
    }
}

async fn ask(router: &Router, uri: &str) -> Answer {
    let response = router.clone().oneshot(Request::get(uri).body(Body::empty()).unwrap()).await.unwrap();
    let cache_status = response.headers().get("cache-status");
    let cache_status = cache_status.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    Answer { body, status, cache_status }
}

/// With the settings that gable has by itself, but for the lease.
async fn gable(store: &Store, clock: &Clock) -> (Larder, Router) {
    let sources = Sources::of_process(Flags::default()).unwrap();
    let settings = Settings { cache_lease: Duration::ZERO, ..Settings::read(&sources).unwrap() };
    let options = Options { clock: clock.clone(), ..caching::options(&settings) };
    let larder = Larder::start(|| store.changes(), options).await;
    let token_key = caching::token_key(&settings);
    let lifecycle = Lifecycle::new();
    let server = Server::new(Limits::default(), AllowedHosts::loopback(), lifecycle.clone());
    let application = Arc::new(Application {
        site_url: "http://127.0.0.1".to_owned(),
        store: store.clone(),
        catalogue: caching::catalogue(&settings, store, &larder),
        larder: larder.clone(),
        token_key,
        lifecycle,
        metrics: Metrics::new(server.counts()),
        passwords: Passwords::default(),
        openapi: Bytes::new(),
        settings,
    });
    let pages = caching::pages(&application);
    (larder, router(application, &pages))
}
