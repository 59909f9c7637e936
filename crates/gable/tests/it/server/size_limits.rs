//! Heads that are too large.

use gable::server::Limits;

use super::rig::{Answer, Rig, ask, patient};

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// A client that sends everything before it reads anything, and goes on to the end.
async fn sent_in_full(request: &str) -> Answer {
    let rig = Rig::start(patient()).await;
    let mut client = rig.client_with(request).await;
    let answer = client.answer().await;
    assert!(answer.says_close());
    client.is_closed().await;
    answer
}

#[tokio::test]
async fn a_target_up_to_the_limit_is_served() {
    let limits = Limits { target_bytes: 40, ..patient() };
    let target = format!("/?q={}", "x".repeat(36));
    assert_eq!(ask(limits, &get(&target)).await.status, 200);
    let answer = ask(limits, &get(&format!("{target}x"))).await;
    assert_eq!(answer.status, 414);
    assert!(answer.body.contains("41 bytes; up to 40"), "{}", answer.body);
}

#[tokio::test]
async fn a_query_of_a_megabyte_is_answered_414() {
    let answer = sent_in_full(&get(&format!("/?q={}", "x".repeat(1024 * 1024)))).await;
    assert_eq!(answer.status, 414);
    assert!(answer.body.contains("8192"), "{}", answer.body);
}

#[tokio::test]
async fn a_query_of_32_megabytes_is_answered_with_a_problem_document_where_it_is_for_the_api() {
    let target = format!("/api/v1/properties?q={}", "x".repeat(32 * 1024 * 1024));
    let answer = sent_in_full(&get(&target)).await;
    assert_eq!(answer.status, 414);
    assert!(answer.head.contains("application/problem+json"));
}

#[tokio::test]
async fn a_head_of_a_megabyte_is_answered_431() {
    let cookie = "x".repeat(1024 * 1024);
    let answer = sent_in_full(&format!("GET / HTTP/1.1\r\nCookie: {cookie}\r\n\r\n")).await;
    assert_eq!(answer.status, 431);
    assert!(answer.body.contains("65536 bytes"), "{}", answer.body);
}

#[tokio::test]
async fn a_head_that_comes_whole_is_measured_too() {
    let limits = Limits { head_bytes: 1000, ..patient() };
    let request = |size| get("/").replace("\r\n\r\n", &format!("\r\nX: {}\r\n\r\n", "x".repeat(size)));
    assert_eq!(ask(limits, &request(900)).await.status, 200);
    assert_eq!(ask(limits, &request(1000)).await.status, 431);
}

#[tokio::test]
async fn a_hundred_header_lines_are_served_and_one_more_is_answered_431() {
    let request = |lines| get("/").replace("\r\n\r\n", &format!("\r\n{}\r\n", "X: y\r\n".repeat(lines)));
    assert_eq!(ask(patient(), &request(99)).await.status, 200);
    let answer = ask(patient(), &request(100)).await;
    assert_eq!(answer.status, 431);
    assert!(answer.body.contains("100 fields"), "{}", answer.body);
}

#[tokio::test]
async fn the_number_of_header_lines_is_a_setting() {
    let limits = Limits { header_fields: 3, ..patient() };
    let request = |lines| get("/").replace("\r\n\r\n", &format!("\r\n{}\r\n", "X: y\r\n".repeat(lines)));
    assert_eq!(ask(limits, &request(2)).await.status, 200);
    assert_eq!(ask(limits, &request(3)).await.status, 431);
}
