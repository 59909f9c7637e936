//! REPLACE deletes rows without a word: no delete trigger fires.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use sqlx::sqlite::SqliteJournalMode;

use crate::database::{Database, Follower, HOMES};

async fn homes() -> (Database, Follower) {
    let database = Database::new().await;
    database.sql("insert into homes (id, price, slug) values (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c')").await;
    following(database).await
}

async fn following(database: Database) -> (Database, Follower) {
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    (database, follower)
}

#[tokio::test]
async fn a_row_that_is_replaced_is_reported_with_its_old_values() {
    let (database, mut follower) = homes().await;
    database.sql("insert or replace into homes (id, price) values (2, 99)").await;
    assert_eq!(follower.told("price").await, ["2: 20 -> -", "2: - -> 99"]);
}

#[tokio::test]
async fn a_row_that_is_replaced_through_another_unique_column_is_reported() {
    let (database, mut follower) = homes().await;
    database.sql("replace into homes (id, price, slug) values (9, 99, 'b')").await;
    assert_eq!(follower.told("price").await, ["2: 20 -> -", "9: - -> 99"]);
}

#[tokio::test]
async fn a_row_that_an_update_replaces_is_reported() {
    let (database, mut follower) = homes().await;
    database.sql("update or replace homes set slug = 'b' where id = 1").await;
    assert_eq!(follower.told("price").await, ["2: 20 -> -", "1: 10 -> 10"]);
    database.sql("update or replace homes set rowid = 3 where id = 1").await;
    assert_eq!(follower.told("price").await, ["3: 30 -> -", "1: 10 -> -", "3: - -> 10"]);
}

#[tokio::test]
async fn an_update_in_nobodys_way_is_one_change() {
    let (database, mut follower) = homes().await;
    database.sql("update homes set price = 11, slug = 'd' where id = 1").await;
    assert_eq!(follower.told("price").await, ["1: 10 -> 11"]);
}

#[tokio::test]
async fn an_upsert_is_reported_as_the_update_that_it_is() {
    let (database, mut follower) = homes().await;
    database.sql("insert into homes (id, price) values (2, 99) on conflict do update set price = 99").await;
    let told = follower.told("price").await;
    assert_eq!(told.last().map(String::as_str), Some("2: 20 -> 99"));
}

#[tokio::test]
async fn a_row_that_the_collation_of_an_index_puts_in_the_way_is_reported() {
    let index = "create unique index homes_by_place on homes (place collate nocase, price)";
    let database =
        Database::with(SqliteJournalMode::Wal, &[HOMES, index]).await.watching("homes", &["place"]).await;
    database.sql("insert into homes (id, place, price) values (1, 'Accra', 5)").await;
    let (database, mut follower) = following(database).await;
    database.sql("replace into homes (id, place, price) values (2, 'ACCRA', 5)").await;
    assert_eq!(follower.told("place").await, ["1: Accra -> -", "2: - -> ACCRA"]);
}

#[tokio::test]
async fn a_row_that_is_replaced_by_its_hidden_rowid_is_reported() {
    let table = "create table people (name text primary key, age integer)";
    let database = Database::with(SqliteJournalMode::Wal, &[table]).await.watching("people", &["age"]).await;
    database.sql("insert into people (rowid, name, age) values (7, 'Ama', 30)").await;
    let (database, mut follower) = following(database).await;
    database.sql("replace into people (rowid, name, age) values (7, 'Kofi', 40)").await;
    assert_eq!(follower.told("age").await, ["Ama: 30 -> -", "Kofi: - -> 40"]);
}

#[tokio::test]
async fn a_table_whose_index_cannot_be_compared_changes_as_a_whole() {
    for index in ["(lower(place))", "(place) where price > 5"] {
        let index = format!("create unique index homes_by_place on homes {index}");
        let database = Database::with(SqliteJournalMode::Wal, &[HOMES, &index])
            .await
            .watching("homes", &["price"])
            .await;
        database.sql("insert into homes (id, price, place) values (1, 10, 'Accra')").await;
        let (database, mut follower) = following(database).await;
        database.sql("replace into homes (id, price, place) values (2, 20, 'Accra')").await;
        assert_eq!(follower.told("price").await, ["all homes", "2: - -> 20"]);
        database.sql("update homes set price = 30").await;
        assert_eq!(follower.told("price").await, ["all homes", "2: 20 -> 30"]);
    }
}
