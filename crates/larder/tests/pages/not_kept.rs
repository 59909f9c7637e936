//! Answers that are no pages for everybody: given to whoever asked, and not kept.

use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use larder::{Health, Reading};

use crate::shop::{SECOND, Shop, Times, number, page, plain, policy, settle, shelf, shop, shop_with};

/// A shop that adds a field to each answer: to that of a page, or of a plain one.
async fn adding(name: &'static str, value: &'static str, to_page: bool) -> Shop {
    shop_with(policy(), move |database, request| {
        Box::pin(async move {
            let mut response = shelf(&database, &request);
            if !to_page {
                response = plain("words");
            }
            response.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_static(value));
            settle().await;
            response
        })
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn what_a_page_for_everybody_does_not_have_is_passed_on_and_not_kept() {
    for to_page in [true, false] {
        for (name, value) in [
            ("set-cookie", "session=mine"),
            ("cache-control", "private"),
            ("cache-control", "max-age=60, No-Store"),
            ("vary", "Cookie"),
            ("vary", "Accept-Encoding, Cookie"),
            ("vary", "*"),
            ("x-anything", "else"),
            ("content-encoding", "br"),
            ("content-language", "en"),
        ] {
            let shop = adding(name, value, to_page).await;
            for _ in 0..2 {
                let answer = shop.get("/shelf/1").await;
                assert_eq!((answer.status, answer.header(name)), (StatusCode::OK, value));
                assert_eq!(answer.how(), "fwd=miss; fwd-status=200", "{name}: {value}");
                assert!(answer.text().starts_with(if to_page { "0\n" } else { "words" }), "{name}: {value}");
            }
            assert_eq!((shop.seen().len(), shop.entries()), (2, 0), "{name}: {value}");
            let crowd = shop.crowd(10, "/shelf/1", &[]).await;
            assert!(crowd.iter().all(|answer| answer.header(name) == value));
            assert_eq!(shop.seen().len(), 1, "those who come at the same time share it all the same");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_page_for_everybody_may_have_does_not_keep_it_from_being_kept() {
    for to_page in [true, false] {
        for (name, value, is_said) in [
            ("vary", "accept-encoding", true),
            ("link", "</shelf/2>; rel=\"next\"", true),
            ("cache-control", "public, max-age=60", false),
            ("etag", "\"of the route\"", false),
            ("date", "Sat, 01 Nov 2026 00:00:00 GMT", false),
        ] {
            let shop = shop_with(policy(), move |database, request| {
                Box::pin(async move {
                    let made = shelf(&database, &request);
                    let mut response = if to_page { made } else { plain("words") };
                    response
                        .headers_mut()
                        .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
                    response
                })
            })
            .await;
            let (first, again) = (shop.get("/shelf/1").await, shop.get("/shelf/1").await);
            assert_eq!(first.how(), "fwd=uri-miss; stored", "{name}");
            assert!(again.how().starts_with("hit; "), "{name}: {}", again.how());
            assert_eq!(again.header(name).eq_ignore_ascii_case(value), is_said, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_another_status_is_not_kept() {
    for status in [201, 204, 206, 302, 304, 404, 410, 500, 503] {
        let shop = shop_with(policy(), move |database, request| {
            Box::pin(async move {
                let mut response = shelf(&database, &request);
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                response
            })
        })
        .await;
        for _ in 0..2 {
            let answer = shop.get("/shelf/1").await;
            assert_eq!(answer.status.as_u16(), status);
            assert_eq!(answer.how(), format!("fwd=miss; fwd-status={status}"));
        }
        assert_eq!((shop.seen().len(), shop.entries()), (2, 0), "{status}");
        assert_eq!(shop.larder.figures().page.failed, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_whose_route_has_read_nothing_is_served_and_not_kept() {
    let shop = shop_with(policy(), |_, _| Box::pin(async { plain("made up") })).await;
    for times in 1..4 {
        let answer = shop.get("/shelf/1").await;
        assert_eq!((answer.text(), answer.how()), ("made up", "fwd=uri-miss; detail=nothing-read"));
        assert_eq!((shop.not_kept("nothing-read"), shop.entries()), (times, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_route_that_panics_fails_its_own_request_and_no_other() {
    let times = Times::default();
    let shop = shop_with(policy(), move |database, request| {
        let times = times.clone();
        Box::pin(async move {
            assert!(times.once_more() > 1, "a route with a mistake");
            shelf(&database, &request)
        })
    })
    .await;
    let lost = shop.get("/shelf/1").await;
    assert_eq!((lost.status, lost.how()), (StatusCode::INTERNAL_SERVER_ERROR, "fwd=miss"));
    assert_eq!(shop.get("/shelf/1").await.how(), "fwd=uri-miss; stored");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_longer_than_any_page_is_an_error_that_says_nothing_of_its_length() {
    let shop = shop_with(policy(), |database, request| {
        Box::pin(async move {
            database.ask(request.extensions().get::<Reading>().unwrap(), 1);
            let body = Bytes::from(vec![b'x'; (64 << 20) + 1]);
            let length = HeaderValue::from(body.len());
            let mut response = Response::new(Full::new(body));
            response.headers_mut().insert("content-length", length);
            response
        })
    })
    .await;
    let answer = shop.get("/shelf/1").await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::INTERNAL_SERVER_ERROR, 0));
    assert_eq!(answer.header("content-length"), "");
    assert_eq!(shop.entries(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_takes_too_much_of_the_memory_is_served_and_not_kept() {
    let shop = shop_with(policy(), |database, request| {
        Box::pin(async move {
            database.ask(request.extensions().get::<Reading>().unwrap(), 1);
            plain(&"x".repeat(number(request.uri())))
        })
    })
    .await;
    let largest = shop.larder.figures().memory.largest_bytes;
    let target = format!("/shelf/{largest}");
    for times in 1..3 {
        let answer = shop.get(&target).await;
        assert_eq!((answer.body.len(), answer.how()), (largest, "fwd=uri-miss; detail=too-large"));
        assert_eq!((shop.not_kept("too-large"), shop.larder.figures().memory.rejected), (times, times));
    }
    assert_eq!(shop.get("/shelf/2000").await.how(), "fwd=uri-miss; stored");
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_too_long_for_the_memory_is_served_and_not_kept() {
    let shop = shop().await;
    // The longest that the type of an address holds.
    let target = format!("/shelf/{}", "a".repeat(65_000));
    let answer = shop.get(&target).await;
    assert_eq!(answer.status, StatusCode::OK);
    let bytes = shop.larder.figures().memory.bytes;
    assert!(bytes == 0 || bytes > 65_000, "what is kept is counted with its name: {bytes}");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_changes_while_it_is_made_is_served_and_not_kept() {
    let shop = shop_with(policy(), |database, request| {
        Box::pin(async move {
            let response = shelf(&database, &request);
            tokio::time::sleep(Duration::from_millis(50)).await;
            response
        })
    })
    .await;
    let asking = tokio::spawn({
        let shop = shop.clone();
        async move { shop.get("/shelf/1").await }
    });
    settle().await;
    shop.database.write(1);
    shop.pass(Duration::from_millis(100)).await;
    let answer = asking.await.unwrap();
    assert_eq!((answer.text().lines().next(), answer.how()), (Some("0"), "fwd=uri-miss; detail=outdated"));
    assert_eq!(shop.entries(), 0);
}

#[tokio::test(start_paused = true)]
async fn while_changes_are_not_reported_no_page_is_kept_and_each_says_so() {
    let shop = shop().await;
    shop.get("/shelf/1").await;
    shop.database.lock().is_watched = false;
    shop.pass(11 * SECOND).await;
    assert!(matches!(shop.larder.health(), Health::Unwatched(_)));
    for _ in 0..2 {
        shop.database.write(1);
        shop.database.write(2);
        let (known, new) = (shop.get("/shelf/1").await, shop.get("/shelf/2").await);
        assert_eq!(known.text().lines().next(), new.text().lines().next());
        assert_eq!(known.how(), "fwd=stale; detail=unwatched");
        assert_eq!(new.how(), "fwd=uri-miss; detail=unwatched");
    }
    assert_eq!(shop.get("/shelf/2").await.text().lines().next(), Some("2"));
    shop.database.lock().is_watched = true;
    shop.pass(11 * SECOND).await;
    assert_eq!(shop.get("/shelf/1").await.how(), "fwd=stale; stored; detail=forgotten");
    assert!(shop.get("/shelf/1").await.how().starts_with("hit; "));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_says_more_than_a_page_can_is_passed_on_whole() {
    let shop = adding("set-cookie", "session=mine", true).await;
    let answer = shop.get("/shelf/1").await;
    assert_eq!(answer.body, page("0").plain());
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("content-length"), answer.body.len().to_string());
}
