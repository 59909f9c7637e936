//! Whoever shows what they have written sees it, and nobody can make work with tokens that are none.

use std::sync::Arc;

use larder::freshness::Xid;
use larder::incarnation::Incarnation;
use larder::{DataCache, Policy, Reading, TokenKey, WriteToken};

use crate::shop::{SECOND, SECRET, Shop, incarnation, number, plain, policy, settle, shelf, shop_with};

/// A shop where nobody else hears of a write for ten seconds.
async fn patient_shop() -> Shop {
    let patient = Policy { lease: 10 * SECOND, ..policy() };
    let shop =
        shop_with(patient, |database, request| Box::pin(async move { shelf(&database, &request) })).await;
    settle().await;
    shop
}

fn token(xid: Xid) -> String {
    TokenKey::new(SECRET).sign(WriteToken { incarnation: incarnation(), xid })
}

async fn shown(shop: &Shop, fields: &[(&str, &str)]) -> i64 {
    shop.get_with("/shelf/1", fields).await.text().lines().next().unwrap().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn whoever_shows_a_token_in_a_field_or_a_cookie_sees_the_write() {
    let shop = patient_shop().await;
    assert_eq!(shown(&shop, &[]).await, 0);
    let first = token(shop.database.write(1));
    assert_eq!(shown(&shop, &[]).await, 0, "the lease allows it");
    assert_eq!(shown(&shop, &[("write-token", &first)]).await, 1);
    let second = token(shop.database.write(1));
    assert_eq!(shown(&shop, &[]).await, 1);
    let cookie = format!("theme=dark; write_token={second}; other=1");
    assert_eq!(shown(&shop, &[("cookie", &cookie)]).await, 2);
    assert_eq!(shown(&shop, &[]).await, 2, "what was made for one is there for all");
    shop.seen();
    assert_eq!(shown(&shop, &[("write-token", &first), ("cookie", &cookie)]).await, 2);
    assert!(shop.seen().is_empty(), "an old token costs no load");
}

#[tokio::test(start_paused = true)]
async fn a_forged_token_is_no_token() {
    let shop = patient_shop().await;
    shown(&shop, &[]).await;
    let real = token(shop.database.write(1));
    let another =
        TokenKey::new(b"another secret").sign(WriteToken { incarnation: incarnation(), xid: Xid(1) });
    let (polls, later) = (shop.polls(), real.replace(".1.", ".2."));
    shop.seen();
    for forged in [another.as_str(), &later, "", "a.b.c", &real[1..], "\u{e9}", &"x".repeat(8_000)] {
        assert_eq!(shown(&shop, &[("write-token", forged)]).await, 0, "{forged}");
        assert_eq!(shown(&shop, &[("cookie", &format!("write_token={forged}"))]).await, 0, "{forged}");
    }
    assert_eq!((shop.polls(), shop.seen().len()), (polls, 0));
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_life_or_of_a_write_that_never_was_costs_one_shared_poll() {
    let shop = patient_shop().await;
    shown(&shop, &[]).await;
    let foreign = WriteToken { incarnation: Incarnation::of(["another"]), xid: Xid(1) };
    for foreign in [TokenKey::new(SECRET).sign(foreign), token(Xid(4711))] {
        settle().await;
        let polls = shop.polls();
        shop.seen();
        let answers = shop.crowd(50, "/shelf/1", &[("write-token", &foreign)]).await;
        assert!(answers.iter().all(|answer| answer.how().starts_with("hit; ")));
        assert!(shop.polls() - polls <= 2, "{} polls for 50 who came one by one", shop.polls() - polls);
        assert!(shop.seen().is_empty(), "nobody loads what is true");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_says_who_they_are_sees_their_write_in_what_is_kept_of_data_too() {
    struct Number(i64);
    impl larder::Weigh for Number {
        fn bytes(&self) -> usize {
            size_of::<Number>()
        }
    }
    let patient = Policy { lease: 10 * SECOND, ..policy() };
    let cache = Arc::new(std::sync::OnceLock::<DataCache<Number>>::new());
    let of_routes = Arc::clone(&cache);
    let shop = shop_with(patient, move |database, request| {
        let cache = of_routes.get().unwrap().clone();
        Box::pin(async move {
            let reading = request.extensions().get::<Reading>().unwrap();
            let id = number(request.uri());
            let load = move |reading: Reading| {
                std::future::ready(Ok::<_, std::convert::Infallible>(Number(database.ask(&reading, id))))
            };
            plain(&cache.read(reading, "number", load).await.unwrap().0.to_string())
        })
    })
    .await;
    let _ = cache.set(shop.larder.data(patient));
    let mine = ("authorization", "Bearer x");
    assert_eq!(shop.get_with("/shelf/1", &[mine]).await.text(), "0");
    let token = token(shop.database.write(1));
    assert_eq!(shop.get_with("/shelf/1", &[mine]).await.text(), "0", "the lease allows it");
    let answer = shop.get_with("/shelf/1", &[mine, ("write-token", &token)]).await;
    assert_eq!((answer.text(), answer.how()), ("1", "fwd=bypass; detail=authorization"));
}
