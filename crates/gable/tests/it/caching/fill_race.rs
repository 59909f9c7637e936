//! A reader reads, a writer commits, and only then the reader's answer is kept: whoever comes afterwards sees the write.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Request};
use axum::response::Response;
use axum::routing::get;
use hyper::header::HeaderValue;
use larder::{DataCache, How, Larder, NotKept, Options, Pace, Page, PageCache, PageRule, Policy, Reading};
use listings::{Property, Store, StoreError};
use tokio::sync::Semaphore;
use tower::{Layer as _, Service as _};

use crate::database::{Database, draft, over_both_databases};

over_both_databases!(
    data_that_was_read_before_a_commit_is_not_shown_after_it,
    a_page_that_was_read_before_a_commit_is_not_shown_after_it,
);

/// Where a load waits between its statement and its end.
#[derive(Debug)]
struct Gate {
    has_read: Semaphore,
    may_end: Semaphore,
}

/// One listing, its database, and a node that hears of nothing unless it has to ask.
struct Scene {
    database: Database,
    store: Store,
    larder: Larder,
    gate: Arc<Gate>,
}

fn policy() -> Policy {
    Policy { lease: Duration::ZERO, ..Policy::default() }
}

impl Scene {
    async fn over(database: Database) -> Scene {
        database.add([draft("before")]).await;
        let store = database.store().await;
        let pace = Pace { interval: Duration::from_hours(1), ..Pace::default() };
        let larder = Larder::start(|| store.changes(), Options { pace, ..Options::default() }).await;
        let gate = Arc::new(Gate { has_read: Semaphore::new(0), may_end: Semaphore::new(0) });
        Scene { database, store, larder, gate }
    }

    /// The writer commits between the reader's statement and the end of the reader's load.
    async fn race(&self, is_heard_of: bool) {
        self.gate.has_read.acquire().await.unwrap().forget();
        self.database.sql("update properties_property set title = 'after' where id = 1").await;
        if is_heard_of {
            // Another reader has to ask what has happened, so that this node knows before the load ends.
            let cache: DataCache<Option<Property>> = self.larder.data(policy());
            let store = self.store.clone();
            let load = move |reading: Reading| {
                let store = store.clone();
                async move { store.property_by_id(&reading, 2).await.map_err(Arc::new) }
            };
            cache.read(&Reading::of(self.larder.asked_now()), "another", load).await.unwrap();
        }
        self.gate.may_end.add_permits(100);
    }

    async fn again(&self) {
        self.database.sql("update properties_property set title = 'before' where id = 1").await;
        self.larder.clear();
        while self.gate.may_end.try_acquire().is_ok_and(|permit| {
            permit.forget();
            true
        }) {}
        while self.gate.has_read.try_acquire().is_ok_and(|permit| {
            permit.forget();
            true
        }) {}
    }
}

async fn title(store: &Store, gate: &Gate, reading: &Reading) -> Result<Option<Property>, Arc<StoreError>> {
    let property = store.property_by_id(reading, 1).await.map_err(Arc::new)?;
    gate.has_read.add_permits(1);
    gate.may_end.acquire().await.unwrap().forget();
    Ok(property)
}

async fn data_that_was_read_before_a_commit_is_not_shown_after_it(database: Database) {
    let scene = Scene::over(database).await;
    let cache: DataCache<Option<Property>> = scene.larder.data(policy());
    for is_heard_of in [false, true] {
        let (store, gate) = (scene.store.clone(), Arc::clone(&scene.gate));
        let load = move |reading: Reading| {
            let (store, gate) = (store.clone(), Arc::clone(&gate));
            async move { title(&store, &gate, &reading).await }
        };
        let (asked, first) = (scene.larder.asked_now(), (cache.clone(), load.clone()));
        let early =
            tokio::spawn(async move { first.0.answer(&Reading::of(asked), "property_1", first.1).await });
        scene.race(is_heard_of).await;
        let early = early.await.unwrap().unwrap();
        assert_eq!(early.value.as_ref().unwrap().title, "before", "that was so when they asked");
        let not_kept = is_heard_of.then_some(NotKept::Outdated);
        assert!(matches!(early.how, How::Loaded { not_kept: why, .. } if why == not_kept), "{:?}", early.how);
        let late = cache.answer(&Reading::of(scene.larder.asked_now()), "property_1", load).await.unwrap();
        assert_eq!(late.value.as_ref().unwrap().title, "after", "heard of: {is_heard_of}");
        scene.again().await;
    }
}

async fn a_page_that_was_read_before_a_commit_is_not_shown_after_it(database: Database) {
    let scene = Scene::over(database).await;
    let rule = PageRule { route: "/race", policy: policy(), address: |uri| Some(uri.path().to_owned()) };
    let pages = PageCache::new(scene.larder.clone(), "gable", vec![rule]);
    let (store, gate) = (scene.store.clone(), Arc::clone(&scene.gate));
    let show = move |Extension(reading): Extension<Reading>| {
        let (store, gate) = (store.clone(), Arc::clone(&gate));
        async move {
            let title = title(&store, &gate, &reading).await.unwrap().unwrap().title;
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(Page::new(HeaderValue::from_static("text/plain"), title));
            response
        }
    };
    let service = pages.layer(Router::new().route("/race", get(show)));
    let ask = || {
        let mut service = service.clone();
        let request = Request::builder().uri("/race").body(Body::empty()).unwrap();
        async move {
            let response = service.call(request).await.unwrap();
            let how = response.headers()["cache-status"].to_str().unwrap().to_owned();
            let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
            (String::from_utf8(body.to_vec()).unwrap(), how)
        }
    };
    for is_heard_of in [false, true] {
        let early = tokio::spawn(ask());
        scene.race(is_heard_of).await;
        let (title, how) = early.await.unwrap();
        assert_eq!(title, "before", "that was so when they asked");
        assert_eq!(how.ends_with("stored"), !is_heard_of, "{how}");
        let (title, how) = ask().await;
        assert_eq!(title, "after", "heard of: {is_heard_of}, {how}");
        let expected = if is_heard_of {
            "gable; fwd=uri-miss; stored"
        } else {
            "gable; fwd=stale; stored; detail=changed"
        };
        assert_eq!(how, expected);
        scene.again().await;
    }
}
