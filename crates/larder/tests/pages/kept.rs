//! Pages that are made of kept data.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::Method;
use http::header::{HeaderMap, HeaderValue};
use larder::{DataCache, Policy, Reading, Weigh};

use crate::shop::{
    Database, LEASE, OF_SHOP, Responding, SECOND, Shop, Times, field, number, plain, policy, settle, shelf,
    shop_with,
};

struct Number(i64);

impl Weigh for Number {
    fn bytes(&self) -> usize {
        size_of::<Number>()
    }
}

/// A shop whose pages live for 100 s and are made of data that lives for 1,000 s; and how often the data was loaded.
async fn shop_over_data(grace: Duration) -> (Shop, Times) {
    let (cache, loads) = (Arc::new(OnceLock::<DataCache<Number>>::new()), Times::default());
    let (of_routes, counted) = (Arc::clone(&cache), loads.clone());
    let shop = shop_with(Policy { lifetime: 100 * SECOND, ..policy() }, move |database, request| {
        let (cache, counted) = (of_routes.get().unwrap().clone(), counted.clone());
        Box::pin(async move {
            let reading = request.extensions().get::<Reading>().unwrap();
            let id = number(request.uri());
            let load = move |reading: Reading| {
                counted.once_more();
                std::future::ready(Ok::<_, std::convert::Infallible>(Number(database.ask(&reading, id))))
            };
            plain(&cache.read(reading, "number", load).await.unwrap().0.to_string())
        })
    })
    .await;
    let _ = cache.set(shop.larder.data(Policy { stale_if_error: grace, ..policy() }));
    (shop, loads)
}

#[tokio::test(start_paused = true)]
async fn data_outlives_the_page_that_was_made_of_it() {
    let (shop, loads) = shop_over_data(Duration::ZERO).await;
    assert_eq!(shop.get("/shelf/1").await.how(), "fwd=uri-miss; stored");
    shop.pass(101 * SECOND).await;
    assert_eq!(shop.get("/shelf/1").await.how(), "fwd=stale; stored; detail=expired");
    let figures = shop.larder.figures();
    assert_eq!((loads.so_far(), figures.data.hits, figures.page.loads), (1, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_change_ends_the_page_and_the_data_that_it_is_made_of() {
    let (shop, loads) = shop_over_data(Duration::ZERO).await;
    shop.get("/shelf/1").await;
    shop.database.write(1);
    shop.pass(2 * LEASE).await;
    let answer = shop.get("/shelf/1").await;
    assert_eq!((answer.text(), answer.how()), ("1", "fwd=stale; stored; detail=changed"));
    assert_eq!(loads.so_far(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_is_made_again() {
    let (shop, loads) = shop_over_data(Duration::ZERO).await;
    shop.get("/shelf/1").await;
    shop.larder.clear();
    assert_eq!(shop.get("/shelf/1").await.how(), "fwd=uri-miss; stored");
    assert_eq!(loads.so_far(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_kept_page_is_found_at_once_without_the_routes() {
    let (shop, _) = shop_over_data(Duration::ZERO).await;
    let (uri, headers) = ("/shelf/1".parse().unwrap(), http::HeaderMap::new());
    let find = || shop.pages.find(shop.clock.now(), &http::Method::GET, &uri, &headers);
    assert!(find().is_none());
    shop.get("/shelf/1").await;
    let found = find().unwrap();
    assert_eq!((found.route, found.response.status()), ("shelf", http::StatusCode::OK));
    shop.database.write(1);
    shop.pass(2 * LEASE).await;
    assert!(find().is_none(), "what has changed is not found");
}

#[tokio::test(start_paused = true)]
async fn what_is_found_at_once_says_what_the_longer_way_says_and_what_was_given_to_it() {
    let linked = |database: Database, request: http::Request<String>| -> Responding {
        Box::pin(async move {
            let mut response = shelf(&database, &request);
            let link = HeaderValue::from_static("</shelf/2>; rel=\"next\"");
            if request.uri().path() == "/shelf/2" {
                response.headers_mut().insert("link", link);
            }
            response
        })
    };
    let shop = shop_with(policy(), linked).await;
    for (path, coding) in [("/shelf/1", "br"), ("/shelf/2", "gzip"), ("/shelf/2", "identity")] {
        let etag = shop.get_with(path, &[("accept-encoding", coding)]).await.header("etag").to_owned();
        settle().await;
        for (method, condition) in
            [(Method::GET, "\"none\""), (Method::HEAD, "\"none\""), (Method::GET, &etag)]
        {
            let asked = [("accept-encoding", coding), ("if-none-match", condition)];
            let longer = shop.ask(method.clone(), path, &asked, "").await;
            let headers = HeaderMap::from_iter(asked.map(field));
            let found = shop
                .pages
                .find(shop.clock.now(), &method, &path.parse().unwrap(), &headers)
                .unwrap()
                .response;
            let mut expected = longer.headers.clone();
            expected.extend(OF_SHOP.map(field));
            assert_eq!(*found.headers(), expected, "{method} {path} {coding} {condition}");
            assert_eq!((found.status(), found.into_body()), (longer.status, longer.body));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_passes_and_is_made_of_something_stale_says_so() {
    let (shop, _) = shop_over_data(60 * SECOND).await;
    shop.get("/shelf/1").await;
    shop.database.lock().polls_fail = true;
    shop.database.write(1);
    shop.pass(SECOND).await;
    let answer = shop.get_with("/shelf/1", &[("authorization", "Bearer x")]).await;
    assert_eq!((answer.text(), answer.how()), ("0", "fwd=bypass; detail=stale"));
}
