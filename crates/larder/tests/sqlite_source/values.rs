//! How values come through.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use larder::freshness::Value;
use sqlx::sqlite::SqliteJournalMode;

use crate::database::Database;

const THINGS: &str = "create table things (id, value, primary key (id))";

async fn told(statement: &str) -> Vec<String> {
    let database =
        Database::with(SqliteJournalMode::Wal, &[THINGS]).await.watching("things", &["value"]).await;
    let mut follower = database.follower();
    follower.poll().await.unwrap();
    database.sql(statement).await;
    follower.told("value").await
}

async fn value(value: &str) -> String {
    let told = told(&format!("insert into things values (1, {value})")).await;
    told.concat().replace("1: - -> ", "")
}

#[tokio::test]
async fn values_come_through_as_they_are() {
    for (written, read) in [
        ("null", "null"),
        ("9223372036854775807", "9223372036854775807"),
        ("-0.187", "-0.187"),
        ("1.5e10", "15000000000"),
        ("'Ho \"quoted\" \\ ' || char(10) || char(1)", "Ho \"quoted\" \\ \n\u{1}"),
        ("'Tórshavn 🏡'", "Tórshavn 🏡"),
        ("''", ""),
    ] {
        assert_eq!(value(written).await, read, "{written}");
    }
}

#[tokio::test]
async fn a_value_without_an_exact_text_is_unknown_and_does_not_fail_its_writer() {
    for written in ["x'00ff'", "9e999", "-9e999", "1e300", "0.1 + 0.2", "zeroblob(5)"] {
        assert_eq!(value(written).await, "unknown", "{written}");
    }
}

#[tokio::test]
async fn a_row_with_a_text_that_is_none_leaves_everything_open() {
    assert_eq!(value("cast(x'61ff62' as text)").await, "?");
}

#[tokio::test]
async fn a_key_that_no_dependency_can_name_stands_for_the_whole_table() {
    for key in ["x'01'", "null", "1.5", "cast(x'61ff62' as text)"] {
        assert_eq!(told(&format!("insert into things values ({key}, 1)")).await, ["all things"], "{key}");
    }
    assert_eq!(told("insert into things values ('seven', 1)").await, ["seven: - -> 1"]);
}

#[test]
fn a_number_of_a_change_is_that_of_a_condition() {
    assert_eq!(Value::from(0.1 + 0.2), Value::from(0.300_000_000_000_000_04));
}

#[tokio::test]
async fn a_number_of_fifteen_digits_is_the_one_that_a_condition_names() {
    for number in ["0.1", "5.60372", "-0.18696", "123456.789012345", "100000000000000000000.0", "2.5e-10"] {
        let condition = Value::from(number.parse::<f64>().unwrap());
        assert_eq!(value(number).await, crate::database::text(&condition), "{number}");
    }
}
