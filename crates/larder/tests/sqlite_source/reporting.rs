//! What a change says.

use sqlx::Connection as _;
use sqlx::sqlite::SqliteJournalMode;

use crate::database::{Database, HOMES};

#[tokio::test]
async fn a_change_carries_the_values_before_and_after() {
    let database = Database::new().await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    database.sql("insert into homes (id, price) values (7, 100)").await;
    database.sql("update homes set price = 250").await;
    database.sql("delete from homes").await;
    assert_eq!(follower.told("price").await, ["7: - -> 100", "7: 100 -> 250", "7: 250 -> -"]);
}

#[tokio::test]
async fn a_row_without_the_watched_columns_in_its_update_is_reported_too() {
    let database = Database::new().await;
    database.sql("insert into homes (id, price) values (7, 100)").await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    database.sql("update homes set note = 'with a garden'").await;
    assert_eq!(follower.told("price").await, ["7: 100 -> 100"]);
}

#[tokio::test]
async fn deleting_everything_reports_every_row() {
    let database = Database::new().await;
    database.sql("insert into homes (id, price) values (1, 10), (2, 20)").await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    database.sql("delete from homes").await;
    assert_eq!(follower.told("price").await, ["1: 10 -> -", "2: 20 -> -"]);
}

#[tokio::test]
async fn a_row_that_gets_another_primary_key_goes_and_comes() {
    let database = Database::new().await;
    database.sql("insert into homes (id, price) values (1, 10)").await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    database.sql("update homes set id = 9").await;
    assert_eq!(follower.told("price").await, ["1: 10 -> -", "9: - -> 10"]);
    database.sql("update homes set rowid = 5").await;
    assert_eq!(follower.told("price").await, ["9: 10 -> -", "5: - -> 10"]);
}

#[tokio::test]
async fn what_is_rolled_back_is_not_reported_and_its_number_may_come_again() {
    let database = Database::new().await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    let mut writer = database.connect().await;
    let mut transaction = writer.begin().await.unwrap();
    database.sql_on(&mut transaction, "insert into homes (id, price) values (1, 10)").await;
    assert!(follower.changes().await.is_empty(), "it is not committed");
    transaction.rollback().await.unwrap();
    assert!(follower.changes().await.is_empty());
    database.sql("insert into homes (id, price) values (2, 20)").await;
    assert_eq!(follower.told("price").await, ["2: - -> 20"]);
}

#[tokio::test]
async fn a_savepoint_takes_its_changes_back_with_it() {
    let database = Database::new().await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    database
        .sql(
            "begin; insert into homes (id) values (1); savepoint s; insert into homes (id) values (2); \
              rollback to s; insert into homes (id) values (3); commit",
        )
        .await;
    assert_eq!(follower.told("price").await, ["1: - -> null", "3: - -> null"]);
}

#[tokio::test]
async fn what_a_foreign_key_deletes_is_reported() {
    let rooms =
        "create table rooms (id integer primary key, home integer references homes on delete cascade)";
    let database = Database::with(SqliteJournalMode::Wal, &[HOMES, rooms]).await;
    let database = database.watching("homes", &[]).await.watching("rooms", &["home"]).await;
    database.sql("insert into homes (id) values (1); insert into rooms (id, home) values (11, 1)").await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    database.sql("delete from homes").await;
    let mut told = follower.told("home").await;
    told.sort();
    assert_eq!(told, ["11: 1 -> -", "1: ? -> -"]);
}

#[tokio::test]
async fn what_another_trigger_does_is_reported() {
    let touch = "create trigger touch after update on homes when new.price < 0 begin \
                 update homes set price = 0 where id = new.id; end";
    let database =
        Database::with(SqliteJournalMode::Wal, &[HOMES, touch]).await.watching("homes", &["price"]).await;
    database.sql("insert into homes (id, price) values (1, 10)").await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    database.sql("update homes set price = -5").await;
    let mut told = follower.told("price").await;
    told.sort();
    assert_eq!(told, ["1: -5 -> 0", "1: 10 -> -5"]);
}

#[tokio::test]
async fn names_are_taken_as_they_are() {
    let table =
        "create table \"it's \"\"quoted\"\" {table}\" (\"the \"\"id\"\"\" text primary key, \"a'b\\\" text)";
    let name = "it's \"quoted\" {table}";
    let database = Database::with(SqliteJournalMode::Wal, &[table]).await.watching(name, &["a'b\\"]).await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    database.sql("insert into \"it's \"\"quoted\"\" {table}\" values ('x', 'y')").await;
    assert_eq!(follower.told("a'b\\").await, ["x: - -> y"]);
}
