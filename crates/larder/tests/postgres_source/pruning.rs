//! Changes that nobody needs any more go, and with them whatever is older.

use std::time::Duration;

use larder::freshness::Snapshot;
use larder::source::Source as _;
use testkit::Postgres as Server;

use crate::site::{Site, run, text};

#[tokio::test]
async fn pruning_deletes_old_changes_and_raises_the_floor_above_them() {
    // Its own: transactions of other tests, in whatever database, would keep changes from being pruned.
    let server = Server::start();
    let mut site = Site::watched_on(&server).await;
    let mut node = site.node().await;
    let before = node.last.snapshot.clone();
    site.run("insert into properties_property (price) values (1); update larder.change set at = at - interval '1 hour'").await;
    let old = node.news().await[0].xid;
    site.run("insert into properties_property (price) values (2)").await;
    node.news().await;
    node.source.prune(Duration::from_mins(10)).await.unwrap();
    assert_eq!(node.told().await, [""; 0]);
    assert_eq!(
        site.text("select string_agg(new ->> 0, ',') from larder.change").await,
        "2",
        "the young one stays"
    );
    assert!(before.xmin() < node.last.floor, "what was read before could have missed a change that is gone");
    assert!(old < node.last.floor && node.last.floor <= node.snapshot().xmin());
}

#[tokio::test]
async fn under_a_long_open_writer_the_floor_stays_below_new_snapshots() {
    // Its own: transactions of other tests, in whatever database, would keep changes from being pruned.
    let server = Server::start();
    let mut site = Site::watched_on(&server).await;
    let mut node = site.node().await;
    let mut long = site.connect().await;
    run(&mut long, "begin; insert into properties_property (id, price) values (50, 5)").await;
    for _ in 0..5 {
        site.run("insert into properties_property (price) values (1)").await;
    }
    node.source.prune(Duration::ZERO).await.unwrap();
    assert_eq!(node.news().await.len(), 5, "what lies above the open transaction stays");
    let fill: Snapshot = text(&mut site.admin, "select pg_current_snapshot()::text").await.parse().unwrap();
    assert!(fill.xmin() >= node.last.floor);
    run(&mut long, "commit").await;
    node.source.prune(Duration::ZERO).await.unwrap();
    assert_eq!(site.text("select count(*)::text from larder.change").await, "0");
    assert_eq!(node.told().await, [""; 0], "gone before it was polled,");
    assert!(fill.xmin() < node.last.floor, "and everything that could have missed it is worthless");
}
