//! A role that serves needs few rights, one that writes none at all, and each that is missing is named.

use larder::source::postgres::{self, EventTriggers};
use larder::source::{Source as _, SourceError};
use sqlx::postgres::PgConnection;

use crate::site::{COLUMNS, Node, Site, connect, run};

/// The database's URL for a new role of this test's own, that may log in and write listings.
async fn writer(site: &mut Site) -> (String, String) {
    let role = format!("writer_{}", site.url.rsplit('_').next().unwrap());
    site.run(&format!("create role {role} login; grant insert, select on properties_property to {role}"))
        .await;
    (site.url.replace("postgres@", &format!("{role}@")), role)
}

async fn missing(connection: &mut PgConnection) -> Vec<String> {
    postgres::rights(connection).await.unwrap()
}

#[tokio::test]
async fn each_missing_right_is_named_with_the_grant_that_mends_it() {
    let mut site = Site::watched().await;
    let (url, role) = writer(&mut site).await;
    let mut serving = connect(&url).await;
    let sentences = missing(&mut serving).await;
    assert_eq!(sentences.len(), 6, "{sentences:?}");
    let poll = format!(
        "the role {role} may not call larder.poll: grant execute on function larder.poll(xid8, xid8[], integer) to {role};"
    );
    assert!(sentences.contains(&poll), "{sentences:?}");
    for left in (0..6).rev() {
        let sentence = missing(&mut serving).await.remove(0);
        site.run(sentence.split_once(": ").unwrap().1).await;
        assert_eq!(missing(&mut serving).await.len(), left);
    }
}

#[tokio::test]
async fn a_role_that_was_granted_to_can_do_all_that_serving_takes_and_its_writes_are_reported() {
    let mut site = Site::watched().await;
    let (url, role) = writer(&mut site).await;
    let mut writing = connect(&url).await;
    let refused = postgres::Postgres::new(url.parse().unwrap()).poll(None).await.unwrap_err();
    let mends = format!("the role {role} may not call larder.poll: grant execute on function larder.poll(");
    assert!(matches!(&refused, SourceError::Unwatched(why) if why.contains(&mends)), "{refused}");
    let mut node = site.node().await;
    run(&mut writing, "insert into properties_property (price) values (1)").await;
    assert_eq!(node.told().await, ["1: none -> 1"], "who writes needs no rights here");

    site.run(&format!("select larder.grant_to('{role}'); truncate larder.epoch")).await;
    assert_eq!(missing(&mut writing).await, [""; 0]);
    let mut node = Node::start(postgres::Postgres::new(url.parse().unwrap())).await;
    node.source.check().await.unwrap();
    node.source.prune(std::time::Duration::ZERO).await.unwrap();
    site.run(&format!("revoke execute on function larder.prune(interval) from {role}")).await;
    let refused = node.source.check().await.unwrap_err();
    assert!(matches!(&refused, SourceError::Unwatched(why) if why.contains("may not call larder.prune")));
    run(&mut writing, "insert into properties_property (price) values (2)").await;
    assert_eq!(node.told().await, ["2: none -> 2"]);
    let forging = "insert into larder.change (xid, relation) values ('1', 'x')";
    sqlx::raw_sql(forging).execute(&mut writing).await.unwrap_err();
}

#[tokio::test]
async fn an_owner_who_is_no_superuser_can_install_and_watch_and_is_told_what_is_missing() {
    let mut site = Site::bare().await;
    let role = format!("owner_{}", site.url.rsplit('_').next().unwrap());
    site.run(&format!(
        "create role {role} login; grant create on schema public to {role};
        do $$ begin execute format('grant create on database %I to {role}', current_database()); end $$"
    ))
    .await;
    let url = site.url.replace("postgres@", &format!("{role}@"));
    let mut owner = connect(&url).await;
    assert_eq!(missing(&mut owner).await, ["the schema larder is not installed in this database"]);
    let installed = postgres::install(&mut owner).await.unwrap();
    assert!(
        matches!(&installed.event_triggers, EventTriggers::Refused(why) if why.contains("superuser") || why.contains("permission")),
        "{installed:?}"
    );
    run(&mut owner, "create table properties_property (id int primary key, price int, location text, created_at timestamptz)").await;
    postgres::watch(&mut owner, "properties_property", &COLUMNS).await.unwrap();
    let mut node = Node::start(postgres::Postgres::new(url.parse().unwrap())).await;
    node.source.check().await.unwrap();
    run(&mut owner, "insert into properties_property (id, price) values (1, 1)").await;
    assert_eq!(node.told().await, ["1: none -> 1"]);
}
