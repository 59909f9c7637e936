//! A page lives for a quarter of an hour, the data that it is made of for an hour: a site in this process, whose clock stands
//! still until it is moved.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use gable::access::password::Passwords;
use gable::application::Application;
use gable::metrics::Metrics;
use gable::server::{Lifecycle, Limits, Server};
use gable::settings::{Flags, Settings, Sources};
use gable::{caching, router};
use larder::clock::Clock;
use larder::{KindFigures, Larder, Missed, Options};
use tower::Service as _;

use crate::database::{Database, draft, over_both_databases};

over_both_databases!(
    a_page_that_has_expired_is_made_again_of_data_that_has_not,
    data_that_has_expired_is_read_again,
);

struct Still {
    router: Router,
    larder: Larder,
    clock: Clock,
    _database: Database,
}

impl Still {
    async fn over(database: Database) -> Still {
        database.add([draft("Home")]).await;
        let store = database.store().await;
        let flags = BTreeMap::from([("DATABASE_URL", database.url.clone())]);
        let settings = Settings::read(&Sources::of_process(Flags(flags)).unwrap()).unwrap();
        let clock = Clock::manual();
        clock.advance(Duration::from_secs(1));
        let options = Options { clock: clock.clone(), ..caching::options(&settings) };
        let larder = Larder::start(|| store.changes(), options).await;
        let lifecycle = Lifecycle::new();
        let server = Server::new(Limits::default(), settings.allowed_hosts.clone(), lifecycle.clone());
        let token_key = caching::token_key(&settings);
        let application = Application {
            catalogue: caching::catalogue(&settings, &store, &larder),
            settings,
            site_url: "http://localhost".to_owned(),
            store,
            larder: larder.clone(),
            token_key,
            lifecycle,
            metrics: Metrics::new(server.counts()),
            passwords: Passwords::default(),
            openapi: Bytes::new(),
        };
        let pages = caching::pages(&application);
        let router = router::router(Arc::new(application), &pages);
        Still { router, larder, clock, _database: database }
    }

    /// How a page was come by.
    async fn how(&self, path: &str) -> String {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = self.router.clone().call(request).await.unwrap();
        assert_eq!(response.status(), 200);
        response.headers()["cache-status"].to_str().unwrap().strip_prefix("gable; ").unwrap().to_owned()
    }

    /// Time passes, and the database is followed in it.
    async fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        let before = self.polls();
        // One may have been sent before the time was moved.
        while self.polls() < before + 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn polls(&self) -> u64 {
        self.larder.figures().ledger.unwrap().polls
    }
}

fn missed(figures: &KindFigures, why: Missed) -> u64 {
    figures.missed.iter().find(|(missed, _)| *missed == why).unwrap().1
}

const PATH: &str = "/api/v1/properties/1";

async fn a_page_that_has_expired_is_made_again_of_data_that_has_not(database: Database) {
    let still = Still::over(database).await;
    assert_eq!(still.how(PATH).await, "fwd=uri-miss; stored");
    still.pass(700).await;
    assert!(still.how(PATH).await.starts_with("hit; ttl="), "and it is not made again ahead of its end yet");
    still.pass(201).await;
    assert_eq!(still.how(PATH).await, "fwd=stale; stored; detail=expired");
    let figures = still.larder.figures();
    assert_eq!((figures.data.hits, figures.data.loads, figures.data.statements), (1, 1, 1));
    assert_eq!(missed(&figures.page, Missed::Expired), 1);
}

async fn data_that_has_expired_is_read_again(database: Database) {
    let still = Still::over(database).await;
    still.how(PATH).await;
    still.pass(3_601).await;
    assert_eq!(still.how(PATH).await, "fwd=stale; stored; detail=expired");
    let figures = still.larder.figures();
    assert_eq!((missed(&figures.data, Missed::Expired), figures.data.loads), (1, 2));
}
