//! Changes that nobody would hear of: a trigger that is disabled, a schema of another build, columns of an older one.

use testkit::Postgres;

use crate::database::{Database, draft};
use crate::site::Site;

const PATH: &str = "/api/v1/properties/1";

async fn site() -> Site {
    let database = Database::postgres();
    database.add([draft("Home")]).await;
    database.serve()
}

impl Site {
    async fn cache_word(&self) -> String {
        let ready = self.get("/readyz").await;
        assert_eq!((ready.status, &ready.json()["status"]), (200, &"ready".into()), "it serves all the same");
        ready.json()["cache"].as_str().unwrap().to_owned()
    }

    /// Waits until `/readyz` says so of the cache.
    async fn cache_becomes(&self, word: &str) {
        while self.cache_word().await != word {}
    }

    async fn title(&self) -> String {
        self.get(PATH).await.json()["title"].as_str().unwrap().to_owned()
    }

    /// Each write is seen, and nothing comes from the cache.
    async fn serves_without_the_cache(&self) {
        for title in ["One", "Two", "Three"] {
            self.database
                .sql(&format!("update properties_property set title = '{title}' where id = 1"))
                .await;
            assert_eq!(self.title().await, title);
            let how = self.get(PATH).await.how().to_owned();
            assert!(how.starts_with("fwd=") && how.ends_with("detail=unwatched"), "{how}");
        }
    }

    async fn serves_with_the_cache(&self) {
        self.becomes_a_hit(PATH).await;
        self.database.sql("update properties_property set title = 'Last' where id = 1").await;
        assert_eq!(self.title().await, "Last");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_trigger_ends_all_serving_from_the_cache_until_it_is_enabled() {
    let site = site().await;
    site.serves_with_the_cache().await;
    assert_eq!(site.cache_word().await, "ok");
    site.database.sql("alter table properties_property disable trigger larder_rows").await;
    site.cache_becomes("unwatched").await;
    site.program
        .wait_for_line(|line| line.contains("ERROR") && line.contains("nothing is served from the cache"));
    site.serves_without_the_cache().await;
    assert_eq!(
        site.get("/properties/cache-metrics/").await.json()["metrics"]["database"]["health"],
        "unwatched"
    );
    site.database.sql("alter table properties_property enable always trigger larder_rows").await;
    site.cache_becomes("ok").await;
    site.serves_with_the_cache().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_a_newer_build_is_left_alone_and_served_without_the_cache() {
    let database = Database::postgres();
    database.add([draft("Home")]).await;
    database.sql("update larder.installation set version = 4711").await;
    for command in [&["migrate"][..], &["serve"]] {
        let refused = database.gable(command).run();
        assert_eq!(refused.status.code(), Some(1));
        assert!(
            refused.stderr.contains("version 4711") && refused.stderr.contains("newer build"),
            "{}",
            refused.stderr
        );
    }
    let program = database.gable(&["serve", "--no-migrate"]).start();
    let line = program.wait_for_line(|line| line.contains("nothing is served from the cache"));
    assert!(line.contains("version 4711") && line.contains("this build needs"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_columns_of_an_older_build_are_renewed() {
    let database = Database::postgres();
    database.add([draft("Home")]).await;
    database.sql("select larder.watch('properties_property', array['title'])").await;
    let columns = |url: &str| Postgres::shared().sql(url, "select cardinality(columns) from larder.watched");
    assert_eq!(columns(&database.url).trim(), "1");
    let site = database.serve();
    assert!(columns(&site.database.url).trim().parse::<u32>().unwrap() > 5);
    assert_eq!(site.cache_word().await, "ok");
    site.serves_with_the_cache().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_dropped_ends_all_serving_from_the_cache_and_migrating_mends_it() {
    let site = site().await;
    site.serves_with_the_cache().await;
    site.database.sql("drop schema larder cascade").await;
    site.cache_becomes("unwatched").await;
    site.serves_without_the_cache().await;
    assert!(site.database.gable(&["migrate"]).run().status.success());
    site.cache_becomes("ok").await;
    site.serves_with_the_cache().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_is_gone_from_a_file_ends_all_serving_from_the_cache_until_it_is_back() {
    let database = Database::sqlite();
    database.add([draft("Home")]).await;
    let site = database.serve();
    site.serves_with_the_cache().await;
    site.database.sql("drop trigger larder_update_of_properties_property").await;
    site.serves_without_the_cache().await;
    assert_eq!(site.cache_word().await, "unwatched");
    assert!(site.database.gable(&["migrate"]).run().status.success());
    site.cache_becomes("ok").await;
    site.serves_with_the_cache().await;
}
