//! The figures of `/properties/cache-metrics/`.

use serde_json::Value;

use crate::database::{Database, draft, over_both_databases};
use crate::site::Site;

over_both_databases!(
    the_figures_start_at_nothing_and_agree_with_each_other,
    each_read_is_counted_by_what_came_of_it,
    the_figures_are_never_kept_and_count_no_request_for_themselves,
);

async fn site(database: Database) -> Site {
    database.add([draft("One"), draft("Another")]).await;
    database.serve()
}

impl Site {
    async fn figures(&self) -> Value {
        let answer = self.get("/properties/cache-metrics/").await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
        agrees(&answer.json()["metrics"]);
        answer.json()["metrics"].take()
    }
}

fn count(figures: &Value, path: &str) -> u64 {
    figures.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("{path} in {figures}"))
}

/// The Django project's four figures are those of the kinds, added up.
fn agrees(figures: &Value) {
    let (hits, misses) = (count(figures, "/keyspace_hits"), count(figures, "/keyspace_misses"));
    let total = count(figures, "/total_requests");
    assert_eq!(hits + misses, total);
    let ratio = figures["hit_ratio"].as_f64().unwrap_or_else(|| panic!("{figures}"));
    let expected =
        f64::from(u32::try_from(hits).unwrap_or(0)) / f64::from(u32::try_from(total).unwrap_or(0).max(1));
    assert!((ratio - expected).abs() < 1e-9, "{figures}");
    let of_kind = |kind: &str| {
        let kind = &figures["kinds"][kind];
        let of_all_reasons: u64 = kind["misses"]
            .as_object()
            .into_iter()
            .flat_map(|all| all.values())
            .filter_map(Value::as_u64)
            .sum();
        (count(kind, "/hits") + count(kind, "/stale"), of_all_reasons)
    };
    let (page, data) = (of_kind("page"), of_kind("data"));
    assert_eq!((page.0 + data.0, page.1 + data.1), (hits, misses), "{figures}");
}

async fn the_figures_start_at_nothing_and_agree_with_each_other(database: Database) {
    let site = site(database).await;
    let figures = site.figures().await;
    assert_eq!(count(&figures, "/total_requests"), 0);
    assert_eq!(figures["hit_ratio"], 0.0);
    assert_eq!(figures["database"]["health"], "well");
    assert_eq!(count(&figures, "/levels/memory/entries"), 0);
    for reason in ["absent", "expired", "changed", "forgotten", "too-much", "unknown"] {
        assert_eq!(count(&figures, &format!("/kinds/page/misses/{reason}")), 0);
    }
    for reason in ["nothing-read", "unkeepable", "outdated", "too-large", "unknown", "unwatched"] {
        assert_eq!(count(&figures, &format!("/kinds/data/not_kept/{reason}")), 0);
    }
}

async fn each_read_is_counted_by_what_came_of_it(database: Database) {
    let site = site(database).await;
    let path = "/api/v1/properties/1";
    let is = async |page: [u64; 3], data: [u64; 3]| {
        let figures = site.figures().await;
        let counts = |kind: &str| {
            ["hits", "misses/absent", "misses/changed"]
                .map(|name| count(&figures, &format!("/kinds/{kind}/{name}")))
        };
        assert_eq!((counts("page"), counts("data")), (page, data), "{figures}");
        figures
    };
    site.get(path).await;
    is([0, 1, 0], [0, 1, 0]).await;
    site.get(path).await;
    let figures = is([1, 1, 0], [0, 1, 0]).await;
    assert_eq!(figures["hit_ratio"].as_f64(), Some(1.0 / 3.0));
    assert_eq!(count(&figures, "/levels/memory/entries"), 2);
    site.get("/properties/1/").await;
    is([1, 2, 0], [1, 1, 0]).await;
    site.database.sql("update properties_property set title = 'Changed' where id = 1").await;
    site.get(path).await;
    is([1, 2, 1], [1, 1, 1]).await;
    site.database.sql("update properties_property set title = 'Changed' where id = 2").await;
    site.get(path).await;
    let figures = is([2, 2, 1], [1, 1, 1]).await;
    assert_eq!(count(&figures, "/kinds/data/statements"), 2, "one to begin with, and one after the change");
    assert_eq!(count(&figures, "/database/generation"), 0);
}

async fn the_figures_are_never_kept_and_count_no_request_for_themselves(database: Database) {
    let site = site(database).await;
    for _ in 0..3 {
        let answer = site.get("/properties/cache-metrics/").await;
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("cache-status"), "gable; fwd=bypass; detail=not-cached");
        assert_eq!(answer.json()["metrics"]["total_requests"], 0);
    }
}
