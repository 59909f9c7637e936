//! Crashes, restarts and restores: when the numbers of transactions mean something else than before.

use larder::source::postgres;
use larder::source::{Source as _, SourceError};
use testkit::Postgres as Server;

use crate::site::{COLUMNS, Node, Site, connect, run, text};

#[tokio::test]
async fn a_crash_begins_a_new_life_though_numbers_are_used_again() {
    let server = Server::start();
    let mut site = Site::watched_on(&server).await;
    let mut node = site.node().await;
    let open = site.text("begin; select pg_current_xact_id()::text").await;
    server.kill();
    server.restart();
    node.source.poll(None).await.unwrap_err();
    assert!(node.begins_anew().await);
    let mut after = connect(&site.url).await;
    run(&mut after, "select pg_current_xact_id()").await;
    let again =
        text(&mut after, "select (pg_snapshot_xmax(pg_current_snapshot())::text::bigint)::text").await;
    assert!(
        again.parse::<u64>().unwrap() > open.parse().unwrap(),
        "{open} was never committed, and is given out again"
    );
    assert_eq!(site.fault().await, "");
}

#[tokio::test]
async fn a_backend_killed_alone_begins_a_new_life_too() {
    let server = Server::start();
    let mut site = Site::watched_on(&server).await;
    let node = site.node().await;
    let id: i32 = site.text("select pg_backend_pid()::text").await.parse().unwrap();
    let id = rustix::process::Pid::from_raw(id).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
    let mut source = site.source();
    let poll = crate::site::eventually(async || {
        source.poll(None).await.ok().filter(|poll| poll.incarnation != node.last.incarnation)
    })
    .await;
    assert_ne!(poll.incarnation, node.last.incarnation);
}

#[tokio::test]
async fn a_restart_in_order_begins_a_new_life() {
    let server = Server::start();
    let mut site = Site::watched_on(&server).await;
    let mut node = site.node().await;
    server.restart();
    node.source.poll(None).await.unwrap_err();
    assert!(node.begins_anew().await);
    site.admin = connect(&site.url).await;
    site.run("insert into properties_property (price) values (1)").await;
    assert_eq!(node.told().await, ["1: none -> 1"], "and goes on");
}

#[tokio::test]
async fn what_was_prepared_before_a_crash_begins_a_new_life_when_it_ends() {
    let server = Server::start_with(&["max_prepared_transactions=5"]);
    let mut site = Site::watched_on(&server).await;
    site.run("begin; insert into properties_property (price) values (1); prepare transaction 'late'").await;
    server.kill();
    server.restart();
    let mut node = site.node().await;
    assert!(!node.begins_anew().await);
    run(&mut connect(&site.url).await, "commit prepared 'late'").await;
    assert!(node.begins_anew().await, "the crash took the change that it had reported");
    assert!(!node.begins_anew().await);
}

#[tokio::test]
async fn a_prepared_transaction_is_reported_when_it_is_committed() {
    let server = Server::start_with(&["max_prepared_transactions=5"]);
    let mut site = Site::watched_on(&server).await;
    let mut node = site.node().await;
    site.run("begin; insert into properties_property (price) values (1); prepare transaction 'a'").await;
    site.run("insert into properties_property (price) values (2)").await;
    assert_eq!(node.told().await, ["2: none -> 2"]);
    site.run("commit prepared 'a'").await;
    assert_eq!(node.told().await, ["1: none -> 1"]);
}

#[tokio::test]
async fn nodes_that_find_no_epoch_begin_the_same_one() {
    let mut site = Site::watched().await;
    site.run("truncate larder.epoch; insert into larder.change (xid, relation) values ('99999999999', 'of another life')").await;
    let (mut one, mut other) = (site.source(), site.source());
    let (one_poll, other_poll) = tokio::join!(one.poll(None), other.poll(None));
    assert_eq!(one_poll.unwrap().incarnation, other_poll.unwrap().incarnation);
    assert_eq!(site.text("select count(*)::text from larder.change").await, "0");
}

#[tokio::test]
async fn a_restored_dump_is_another_life() {
    let mut site = Site::watched().await;
    site.run("insert into properties_property (price) values (1)").await;
    let mut node = site.node().await;
    let dump = Server::shared().dump(&site.url);
    Server::shared().restore(&site.url, &dump);
    assert!(node.begins_anew().await, "over itself");
    assert!(site.fault().await.contains("dropped or restored"));
    postgres::watch(&mut site.admin, "properties_property", &COLUMNS).await.unwrap();
    assert_eq!(site.fault().await, "");

    let mut copy = Site::bare().await;
    Server::shared().restore(&copy.url, &dump);
    let mut there = copy.node().await;
    assert_ne!(there.last.incarnation, node.last.incarnation);
    assert!(copy.fault().await.contains("dropped or restored"));
    postgres::install(&mut copy.admin).await.unwrap();
    postgres::watch(&mut copy.admin, "properties_property", &COLUMNS).await.unwrap();
    assert_eq!(copy.fault().await, "");
    there.begins_anew().await;
    copy.run("insert into properties_property (price) values (2)").await;
    assert_eq!(there.told().await, ["2: none -> 2"]);
}

#[tokio::test]
async fn rows_loaded_into_the_epoch_are_new_ones() {
    let mut site = Site::watched().await;
    let mut node = site.node().await;
    site.run(
        "create temp table kept as select * from larder.epoch; alter table properties_property add a int",
    )
    .await;
    assert!(node.begins_anew().await);
    let before = node.last.incarnation;
    site.run("delete from larder.epoch; insert into larder.epoch select * from kept limit 1").await;
    assert!(node.begins_anew().await && node.last.incarnation != before);
}

#[tokio::test]
async fn a_database_made_as_a_copy_is_another_life() {
    let server = Server::start();
    let site = Site::watched_on(&server).await;
    let node = site.node().await;
    let Site { url, admin } = site;
    sqlx::Connection::close(admin).await.unwrap();
    let Node { source, last } = node;
    drop(source);
    let name = url.rsplit('/').next().unwrap();
    server.sql(
        &server.url(),
        &format!("select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '{name}'"),
    );
    server.sql(&server.url(), &format!("create database twin template {name}"));
    let twin = format!("{}/twin", url.rsplit_once('/').unwrap().0);
    let there = Node::start(postgres::Postgres::new(twin.parse().unwrap())).await;
    assert_ne!(there.last.incarnation, last.incarnation);
}

#[tokio::test]
async fn a_standby_is_refused() {
    let server = Server::start_with(&["max_wal_senders=2", "wal_level=replica"]);
    let mut site = Site::watched_on(&server).await;
    site.run("insert into properties_property (price) values (1)").await;
    let standby = server.standby();
    let url = site.url.replace(&format!(":{}/", server.port()), &format!(":{}/", standby.port()));
    let refused = postgres::Postgres::new(url.parse().unwrap()).poll(None).await.unwrap_err();
    assert!(matches!(refused, SourceError::Standby), "{refused}");
    let stamp =
        text(&mut connect(&url).await, &format!("select coalesce({}, 'none')", postgres::STAMP)).await;
    assert_eq!(stamp, "none");
}
