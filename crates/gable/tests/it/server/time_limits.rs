//! Clients that take their time.

use gable::server::Limits;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::rig::{Client, ENDLESS, HELLO, HOLD, Rig, SHORT, patient, soon};

#[tokio::test]
async fn a_client_that_says_nothing_is_closed_without_an_answer() {
    let rig = Rig::start(Limits { head_time: SHORT, ..patient() }).await;
    rig.client().await.is_closed().await;
}

#[tokio::test]
async fn a_head_that_stays_half_is_answered_408_and_closed() {
    let rig = Rig::start(Limits { head_time: SHORT, ..patient() }).await;
    let mut client = rig.client_with("GET / HTTP/1.1\r\nHost: loc").await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 408);
    assert!(answer.says_close());
    client.is_closed().await;
    assert_eq!(rig.refused("head_timeout"), 1);
}

#[tokio::test]
async fn an_empty_line_is_not_half_a_request() {
    let rig = Rig::start(Limits { head_time: SHORT, ..patient() }).await;
    let mut client = rig.client().await;
    client.request(HELLO).await;
    client.send("\r\n").await;
    client.is_closed().await;
    let mut client = rig.client().await;
    assert_eq!(client.request(&format!("\r\n{HELLO}")).await.status, 200);
}

#[tokio::test]
async fn a_head_that_drips_gets_no_more_time_than_another() {
    let rig = Rig::start(Limits { head_time: SHORT, ..patient() }).await;
    assert_eq!(dripping(rig.client().await).await, 408);
}

/// Sends one byte after another until an answer comes; returns its status.
async fn dripping(client: Client) -> u16 {
    let (reading, mut writing) = client.0.into_split();
    let drip = tokio::spawn(async move {
        let mut pace = tokio::time::interval(SHORT / 15);
        while writing.write_all(b"x").await.is_ok() {
            pace.tick().await;
        }
    });
    let mut reading = BufReader::new(reading);
    let mut line = String::new();
    soon(reading.read_line(&mut line)).await.unwrap();
    drip.abort();
    line[9..12].parse().unwrap()
}

#[tokio::test]
async fn a_connection_that_stays_idle_is_closed() {
    let rig = Rig::start(Limits { idle_time: SHORT, ..patient() }).await;
    let mut client = rig.client().await;
    assert_eq!(client.request(HELLO).await.status, 200);
    client.is_closed().await;
}

#[tokio::test]
async fn an_idle_connection_outlives_the_time_for_a_head() {
    let rig = Rig::start(Limits { head_time: SHORT, ..patient() }).await;
    let mut idle = rig.client().await;
    idle.request(HELLO).await;
    // The other's time begins later and is over earlier.
    let mut late = rig.client_with("GET").await;
    assert_eq!(late.answer().await.status, 408);
    assert_eq!(idle.request(HELLO).await.status, 200);
}

#[tokio::test]
async fn the_second_head_on_a_connection_has_its_limit_too() {
    let rig = Rig::start(Limits { head_time: SHORT, ..patient() }).await;
    let mut client = rig.client().await;
    client.request(HELLO).await;
    assert_eq!(client.request("GET / HT").await.status, 408);
    client.is_closed().await;
}

#[tokio::test]
async fn a_head_half_sent_behind_another_request_is_not_waited_for_longer_than_an_idle_client() {
    let rig = Rig::start(Limits { idle_time: SHORT, ..patient() }).await;
    let mut client = rig.client_with(&format!("{HELLO}GET / HT")).await;
    assert_eq!(client.answer().await.status, 200);
    client.is_closed().await;
}

#[tokio::test]
async fn a_handler_may_take_longer_than_any_client() {
    let limits = Limits { head_time: SHORT, idle_time: SHORT, ..patient() };
    let rig = Rig::start(limits).await;
    let mut client = rig.client_with(HOLD).await;
    rig.entered().await;
    // When another has been closed for being idle, the same time has passed here.
    let mut other = rig.client().await;
    other.request(HELLO).await;
    other.is_closed().await;
    rig.release();
    assert_eq!(client.answer().await.body, "held");
}

#[tokio::test]
async fn a_body_that_stays_half_is_answered_408_and_closed() {
    let rig = Rig::start(Limits { body_chunk_time: SHORT, ..patient() }).await;
    let half = "POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n";
    for sent in ["", "half"] {
        let mut client = rig.client_with(&format!("{half}{sent}")).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 408);
        assert!(answer.says_close());
    }
    assert_eq!(rig.refused("body_timeout"), 2);
}

#[tokio::test]
async fn a_body_that_drips_has_an_end_too() {
    let rig = Rig::start(Limits { body_time: SHORT, ..patient() }).await;
    let head = "POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n";
    let client = rig.client_with(head).await;
    assert_eq!(dripping(client).await, 408);
}

#[tokio::test]
async fn a_client_that_never_reads_is_cut() {
    let rig = Rig::start(Limits { write_stall_time: SHORT, ..patient() }).await;
    let _client = rig.client_with(ENDLESS).await;
    rig.entered().await;
    rig.left().await;
    assert_eq!(rig.counts.write_stalls(), 1);
}

#[tokio::test]
async fn a_client_that_asks_and_asks_and_never_reads_is_cut() {
    let rig = Rig::start(Limits { write_stall_time: SHORT, ..patient() }).await;
    let mut client = rig.client().await;
    let many = HELLO.replace("/ ", "/large ").repeat(1000);
    let asking = async { while client.0.write_all(many.as_bytes()).await.is_ok() {} };
    soon(asking).await;
    assert_eq!(rig.counts.write_stalls(), 1);
}

#[tokio::test]
async fn a_client_that_reads_slowly_is_served_for_longer_than_a_stall_may_last() {
    let stall = SHORT * 6;
    let rig = Rig::start(Limits { write_stall_time: stall, ..patient() }).await;
    let mut client = rig.client_with(ENDLESS).await;
    let mut piece = vec![0; 4 * 1024 * 1024];
    let mut pace = tokio::time::interval(stall / 10);
    for _ in 0..15 {
        soon(client.0.read_exact(&mut piece)).await.unwrap();
        pace.tick().await;
    }
    assert_eq!(rig.counts.write_stalls(), 0);
}

#[tokio::test]
async fn a_client_that_reads_slowly_makes_room_when_all_connections_are_taken() {
    let rig = Rig::start(Limits { connections: 1, crowded_answer_time: SHORT, ..patient() }).await;
    let mut slow = rig.client_with(ENDLESS).await;
    let mut next = rig.client_with(HELLO).await;
    let sipping = tokio::spawn(async move { sip_to_the_end(&mut slow).await });
    assert_eq!(next.answer().await.body, "hello");
    soon(sipping).await.unwrap();
    assert_eq!(rig.counts.write_stalls(), 1);
}

#[tokio::test]
async fn a_client_that_reads_slowly_stays_while_there_is_room() {
    let rig = Rig::start(Limits { connections: 2, crowded_answer_time: SHORT, ..patient() }).await;
    let mut slow = rig.client_with(ENDLESS).await;
    assert!(tokio::time::timeout(SHORT * 5, sip_to_the_end(&mut slow)).await.is_err());
    assert_eq!(rig.counts.write_stalls(), 0);
}

/// Takes a little now and then until nothing comes any more.
async fn sip_to_the_end(client: &mut Client) {
    let mut piece = vec![0; 256 * 1024];
    let mut pace = tokio::time::interval(SHORT / 10);
    while client.0.read(&mut piece).await.is_ok_and(|bytes| bytes > 0) {
        pace.tick().await;
    }
}
