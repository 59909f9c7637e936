//! More people than there is room for.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use larder::LoadLimits;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::shop::{Answer, Shop, number, policy, settle, shelf, shop_with_loads};

const LIMITS: LoadLimits = LoadLimits { at_once: 2, waiting: 2, patience: Duration::from_millis(500) };

/// A shop whose pages are made only as somebody lets them, but for the page of counter 0.
async fn slow_shop() -> (Shop, Arc<Semaphore>) {
    let let_go = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&let_go);
    let shop = shop_with_loads(LIMITS, policy(), move |database, request| {
        let gate = Arc::clone(&gate);
        Box::pin(async move {
            if number(request.uri()) > 0 {
                gate.acquire().await.unwrap().forget();
            }
            shelf(&database, &request)
        })
    });
    (shop.await, let_go)
}

async fn asking(shop: &Shop, id: usize) -> JoinHandle<Answer> {
    let shop = shop.clone();
    let asking = tokio::spawn(async move { shop.get(&format!("/shelf/{id}")).await });
    settle().await;
    asking
}

#[tokio::test(start_paused = true)]
async fn so_many_pages_are_made_at_once_so_many_wait_and_whoever_comes_then_is_told_to_come_again() {
    let (shop, let_go) = slow_shop().await;
    let mut served = Vec::new();
    for id in 1..=4 {
        served.push(asking(&shop, id).await);
    }
    assert_eq!(shop.seen().len(), 2, "the others wait before the routes, not behind them");
    let answer = shop.get("/shelf/5").await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "1"));
    assert_eq!((answer.text(), answer.how()), ("The shop is full.", "fwd=miss; fwd-status=503"));
    let_go.add_permits(4);
    for asking in served {
        assert_eq!(asking.await.unwrap().status, StatusCode::OK);
    }
    assert_eq!((shop.larder.figures().page.crowded, shop.entries()), (1, 4));
    let_go.add_permits(1);
    assert_eq!(shop.get("/shelf/5").await.status, StatusCode::OK, "there is room again");
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_served_however_many_wait() {
    let (shop, _let_go) = slow_shop().await;
    shop.get("/shelf/0").await;
    for id in 1..=4 {
        asking(&shop, id).await;
    }
    let answer = shop.get("/shelf/0").await;
    assert_eq!((answer.status, answer.how().starts_with("hit")), (StatusCode::OK, true));
}

#[tokio::test(start_paused = true)]
async fn who_says_who_they_are_takes_a_place_like_any_other() {
    let (shop, let_go) = slow_shop().await;
    let mine = [("authorization", "Bearer mine")];
    let mut served = Vec::new();
    for id in 1..=4 {
        let shop = shop.clone();
        served.push(tokio::spawn(async move { shop.get_with(&format!("/shelf/{id}"), &mine).await }));
        settle().await;
    }
    assert_eq!(shop.seen().len(), 2, "the others wait before the routes");
    let answer = shop.get_with("/shelf/5", &mine).await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "1"));
    let_go.add_permits(4);
    for asking in served {
        assert_eq!(asking.await.unwrap().status, StatusCode::OK);
    }
    assert_eq!(shop.larder.figures().page.crowded, 1);
}

#[tokio::test(start_paused = true)]
async fn any_number_who_want_the_same_take_one_place() {
    let (shop, let_go) = slow_shop().await;
    let (first, _second) = (asking(&shop, 1).await, asking(&shop, 2).await);
    let crowd = tokio::spawn({
        let shop = shop.clone();
        async move { shop.crowd(100, "/shelf/3", &[]).await }
    });
    settle().await;
    let last = asking(&shop, 4).await;
    let_go.add_permits(4);
    assert!(crowd.await.unwrap().iter().all(|answer| answer.status == StatusCode::OK));
    assert_eq!((first.await.unwrap().status, last.await.unwrap().status), (StatusCode::OK, StatusCode::OK));
}

#[tokio::test(start_paused = true)]
async fn while_the_database_says_nothing_nobody_waits_for_a_page_that_it_is_asked_for() {
    let (shop, _let_go) = slow_shop().await;
    shop.database.lock().is_silent = true;
    for _ in 0..10 {
        shop.pass(Duration::from_millis(50)).await;
    }
    let told = asking(&shop, 1).await;
    for _ in 0..4 {
        shop.pass(Duration::from_millis(50)).await;
    }
    assert!(told.is_finished(), "the page itself is still being made");
    let answer = told.await.unwrap();
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "1"));
}

#[tokio::test(start_paused = true)]
async fn whoever_has_waited_for_too_long_is_told_to_come_again() {
    let (shop, _let_go) = slow_shop().await;
    let mut waiting = Vec::new();
    for id in 1..=3 {
        waiting.push(asking(&shop, id).await);
    }
    shop.pass(LIMITS.patience).await;
    let answer = waiting.pop().unwrap().await.unwrap();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}
