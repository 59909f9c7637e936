//! A role that may read listings and not what has changed: it is served, without the cache, and told what is missing.

use testkit::Postgres;

use crate::database::{Database, draft};

const PATH: &str = "/api/v1/properties/1";

/// A database that was migrated, and its URL for a role that may read listings.
async fn database_for_a_reader() -> (Database, String, String) {
    let mut database = Database::postgres();
    database.add([draft("Home")]).await;
    let owner = database.url.clone();
    let role = format!("serving_{}", owner.rsplit('/').next().unwrap());
    Postgres::shared().sql(&owner, &format!("create role {role} login"));
    Postgres::shared()
        .sql(&owner, &format!("grant select on properties_property, _sqlx_migrations to {role}"));
    let (scheme, rest) = owner.split_once("://").unwrap();
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    database.url = format!("{scheme}://{role}@{host}");
    (database, owner, role)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_the_rights_is_served_without_the_cache_and_told_each_grant() {
    let (database, owner, role) = database_for_a_reader().await;
    let site = database.serve();
    let line = site.program.wait_for_line(|line| line.contains("nothing is served from the cache"));
    for grant in [
        format!("grant usage on schema larder to {role};"),
        format!("grant execute on function larder.poll(xid8, xid8[], integer) to {role};"),
        format!("grant select on larder.installation to {role};"),
    ] {
        assert!(line.contains(&grant), "{line}");
    }
    for title in ["One", "Two", "Three"] {
        Postgres::shared()
            .sql(&owner, &format!("update properties_property set title = '{title}' where id = 1"));
        let answer = site.get(PATH).await;
        assert_eq!((&answer.json()["title"], answer.status), (&title.into(), 200));
        assert_eq!(answer.how(), "fwd=uri-miss; detail=unwatched");
    }
    assert_eq!(site.get("/readyz").await.json()["cache"], "unwatched");

    Postgres::shared().sql(&owner, &format!("select larder.grant_to('{role}')"));
    while site.get("/readyz").await.json()["cache"] != "ok" {}
    // Nobody has to start it again.
    site.becomes_a_hit(PATH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_that_are_taken_away_end_all_serving_from_the_cache() {
    let (database, owner, role) = database_for_a_reader().await;
    Postgres::shared().sql(&owner, &format!("select larder.grant_to('{role}')"));
    let site = database.serve();
    site.becomes_a_hit(PATH).await;
    Postgres::shared().sql(&owner, &format!("revoke usage on schema larder from {role}"));
    while site.get("/readyz").await.json()["cache"] != "unwatched" {}
    assert!(site.get(PATH).await.how().ends_with("detail=unwatched"));
    let line = site.program.wait_for_line(|line| line.contains("nothing is served from the cache"));
    assert!(line.contains(&format!("grant usage on schema larder to {role};")), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_may_not_create_event_triggers_is_told_what_that_means() {
    let mut database = Database::postgres();
    let owner = database.url.clone();
    let role = format!("owner_{}", owner.rsplit('/').next().unwrap());
    Postgres::shared()
        .sql(&owner, &format!("create role {role} login; grant create on schema public to {role}"));
    let name = owner.rsplit('/').next().unwrap();
    Postgres::shared().sql(&owner, &format!("grant create on database \"{name}\" to {role}"));
    let (scheme, rest) = owner.split_once("://").unwrap();
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    database.url = format!("{scheme}://{role}@{host}");
    let migrated = database.gable(&["migrate"]).run();
    assert!(migrated.status.success(), "{}", migrated.stderr);
    assert!(migrated.stdout.contains("noticed within 10 s and not at once"), "{}", migrated.stdout);
    assert!(migrated.stdout.contains("event trigger"), "{}", migrated.stdout);
    database.url = owner;
    let migrated = database.gable(&["migrate"]).run();
    assert!(migrated.status.success() && !migrated.stdout.contains("10 s"), "{}", migrated.stdout);
}
