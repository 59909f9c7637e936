//! Bodies that are too large, not read, or not meant.

use gable::server::Limits;
use tokio::io::AsyncWriteExt;

use super::rig::{HELLO, Rig, SHORT, ask, patient, soon};

fn small() -> Limits {
    Limits { body_bytes: 10, ..patient() }
}

fn post(path: &str, framing: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n{body}")
}

#[tokio::test]
async fn a_body_up_to_the_limit_is_read() {
    let request = post("/length", "Content-Length: 10", "0123456789");
    let answer = ask(small(), &request).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "10"));
    assert!(!answer.says_close());
}

#[tokio::test]
async fn a_body_announced_too_large_is_answered_413_before_it_comes() {
    let answer = ask(small(), &post("/length", "Content-Length: 11", "")).await;
    assert_eq!(answer.status, 413);
    assert!(answer.body.contains("10 bytes"), "{}", answer.body);
    assert!(answer.says_close());
}

#[tokio::test]
async fn a_body_that_turns_out_too_large_is_answered_413() {
    let chunks = "8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n";
    let answer = ask(small(), &post("/length", "Transfer-Encoding: chunked", chunks)).await;
    assert_eq!(answer.status, 413);
    assert!(answer.says_close());
}

#[tokio::test]
async fn a_handler_can_not_hide_that_the_body_was_too_large() {
    let chunks = "b\r\n01234567890\r\n0\r\n\r\n";
    let answer = ask(small(), &post("/deny", "Transfer-Encoding: chunked", chunks)).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn a_client_that_writes_all_before_it_reads_gets_its_413() {
    let rig = Rig::start(patient()).await;
    let size = 32 * 1024 * 1024;
    let framing = format!("Content-Length: {size}");
    let mut client = rig.client_with(&post("/api/x", &framing, "")).await;
    client.send(&"x".repeat(size)).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 413);
    assert!(answer.head.contains("application/problem+json"));
    client.is_closed().await;
}

#[tokio::test]
async fn a_body_that_no_handler_reads_does_not_destroy_the_answer() {
    let rig = Rig::start(Limits { body_bytes: usize::MAX, ..patient() }).await;
    let size = 32 * 1024 * 1024;
    let framing = format!("Content-Length: {size}");
    let mut client = rig.client_with(&post("/ignore", &framing, "")).await;
    client.send(&"x".repeat(size)).await;
    let answer = client.answer().await;
    assert_eq!(answer.body, "not read");
    assert!(answer.says_close());
}

#[tokio::test]
async fn a_body_without_end_is_not_read_for_ever() {
    for limits in [
        Limits { linger_bytes: 1024 * 1024, ..patient() },
        Limits { linger_time: SHORT, linger_bytes: usize::MAX, ..patient() },
    ] {
        let rig = Rig::start(limits).await;
        let mut client = rig.client_with(&post("/", "Content-Length: 99999999999", "")).await;
        let piece = "x".repeat(64 * 1024);
        let pouring = async { while client.0.write_all(piece.as_bytes()).await.is_ok() {} };
        soon(pouring).await;
    }
}

#[tokio::test]
async fn a_get_with_a_body_is_refused() {
    for framing in ["Content-Length: 1\r\n\r\nx", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"] {
        for method in ["GET", "HEAD"] {
            let rig = Rig::start(patient()).await;
            let request = format!("{method} / HTTP/1.1\r\nHost: localhost\r\n{framing}");
            let mut client = rig.client_with(&request).await;
            // The answer to HEAD has a length and no body.
            let head = client.head().await;
            assert!(head.starts_with("http/1.1 400"), "{head}");
            assert_eq!(rig.refused("body_unexpected"), 1);
        }
    }
}

#[tokio::test]
async fn a_get_with_an_empty_body_is_fine() {
    let request = HELLO.replace("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(ask(patient(), &request).await.status, 200);
}

#[tokio::test]
async fn a_body_with_two_lengths_is_taken_by_its_chunks_and_nothing_after_it_is_believed() {
    let rig = Rig::start(patient()).await;
    for framing in
        ["Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 4"]
    {
        let request = post("/length", framing, &format!("2\r\nab\r\n0\r\n\r\n{HELLO}"));
        let mut client = rig.client_with(&request).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "2"));
        assert!(answer.says_close());
        client.shut().await;
        client.is_closed().await;
    }
}

#[tokio::test]
async fn lengths_that_contradict_each_other_are_refused() {
    let framing = "Content-Length: 1\r\nContent-Length: 2";
    assert_eq!(ask(patient(), &post("/length", framing, "ab")).await.status, 400);
    assert_eq!(ask(patient(), &post("/length", "Content-Length: -1", "")).await.status, 400);
    let unknown = "Transfer-Encoding: gzip";
    assert_eq!(ask(patient(), &post("/length", unknown, "")).await.status, 400);
}

#[tokio::test]
async fn a_client_that_asks_before_it_sends_is_told_to_go_on_or_not() {
    let rig = Rig::start(small()).await;
    let expecting = "Content-Length: 4\r\nExpect: 100-continue";
    let mut client = rig.client_with(&post("/length", expecting, "")).await;
    assert_eq!(client.head().await, "http/1.1 100 continue\r\n\r\n");
    assert_eq!(client.request("1234").await.body, "4");
    let too_much = "Content-Length: 11\r\nExpect: 100-continue";
    assert_eq!(client.request(&post("/length", too_much, "")).await.status, 413);
}
