//! Whoever says who they are gets an answer of their own, and leaves nothing behind for others.

use listings::accounts::Scope;

use super::{PAGES, Twins};
use crate::database::{Database, over_both_databases};

over_both_databases!(
    an_answer_to_somebody_with_credentials_is_theirs_alone,
    credentials_neither_fill_the_cache_nor_are_answered_from_it,
);

const MINE: [(&str, &str); 3] =
    [("authorization", "Bearer p0ison"), ("authorization", "Basic cDBpc29uOng="), ("authorization", "")];

async fn an_answer_to_somebody_with_credentials_is_theirs_alone(database: Database) {
    let twins = Twins::over(database).await;
    let others = [
        "/properties/999/",
        "/api/v1/properties/999",
        "/api/v1/properties?unknown=1",
        "/?kind=castle",
        "/api/v1/properties/export.ndjson",
        "/api/v1/properties/export.csv",
        "/properties/cache-metrics/",
        "/nothing/here",
    ];
    for path in PAGES.into_iter().chain(others) {
        for field in MINE {
            let mine = twins.site.get_with(path, &[field]).await;
            let said = mine.header("cache-control");
            assert!(said.contains("no-store"), "{path} {field:?}: {said}");
            assert!(
                mine.status != 200 || said == "private, no-store" || path.contains("metrics"),
                "{path}: {said}"
            );
            assert_eq!(mine.how(), "fwd=bypass; detail=authorization", "{path}");
            assert_eq!(mine.header("age"), "", "{path}");
        }
    }
}

async fn credentials_neither_fill_the_cache_nor_are_answered_from_it(database: Database) {
    let twins = Twins::over(database).await;
    let token = format!("Bearer {}", twins.site.token(&[Scope::Read]).await);
    let mine_alone = [("authorization", token.as_str())];
    for path in PAGES {
        let mine = twins.site.get_with(path, &mine_alone).await;
        let stranger = twins.tells_the_truth(path).await;
        assert_eq!(stranger.how(), "fwd=uri-miss; stored", "{path}: they left nothing behind");
        assert_eq!((mine.body, mine.status), (stranger.body.clone(), stranger.status), "{path}");
        let mine = twins.site.get_with(path, &mine_alone).await;
        assert_eq!(mine.how(), "fwd=bypass; detail=authorization", "{path}");
        let again = twins.tells_the_truth(path).await;
        assert!(again.is_hit() && again.body == stranger.body, "{path}");
        assert_eq!(again.header("cache-control"), "public, no-cache", "{path}");
    }
}
