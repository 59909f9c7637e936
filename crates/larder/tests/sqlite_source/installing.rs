//! What can be watched, and what is said of what can't.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use larder::source::sqlite::{install, unwatch, watch};
use sqlx::sqlite::SqliteJournalMode;
use sqlx::{Connection as _, SqliteConnection};

use crate::database::{Database, HOMES};

async fn refused(statements: &[&str], table: &str, columns: &[&str]) -> String {
    let database = Database::with(SqliteJournalMode::Wal, statements).await;
    watch(&mut database.connect().await, table, columns).await.unwrap_err().to_string()
}

#[tokio::test]
async fn what_cannot_be_watched_is_refused_with_its_reason() {
    for (statement, table, columns, reason) in [
        (HOMES, "house", &[][..], "there is no table `house`"),
        (HOMES, "Homes", &[], "there is no table `Homes`"),
        (HOMES, "homes", &["colour"], "the table `homes` has no column `colour`"),
        ("create view v as select 1 as id", "v", &[], "`v` is a view, and only tables can be watched"),
        (
            "create virtual table t using fts5 (x)",
            "t",
            &[],
            "`t` is a virtual, and only tables can be watched",
        ),
        ("create table t (x)", "t", &[], "the table `t` has no primary key of one column"),
        (
            "create table t (x, y, primary key (x, y))",
            "t",
            &[],
            "the table `t` has no primary key of one column",
        ),
        (
            "create table t (x text primary key collate nocase)",
            "t",
            &[],
            "the primary key of `t` is compared by nocase, and only BINARY tells texts apart",
        ),
    ] {
        assert_eq!(refused(&[statement], table, columns).await, reason);
    }
}

#[tokio::test]
async fn every_kind_of_primary_key_of_one_column_can_be_watched() {
    for (key, id) in [
        ("id integer primary key, value", "7"),
        ("id integer primary key autoincrement, value", "7"),
        ("id int primary key, value", "7"),
        ("value, id text primary key", "seven"),
        ("id text not null primary key, value) without rowid --", "seven"),
        ("id integer primary key, value) strict --", "7"),
        ("id integer primary key, value, double as (value * 2) stored", "7"),
    ] {
        let key = key.replace("value) strict", "value integer) strict");
        let database = Database::with(
            SqliteJournalMode::Wal,
            &[&format!("create table t ({key}\n)").replace("--\n)", "")],
        )
        .await
        .watching("t", &["value"])
        .await;
        let mut follower = database.follower();
        follower.poll().await.unwrap();
        database.sql(&format!("insert into t (id, value) values ('{id}', 5)")).await;
        database.sql("update t set value = 6").await;
        assert_eq!(follower.told("value").await, [format!("{id}: - -> 5"), format!("{id}: 5 -> 6")], "{key}");
    }
}

#[tokio::test]
async fn installing_again_changes_nothing() {
    let database = Database::new().await;
    let mut follower = database.follower();
    let before = follower.poll().await.unwrap();
    install(&mut database.connect().await).await.unwrap();
    watch(&mut database.connect().await, "homes", &["price", "place"]).await.unwrap();
    assert_eq!(follower.poll().await.unwrap(), before);
}

#[tokio::test]
async fn tables_of_a_later_version_are_left_alone() {
    let database = Database::new().await;
    database.sql("update larder_state set version = 2").await;
    let refused = install(&mut database.connect().await).await.unwrap_err();
    assert!(refused.to_string().contains("version 2"), "{refused}");
}

#[tokio::test]
async fn watching_comes_after_installing() {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let refused = watch(&mut connection, "homes", &[]).await.unwrap_err();
    assert_eq!(refused.to_string(), "the file has no table of changes yet");
}

#[tokio::test]
async fn watching_other_columns_replaces_the_first_and_begins_anew() {
    let database = Database::new().await;
    let mut follower = database.follower();
    let before = follower.poll().await.unwrap().incarnation;
    watch(&mut database.connect().await, "homes", &["note"]).await.unwrap();
    assert_ne!(follower.poll().await.unwrap().incarnation, before);
    database.sql("insert into homes (id, price, note) values (1, 10, 'n')").await;
    assert_eq!(follower.told("note").await, ["1: - -> n"]);
    database.sql("delete from homes").await;
    assert_eq!(follower.told("price").await, ["1: ? -> -"]);
}

#[tokio::test]
async fn what_is_no_longer_watched_is_no_longer_reported_and_that_begins_anew() {
    let database = Database::new().await;
    let mut follower = database.follower();
    let before = follower.poll().await.unwrap().incarnation;
    unwatch(&mut database.connect().await, "homes").await.unwrap();
    database.sql("insert into homes (id) values (1)").await;
    assert!(follower.changes().await.is_empty());
    assert_ne!(follower.poll().await.unwrap().incarnation, before);
}
