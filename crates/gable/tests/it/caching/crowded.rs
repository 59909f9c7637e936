//! More pages wanted than can be made.

use std::pin::pin;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use sqlx::Connection as _;

use crate::database::{Database, draft};

/// As many as there are connections to the database, by default.
const AT_ONCE: usize = 8;
const CROWD: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_when_all_places_are_taken_is_told_to_come_again_and_what_is_kept_is_served() {
    let database = Database::postgres();
    database.add([draft("Home")]).await;
    let site = database.serve();
    site.becomes_a_hit("/").await;
    let lock = site.database.lock_listings().await;
    let paths: Vec<String> = (0..CROWD)
        .map(|number| {
            ["/?min_price=", "/api/v1/properties?min_price="][number % 2].to_owned() + &number.to_string()
        })
        .collect();
    let mut answers = pin!(paths.iter().map(|path| site.get(path)).collect::<FuturesUnordered<_>>());
    for _ in AT_ONCE..CROWD {
        let answer = answers.next().await.unwrap();
        assert_eq!((answer.status, answer.header("retry-after")), (503, "1"), "{}", answer.url);
        assert_eq!(answer.header("cache-control"), "no-store");
        if answer.url.path().starts_with("/api/") {
            answer.problem();
            assert!(answer.text().contains("than can be made at once"), "{}", answer.text());
        } else {
            assert!(answer.page().text("main").contains("try again"), "{}", answer.text());
        }
    }
    assert!(site.get("/").await.is_hit());
    lock.close().await.unwrap();
    while let Some(answer) = answers.next().await {
        assert_eq!(answer.status, 200, "{}", answer.url);
    }
    let metrics = site.get("/properties/cache-metrics/").await.json();
    assert!(metrics.to_string().contains(&format!("\"crowded\":{}", CROWD - AT_ONCE)), "{metrics}");
}
