//! When everything that was kept becomes worthless.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::fs;
use std::path::PathBuf;

use larder::source::SourceError;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteJournalMode;

use crate::database::{Database, HOMES};

#[tokio::test]
async fn nothing_but_writes_leaves_the_life_as_it_is() {
    let database = Database::new().await;
    let mut follower = database.follower();
    let first = follower.poll().await.unwrap().incarnation;
    database.sql("insert into homes (id) values (1); delete from homes").await;
    assert_eq!(follower.poll().await.unwrap().incarnation, first);
}

#[tokio::test]
async fn a_process_that_begins_to_look_begins_a_life_for_all() {
    let database = Database::new().await;
    let mut one = database.follower();
    let before = one.poll().await.unwrap().incarnation;
    let mut other = database.follower();
    let after = other.poll().await.unwrap().incarnation;
    assert_ne!(after, before);
    assert_eq!(one.poll().await.unwrap().incarnation, after);
}

#[tokio::test]
async fn a_change_of_the_schema_begins_a_life() {
    let database = Database::new().await;
    let mut follower = database.follower();
    let before = follower.poll().await.unwrap().incarnation;
    database.sql("create index homes_by_price on homes (price)").await;
    assert_ne!(follower.poll().await.unwrap().incarnation, before);
}

#[tokio::test]
async fn triggers_that_were_away_for_a_moment_between_two_polls_begin_a_life() {
    let database = Database::new().await;
    let mut follower = database.follower();
    let before = follower.poll().await.unwrap().incarnation;
    let mut connection = database.connect().await;
    let trigger: String =
        sqlx::query_scalar("select sql from sqlite_schema where name = 'larder_insert_of_homes'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    connection.close().await.unwrap();
    database.sql("drop trigger larder_insert_of_homes; insert into homes (id) values (1)").await;
    database.sql(&trigger).await;
    assert_ne!(follower.poll().await.unwrap().incarnation, before);
}

/// A copy of the file as it is now, which nobody else has open. Without a write-ahead log the file is all there is.
fn copy(database: &Database) -> PathBuf {
    let copy = database.path().with_extension("copy");
    fs::copy(database.path(), &copy).unwrap();
    copy
}

async fn without_a_log() -> Database {
    Database::with(SqliteJournalMode::Delete, &[HOMES]).await.watching("homes", &["price"]).await
}

#[tokio::test]
async fn a_file_that_takes_the_place_of_ours_is_noticed() {
    let database = without_a_log().await;
    database.sql("insert into homes (id) values (1)").await;
    let mut follower = database.follower();
    let before = follower.poll().await.unwrap();
    fs::rename(copy(&database), database.path()).unwrap();
    let after = follower.poll().await.unwrap();
    assert_ne!(after.incarnation, before.incarnation);
    database.sql("insert into homes (id) values (2)").await;
    assert_eq!(follower.told("price").await, ["2: - -> null"]);
}

#[tokio::test]
async fn a_deleted_file_is_noticed_and_does_not_come_back_empty() {
    let database = Database::new().await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    fs::remove_file(database.path()).unwrap();
    let refused = follower.poll().await.unwrap_err();
    assert!(matches!(refused, SourceError::Unreachable(_)), "{refused}");
    assert!(!database.path().exists());
}

#[tokio::test]
async fn a_copy_that_was_put_back_into_the_file_is_noticed_however_far_it_has_come_since() {
    for written_since in [0, 1, 4, 6, 9] {
        let database = without_a_log().await;
        let mut follower = database.follower();
        follower.poll().await.unwrap();
        database.sql("insert into homes (id) values (100)").await;
        let copy = copy(&database);
        for id in 0..5 {
            database.sql(&format!("insert into homes (id) values ({id})")).await;
        }
        let before = follower.poll().await.unwrap();
        fs::copy(&copy, database.path()).unwrap();
        for id in 0..written_since {
            database.sql(&format!("insert into homes (id, price) values ({id}, 1)")).await;
        }
        let after = follower.poll().await.unwrap();
        assert_ne!(after.incarnation, before.incarnation, "{written_since} written since");
        database.sql("delete from homes where id = 100").await;
        assert_eq!(follower.told("price").await, ["100: null -> -"]);
    }
}

#[tokio::test]
async fn a_copy_that_sqlite_itself_puts_back_is_noticed() {
    let database = Database::new().await;
    let copy = database.path().with_extension("copy");
    database.sql(&format!("vacuum into '{}'", copy.display())).await;
    let mut follower = database.follower();
    let before = follower.poll().await.unwrap();
    database.sql_from_another_process(&format!(".restore '{}'", copy.display()));
    assert_ne!(follower.poll().await.unwrap().incarnation, before.incarnation);
}

#[tokio::test]
async fn a_table_of_changes_that_somebody_empties_begins_a_life() {
    let database = Database::new().await;
    database.sql("insert into homes (id) values (1)").await;
    let mut follower = database.follower();
    let before = follower.poll().await.unwrap();
    database.sql("delete from larder_change; delete from sqlite_sequence").await;
    assert_ne!(follower.poll().await.unwrap().incarnation, before.incarnation);
    database.sql("delete from homes").await;
    assert_eq!(follower.told("price").await, ["1: null -> -"]);
}
