//! What routes see of requests, and what becomes of requests that are none of the cache's business.

use http::Method;
use http::header::{CACHE_CONTROL, HeaderValue};

use crate::shop::{plain, shelf, shop, shop_with};

#[tokio::test(start_paused = true)]
async fn routes_see_a_get_of_the_one_address_and_nothing_else() {
    let shop = shop().await;
    let fields = [("cookie", "session=mine"), ("x-forwarded-host", "evil.example"), ("host", "shop.example")];
    let answer = shop.ask(Method::HEAD, "/shelf/1?utm_source=mail", &fields, "a body").await;
    assert_eq!(answer.how(), "fwd=uri-miss; stored");
    let [seen] = &shop.seen()[..] else { panic!("one load") };
    assert_eq!((&seen.method, seen.uri.to_string()), (&Method::GET, "/shelf/1".to_owned()));
    assert!(seen.headers.is_empty() && seen.body.is_empty(), "{seen:?}");
    assert_eq!(shop.get("/shelf/1").await.text().lines().next(), Some("0"));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_no_rule_names_passes_untouched() {
    let shop = shop_with(crate::shop::policy(), |_, _| Box::pin(async { plain("till") })).await;
    for (method, target, fields, why) in [
        (Method::GET, "/till?a=1", &[("cookie", "b=2")][..], "not-cached"),
        (Method::POST, "/shelf/1?a=1", &[("cookie", "b=2")], "method"),
        (Method::GET, "/shelf/1?a=1", &[("authorization", "Basic Ynk6bWU=")], "authorization"),
        (Method::GET, "/shelf/1?a=1", &[("x-session", "mine")], "private"),
    ] {
        let answer = shop.ask(method.clone(), target, fields, "a body").await;
        assert_eq!((answer.text(), answer.how()), ("till", &*format!("fwd=bypass; detail={why}")));
        assert!(!answer.headers.contains_key("age"), "it is made for this request");
        let [seen] = &shop.seen()[..] else { panic!("one call") };
        assert_eq!((&seen.method, seen.uri.to_string()), (&method, target.to_owned()));
        assert_eq!((seen.headers.len(), seen.body.as_str()), (1, "a body"), "{seen:?}");
    }
    assert_eq!(shop.entries(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_passes_neither_fills_the_cache_nor_is_served_from_it() {
    let shop = shop().await;
    let stranger = shop.get("/shelf/1").await;
    shop.seen();
    shop.database.write(1);
    // Within the lease a stranger may be shown what is kept; whoever passes is not.
    let fields = [("authorization", "Bearer x")];
    shop.get_with("/shelf/1", &fields).await;
    assert_eq!(shop.seen().len(), 1);
    assert_eq!(shop.get("/shelf/1").await.body, stranger.body);
    assert!(shop.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_answered_to_somebody_is_theirs_whatever_the_route_says() {
    let shop = shop_with(crate::shop::policy(), |database, request| {
        Box::pin(async move {
            let is_page = request.uri().path() == "/shelf/1";
            let mut response = if is_page { shelf(&database, &request) } else { plain("till") };
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
            response
        })
    })
    .await;
    for own in [("authorization", "Basic Ynk6bWU="), ("x-session", "mine")] {
        for method in [Method::GET, Method::HEAD, Method::POST] {
            for target in ["/shelf/1", "/till"] {
                let answer = shop.ask(method.clone(), target, &[own], "").await;
                assert_eq!(answer.header("cache-control"), "private, no-store", "{own:?} {method} {target}");
            }
        }
    }
    assert_eq!(
        shop.get("/till").await.header("cache-control"),
        "public, max-age=60",
        "nobody's in particular"
    );
    assert_eq!(shop.get("/shelf/1").await.header("cache-control"), "public, no-cache");
}
