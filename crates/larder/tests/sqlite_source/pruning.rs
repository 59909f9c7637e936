//! Old changes are deleted, and whoever would need them hears of it.

use std::time::Duration;

use larder::freshness::{PolledChanges, Xid};
use larder::source::Source as _;

use crate::database::Database;

const HOUR: Duration = Duration::from_hours(1);

async fn with_two_old_changes() -> Database {
    let database = Database::new().await;
    database.sql("insert into homes (id) values (1), (2)").await;
    database.sql("update larder_change set at = at - 7200").await;
    database
}

#[tokio::test]
async fn old_changes_go_and_the_floor_rises_with_them() {
    let database = with_two_old_changes().await;
    let mut follower = database.follower();
    let before = follower.poll().await.unwrap();
    database.sql("insert into homes (id) values (3)").await;
    follower.poll().await.unwrap();
    follower.source.prune(HOUR).await.unwrap();
    let after = follower.poll().await.unwrap();
    assert_eq!((before.floor, after.floor), (Xid(1), Xid(4)));
    assert_eq!(after.floor, before.snapshot.xmin(), "what the first poll saw may be forgotten, and no more");
    let kept: Vec<i64> = sqlx::query_scalar("select number from larder_change")
        .fetch_all(&mut database.connect().await)
        .await
        .unwrap();
    assert_eq!(kept, [4]);
}

#[tokio::test]
async fn the_last_change_stays_however_old_so_that_a_snapshot_stays_what_it_was() {
    let database = with_two_old_changes().await;
    let mut follower = database.follower();
    let before = follower.poll().await.unwrap();
    follower.source.prune(HOUR).await.unwrap();
    follower.source.prune(HOUR).await.unwrap();
    let after = follower.poll().await.unwrap();
    assert_eq!((after.snapshot, after.incarnation), (before.snapshot, before.incarnation));
    database.sql("delete from homes where id = 1").await;
    assert_eq!(follower.told("price").await, ["1: null -> -"]);
}

#[tokio::test]
async fn young_changes_stay() {
    let database = Database::new().await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    database.sql("insert into homes (id) values (1)").await;
    follower.source.prune(HOUR).await.unwrap();
    let poll = follower.poll().await.unwrap();
    assert_eq!(poll.floor, Xid(1));
    assert!(matches!(poll.changes, PolledChanges::All(changes) if changes.len() == 1));
}

#[tokio::test]
async fn who_has_not_seen_what_was_deleted_is_told_that_it_was_too_much() {
    let database = Database::new().await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    database.sql("insert into homes (id) values (1), (2); update larder_change set at = at - 7200").await;
    database.sql("insert into homes (id) values (3)").await;
    let mut other = database.follower();
    other.source.prune(HOUR).await.unwrap();
    assert_eq!(follower.poll().await.unwrap().changes, PolledChanges::TooMany);
    assert!(follower.changes().await.is_empty());
}
