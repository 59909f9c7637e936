//! What is made of one entry: methods, codings, validators, and what is said of it.

use std::time::Duration;

use http::{Method, StatusCode};
use larder::Policy;

use crate::shop::{LEASE, SECOND, page, policy, settle, shop, shop_with};

const CODINGS: [&str; 4] = ["br", "zstd", "gzip", "identity"];

#[tokio::test(start_paused = true)]
async fn head_and_304_and_every_coding_come_of_one_entry() {
    let shop = shop().await;
    shop.get("/shelf/1").await;
    let mut validators = Vec::new();
    for coding in CODINGS {
        let accepting = ("accept-encoding", coding);
        let get = shop.get_with("/shelf/1", &[accepting]).await;
        let head = shop.ask(Method::HEAD, "/shelf/1", &[accepting], "").await;
        assert_eq!((get.status, head.status, head.body.len()), (StatusCode::OK, StatusCode::OK, 0));
        assert_eq!(get.header("content-length"), get.body.len().to_string());
        let expected = if coding == "identity" { "" } else { coding };
        assert_eq!((get.header("content-encoding"), get.header("vary")), (expected, "Accept-Encoding"));
        let mut got = get.headers.clone();
        got.insert("cache-status", head.headers["cache-status"].clone());
        assert_eq!(got, head.headers, "{coding}");
        let etag = get.header("etag").to_owned();
        for condition in [etag.clone(), format!("\"other\", W/{etag}"), "*".to_owned()] {
            let again = shop.get_with("/shelf/1", &[accepting, ("if-none-match", &condition)]).await;
            assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
            assert_eq!(again.header("etag"), etag);
            assert!(again.how().starts_with("hit; ttl="), "{}", again.how());
        }
        assert!(etag.starts_with('"') && !validators.contains(&etag), "strong, and of its own: {etag}");
        validators.push(etag);
    }
    assert_eq!((shop.seen().len(), shop.entries()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn codings_are_made_once_and_while_nobody_waits_for_them() {
    let shop = shop().await;
    shop.get("/shelf/1").await;
    let bytes_before = shop.larder.figures().memory.bytes;
    settle().await;
    let figures = shop.larder.figures().memory;
    assert!(figures.bytes > bytes_before, "the entry has come to weigh more by its codings");
    assert_eq!(figures.entries, 1);
    let mut coded = 0;
    for coding in CODINGS {
        let (one, other) = (
            shop.get_with("/shelf/1", &[("accept-encoding", coding)]).await,
            shop.get_with("/shelf/1", &[("accept-encoding", coding)]).await,
        );
        assert_eq!(one.body.as_ptr(), other.body.as_ptr(), "{coding}: the same bytes, not made again");
        coded += if coding == "identity" { 0 } else { one.body.len() as u64 };
    }
    assert_eq!(figures.bytes - bytes_before, coded);
    assert_eq!(shop.larder.figures().memory.bytes, figures.bytes);
}

#[tokio::test(start_paused = true)]
async fn an_answer_says_how_old_it_is_and_how_long_it_may_still_serve() {
    let shop = shop().await;
    assert_eq!(shop.get("/shelf/1").await.header("age"), "0");
    shop.pass(5 * SECOND).await;
    let answer = shop.get("/shelf/1").await;
    assert_eq!(answer.header("age"), "5");
    let ttl = answer.how().strip_prefix("hit; ttl=").unwrap().strip_suffix("; detail=memory").unwrap();
    assert!((895..995).contains(&ttl.parse::<u32>().unwrap()), "{ttl}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_says_why_it_had_to_be_made() {
    let shop = shop_with(Policy { lifetime: 100 * SECOND, ..policy() }, |database, request| {
        Box::pin(async move { crate::shop::shelf(&database, &request) })
    })
    .await;
    assert_eq!(shop.get("/shelf/1").await.how(), "fwd=uri-miss; stored");
    shop.database.write(1);
    shop.pass(2 * LEASE).await;
    assert_eq!(shop.get("/shelf/1").await.how(), "fwd=stale; stored; detail=changed");
    shop.database.write(2);
    shop.pass(2 * LEASE).await;
    assert!(shop.get("/shelf/1").await.how().starts_with("hit; "), "another counter is none of its own");
    shop.pass(101 * SECOND).await;
    assert_eq!(shop.get("/shelf/1").await.how(), "fwd=stale; stored; detail=expired");
}

#[tokio::test(start_paused = true)]
async fn of_all_who_miss_at_the_same_time_one_loads_and_the_others_say_that_they_waited() {
    let shop = shop_with(policy(), |database, request| {
        Box::pin(async move {
            let response = crate::shop::shelf(&database, &request);
            settle().await;
            response
        })
    })
    .await;
    let answers = shop.crowd(20, "/shelf/1", &[]).await;
    let how = |words: &str| answers.iter().filter(|answer| answer.how() == words).count();
    assert_eq!((how("fwd=uri-miss; stored"), how("fwd=uri-miss; collapsed")), (1, 19));
    assert_eq!(shop.seen().len(), 1);
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
}

#[tokio::test(start_paused = true)]
async fn while_the_database_is_gone_a_kept_page_is_served_and_says_that_it_is_stale() {
    let grace = Policy { stale_if_error: 60 * SECOND, ..policy() };
    let shop = shop_with(grace, |database, request| {
        Box::pin(async move { crate::shop::shelf(&database, &request) })
    })
    .await;
    let before = shop.get("/shelf/1").await;
    shop.database.lock().polls_fail = true;
    shop.pass(SECOND).await;
    let answer = shop.get("/shelf/1").await;
    assert_eq!((answer.how(), answer.header("age")), ("hit; detail=stale", "1"));
    assert_eq!(answer.body, before.body);
    shop.database.lock().polls_fail = false;
    shop.pass(SECOND).await;
    assert!(shop.get("/shelf/1").await.how().ends_with("detail=memory"));
}

#[tokio::test(start_paused = true)]
async fn a_page_names_the_rows_that_it_is_made_of_and_no_more_than_a_cache_must_support() {
    let shop = shop_with(policy(), |database, request| {
        Box::pin(async move {
            let reading = request.extensions().get::<larder::Reading>().unwrap();
            let many = crate::shop::number(request.uri());
            let sum: i64 = (0..many).map(|id| database.ask(reading, id)).sum();
            let mut response = http::Response::new(http_body_util::Full::default());
            response.extensions_mut().insert(page(&sum.to_string()));
            response
        })
    })
    .await;
    let answer = shop.get("/shelf/2").await;
    assert_eq!(answer.header("cache-groups"), "\"counters/0\", \"counters/1\"");
    let answer = shop.get("/shelf/60").await;
    let groups: Vec<&str> = answer.header("cache-groups").split(", ").collect();
    assert_eq!(groups[0], "\"counters\"", "the rest is covered by the table");
    assert!(groups.len() <= 32 && groups.iter().all(|group| group.len() <= 34), "{groups:?}");
    let again = shop.get_with("/shelf/2", &[("if-none-match", "*")]).await;
    assert_eq!(again.header("cache-groups"), "\"counters/0\", \"counters/1\"", "of a 304 too");
}

#[tokio::test(start_paused = true)]
async fn a_browser_is_told_to_ask_again_and_mostly_hears_that_nothing_has_changed() {
    let shop = shop().await;
    let first = shop.get("/shelf/1").await;
    assert_eq!(first.header("cache-control"), "public, no-cache");
    let etag = first.header("etag").to_owned();
    let condition = [("if-none-match", etag.as_str())];
    assert_eq!(shop.get_with("/shelf/1", &condition).await.status, StatusCode::NOT_MODIFIED);
    shop.database.write(1);
    shop.pass(LEASE + Duration::from_millis(50)).await;
    let changed = shop.get_with("/shelf/1", &condition).await;
    assert_eq!((changed.status, changed.text().lines().next()), (StatusCode::OK, Some("1")));
    assert_ne!(changed.header("etag"), etag);
}
