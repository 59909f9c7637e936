//! Which answers are kept, and which never.

use gable::router::NEVER_KEPT;

use super::{PAGES, Twins};
use crate::database::{Database, over_both_databases};

over_both_databases!(
    every_page_is_a_hit_the_second_time,
    what_is_not_a_page_is_never_kept,
    errors_and_redirects_are_never_kept,
    a_list_that_is_larger_than_one_entry_may_be_is_served_and_not_kept,
);

async fn every_page_is_a_hit_the_second_time(database: Database) {
    let twins = Twins::over(database).await;
    for path in PAGES {
        assert_eq!(twins.site.get(path).await.how(), "fwd=uri-miss; stored", "{path}");
        let again = twins.tells_the_truth(path).await;
        assert!(again.is_hit() && again.how().ends_with("detail=memory"), "{path}: {}", again.how());
        assert_eq!(again.header("age"), "0");
        assert!(again.header("cache-groups").contains("\"properties_property"), "{path}");
    }
}

async fn what_is_not_a_page_is_never_kept(database: Database) {
    let twins = Twins::over(database).await;
    // Of the admin area another test tells: it is for those who have signed in.
    for (route, why) in NEVER_KEPT.iter().filter(|(route, _)| !route.starts_with("/admin")) {
        let name = if route.starts_with("/static/") { "site.css" } else { "house-1.svg" };
        let path = route.replace("{id}", "1").replace("{name}", name);
        for _ in 0..2 {
            let answer = twins.site.get(&path).await;
            // What is only written to is there too.
            assert!(answer.status < 400 || answer.status == 405, "{path}: {}", answer.status);
            assert_eq!(answer.how(), "fwd=bypass; detail=not-cached", "{path}: {why}");
        }
    }
    assert_eq!(entries(&twins).await, 0);
}

async fn errors_and_redirects_are_never_kept(database: Database) {
    let twins = Twins::at_once(database).await;
    for (path, status, how) in [
        ("/properties/999/", 404, "fwd=miss; fwd-status=404"),
        ("/api/v1/properties/999", 404, "fwd=miss; fwd-status=404"),
        ("/sitemaps/x.xml", 404, "fwd=bypass; detail=not-cached"),
        ("/?kind=castle", 400, "fwd=bypass; detail=not-cached"),
        ("/api/v1/properties?status=draft", 403, "fwd=bypass; detail=not-cached"),
        ("/api/v1/properties?unknown=1", 400, "fwd=bypass; detail=not-cached"),
        ("/nothing", 404, "fwd=bypass; detail=not-cached"),
        ("/properties/1", 308, "fwd=bypass; detail=not-cached"),
    ] {
        for _ in 0..2 {
            let answer = twins.site.get(path).await;
            assert_eq!((answer.status, answer.how()), (status, how), "{path}");
            assert!(answer.status == 308 || answer.header("cache-control") == "no-store", "{path}");
        }
    }
    // That there is no such listing is known; the page that says so is made anew.
    twins.site.database.sql("update properties_property set id = 999 where id = 1").await;
    assert_eq!(twins.tells_the_truth("/properties/999/").await.status, 200);
    assert_eq!(twins.tells_the_truth("/api/v1/properties/999").await.status, 200);
    assert_eq!(twins.tells_the_truth("/properties/1/").await.status, 404);
}

async fn a_list_that_is_larger_than_one_entry_may_be_is_served_and_not_kept(database: Database) {
    database.fill(1_000, 400).await;
    let site = database.serve_with(&[("CACHE_MEMORY", "1MiB")]);
    for times in 1..3 {
        let answer = site.get("/properties/").await;
        assert_eq!((answer.ids().len(), answer.how()), (1_000, "fwd=uri-miss; detail=too-large"));
        let metrics = site.get("/properties/cache-metrics/").await.json();
        assert_eq!(metrics["metrics"]["kinds"]["page"]["not_kept"]["too-large"], times);
        assert!(metrics["metrics"]["levels"]["memory"]["rejected"].as_u64() >= Some(times));
    }
    assert_eq!(site.get("/properties/1/").await.how(), "fwd=uri-miss; stored", "what is smaller is kept");
}

async fn entries(twins: &Twins) -> u64 {
    let metrics = twins.site.get("/properties/cache-metrics/").await.json();
    metrics["metrics"]["levels"]["memory"]["entries"].as_u64().unwrap_or_default()
}
