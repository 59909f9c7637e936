//! A pooler in transaction mode may stand between.

use larder::source::Source as _;
use larder::source::postgres::Postgres;
use testkit::PgBouncer;

use crate::site::{Node, Site};

#[tokio::test]
async fn nodes_poll_through_pgbouncer_that_gives_each_statement_another_connection() {
    let mut site = Site::watched().await;
    let pooler = PgBouncer::start(&site.url, 2);
    let mut node = Node::start(Postgres::new(pooler.url().parse().unwrap())).await;
    let mut other = Node::start(Postgres::new(pooler.url().parse().unwrap())).await;
    for n in 1..=20 {
        site.run(&format!("insert into properties_property (price) values ({n})")).await;
        let (one, two) = tokio::join!(node.told(), other.told());
        assert_eq!((one, two), (vec![format!("{n}: none -> {n}")], vec![format!("{n}: none -> {n}")]));
    }
    assert_eq!(node.last.incarnation, site.node().await.last.incarnation, "the same life as without it");
    node.source.check().await.unwrap();
    node.source.prune(std::time::Duration::ZERO).await.unwrap();
    site.run("truncate larder.epoch").await;
    assert!(node.begins_anew().await);
}

#[tokio::test]
async fn lost_connections_are_made_anew_and_no_pooler_at_all_is_an_error() {
    let site = Site::watched().await;
    let pooler = PgBouncer::start(&site.url, 2);
    let mut node = Node::start(Postgres::new(pooler.url().parse().unwrap())).await;
    let end = "select count(pg_terminate_backend(pid, 10000))::text from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid()";
    crate::site::text(&mut site.connect().await, end).await;
    crate::site::eventually(async || node.source.poll(None).await.ok()).await;
    pooler.stop();
    node.source.poll(None).await.unwrap_err();
}
