//! What a poll sees, and when.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::future::Future as _;
use std::task::{Context, Waker};

use larder::freshness::{PolledChanges, Snapshot};
use larder::source::Source as _;
use larder::source::sqlite::{Sqlite, stamped};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use crate::database::{Database, HOMES};

const JOURNAL_MODES: [SqliteJournalMode; 2] = [SqliteJournalMode::Wal, SqliteJournalMode::Delete];

async fn homes(journal_mode: SqliteJournalMode) -> Database {
    Database::with(journal_mode, &[HOMES]).await.watching("homes", &["price"]).await
}

#[tokio::test]
async fn a_write_of_another_connection_is_seen_by_the_next_poll() {
    for journal_mode in JOURNAL_MODES {
        let database = homes(journal_mode).await;
        let mut follower = database.follower();
        follower.poll().await.unwrap();
        let mut writer = database.connect().await;
        for id in 1..20 {
            database.sql_on(&mut writer, &format!("insert into homes (id) values ({id})")).await;
            assert_eq!(follower.told("price").await, [format!("{id}: - -> null")], "{journal_mode:?}");
            assert!(follower.changes().await.is_empty(), "each is told once");
        }
    }
}

#[tokio::test]
async fn a_write_of_another_process_is_seen_by_the_next_poll() {
    for journal_mode in JOURNAL_MODES {
        let database = homes(journal_mode).await;
        let mut follower = database.follower();
        follower.poll().await.unwrap();
        for id in 1..5 {
            database.sql_from_another_process(&format!("insert into homes (id, price) values ({id}, 1.5)"));
            assert_eq!(follower.told("price").await, [format!("{id}: - -> 1.5")], "{journal_mode:?}");
        }
    }
}

#[tokio::test]
async fn the_first_poll_says_where_things_stand_and_nothing_of_before() {
    let database = Database::new().await;
    database.sql("insert into homes (id) values (1), (2)").await;
    let first = database.follower().poll().await.unwrap();
    assert_eq!(first.changes, PolledChanges::All(Vec::new()));
    assert_eq!(first.snapshot, stamp(&database).await);
}

#[tokio::test]
async fn a_poll_that_was_not_used_is_told_again() {
    let database = Database::new().await;
    let mut follower = database.follower();
    let seen = follower.poll().await.unwrap().snapshot;
    database.sql("insert into homes (id) values (1)").await;
    for _ in 0..2 {
        follower.seen = Some(seen.clone());
        assert_eq!(follower.told("price").await, ["1: - -> null"]);
    }
}

#[tokio::test]
async fn whoever_gives_up_waiting_leaves_a_source_that_works() {
    let database = Database::new().await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    for id in 1..10 {
        database.sql(&format!("insert into homes (id) values ({id})")).await;
        for polled_times in 0..4 {
            let mut poll = Box::pin(follower.source.poll(None));
            let mut context = Context::from_waker(Waker::noop());
            for _ in 0..polled_times {
                if poll.as_mut().poll(&mut context).is_ready() {
                    break;
                }
            }
        }
        assert_eq!(follower.told("price").await, [format!("{id}: - -> null")]);
    }
}

async fn stamp(database: &Database) -> Snapshot {
    let statement = AssertSqlSafe(stamped("select id from homes where id = -1"));
    let row: (Option<i64>, Option<bool>, String) =
        sqlx::query_as(statement).fetch_one(&mut database.connect().await).await.unwrap();
    assert_eq!((row.0, row.1), (None, None), "there is no such row, and it says so");
    row.2.parse().unwrap()
}

#[tokio::test]
async fn a_stamp_sees_the_changes_before_it_and_not_those_after_it() {
    let database = Database::new().await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    database.sql("insert into homes (id) values (1)").await;
    let stamp = stamp(&database).await;
    database.sql("insert into homes (id) values (2)").await;
    let seen: Vec<bool> = follower.changes().await.iter().map(|change| stamp.sees(change.xid)).collect();
    assert_eq!(seen, [true, false]);
}

#[tokio::test]
async fn more_changes_than_a_poll_carries_are_too_many() {
    let database = Database::new().await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    let many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) \
                insert into homes (id) select i from n";
    database.sql(many).await;
    assert_eq!(follower.changes().await.len(), 20_000);
    database.sql("update homes set price = 1; insert into homes (price) values (7)").await;
    assert_eq!(follower.poll().await.unwrap().changes, PolledChanges::TooMany);
    database.sql("delete from homes where price = 7").await;
    assert_eq!(follower.told("price").await, ["20001: 7 -> -"]);
}

#[tokio::test]
async fn a_database_that_is_no_file_is_refused() {
    for options in ["sqlite::memory:", "sqlite:file:shared?mode=memory&cache=shared"] {
        let mut source = Sqlite::new(options.parse::<SqliteConnectOptions>().unwrap());
        let refused = source.poll(None).await.unwrap_err();
        assert!(refused.to_string().contains("the database is no file"), "{refused}");
    }
}

#[tokio::test]
async fn a_file_without_the_tables_of_changes_is_said_to_be_one() {
    let database = Database::with(SqliteJournalMode::Wal, &["drop table larder_state"]).await;
    let refused = database.follower().poll().await.unwrap_err();
    assert_eq!(refused.to_string(), "changes are not reported: the file has no table of changes yet");
}

#[tokio::test]
async fn a_dropped_trigger_is_noticed_by_the_next_poll_and_by_the_check() {
    for event in ["before_insert", "before_update", "insert", "update", "delete"] {
        let database = Database::new().await;
        let mut follower = database.follower();
        follower.poll().await.unwrap();
        follower.source.check().await.unwrap();
        database.sql(&format!("drop trigger larder_{event}_of_homes")).await;
        let why = format!(
            "changes are not reported: the trigger `larder_{event}_of_homes` does not stand as it should; \
             watch `homes` again"
        );
        assert_eq!(follower.poll().await.unwrap_err().to_string(), why);
        assert_eq!(follower.source.check().await.unwrap_err().to_string(), why);
        let database = database.watching("homes", &["price"]).await;
        follower.poll().await.unwrap();
        drop(database);
    }
}

#[tokio::test]
async fn a_table_that_was_made_anew_renamed_or_dropped_is_noticed() {
    for (statement, why) in [
        (
            "create table n (id integer primary key); drop table homes; alter table n rename to homes",
            "trigger",
        ),
        ("alter table homes rename to houses", "there is no table `homes`"),
        ("drop table homes", "there is no table `homes`"),
        ("create unique index homes_by_note on homes (note)", "trigger `larder_before_insert_of_homes`"),
    ] {
        let database = Database::new().await;
        let mut follower = database.follower();
        follower.poll().await.unwrap();
        database.sql(statement).await;
        let refused = follower.poll().await.unwrap_err().to_string();
        assert!(refused.contains(why), "{statement}: {refused}");
    }
}

#[tokio::test]
async fn a_connection_that_was_in_the_way_does_not_stay_there() {
    let database = homes(SqliteJournalMode::Delete).await;
    let mut follower = database.follower();
    follower.source = Sqlite::new(database.options().busy_timeout(std::time::Duration::ZERO));
    follower.poll().await.unwrap();
    let mut writer = database.connect().await;
    database.sql_on(&mut writer, "begin exclusive; insert into homes (id) values (1)").await;
    follower.poll().await.unwrap_err();
    database.sql_on(&mut writer, "commit").await;
    assert_eq!(follower.told("price").await, ["1: - -> null"]);
    SqliteConnection::close(writer).await.unwrap();
}
