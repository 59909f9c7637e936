//! The end of the service, whatever clients are doing at the time.

use std::time::Duration;

use gable::server::{Drained, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::rig::{ENDLESS, HELLO, HOLD, Rig, SHORT, patient, soon};

#[tokio::test]
async fn a_server_without_clients_ends_at_once() {
    let rig = Rig::start(patient()).await;
    assert!(rig.lifecycle.is_ready());
    rig.lifecycle.begin_shutdown();
    assert!(!rig.lifecycle.is_ready());
    assert_eq!(rig.drained().await, Drained { finished: 0, cut: 0 });
}

#[tokio::test]
async fn a_connection_that_has_said_nothing_does_not_delay_shutdown() {
    let rig = Rig::start(patient()).await;
    let mut silent = rig.client().await;
    // Once a later one has been served, the silent one has been accepted.
    let mut other = rig.client().await;
    other.request(HELLO).await;
    assert_eq!(rig.shut_down().await, Drained { finished: 2, cut: 0 });
    silent.is_closed().await;
}

#[tokio::test]
async fn an_idle_connection_does_not_delay_shutdown() {
    let rig = Rig::start(patient()).await;
    let mut client = rig.client().await;
    client.request(HELLO).await;
    assert_eq!(rig.shut_down().await, Drained { finished: 1, cut: 0 });
    client.is_closed().await;
}

#[tokio::test]
async fn a_half_sent_request_does_not_delay_shutdown() {
    let rig = Rig::start(patient()).await;
    let mut first = rig.client_with("GET / HTTP/1.1\r\nHost: loc").await;
    let mut second = rig.client().await;
    second.request(HELLO).await;
    second.send("GET / HTTP/1.1\r\nHost: loc").await;
    assert_eq!(rig.shut_down().await, Drained { finished: 2, cut: 0 });
    first.is_closed().await;
    second.is_closed().await;
}

#[tokio::test]
async fn a_request_in_flight_is_finished_and_says_that_it_is_the_last() {
    let rig = Rig::start(patient()).await;
    let mut client = rig.client_with(HOLD).await;
    rig.entered().await;
    rig.lifecycle.begin_shutdown();
    assert!(refuses_connections(&rig).await);
    rig.release();
    let answer = client.answer().await;
    assert_eq!(answer.body, "held");
    assert!(answer.says_close());
    drop(client);
    assert_eq!(rig.drained().await, Drained { finished: 1, cut: 0 });
}

async fn refuses_connections(rig: &Rig) -> bool {
    let refused = async {
        while TcpStream::connect(rig.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    soon(refused).await;
    true
}

#[tokio::test]
async fn who_is_given_notice_is_served_and_told_that_it_is_the_last() {
    let rig = Rig::start(Limits { linger_time: SHORT, ..patient() }).await;
    let mut kept = rig.client().await;
    assert!(!kept.request(HELLO).await.says_close());
    rig.lifecycle.give_notice();
    assert!(!rig.lifecycle.is_ready());
    let mut new = rig.client().await;
    for client in [&mut kept, &mut new] {
        assert!(client.request(HELLO).await.says_close());
        client.is_closed().await;
    }
    drop((kept, new));
    assert_eq!(rig.shut_down().await.cut, 0);
}

#[tokio::test]
async fn a_client_that_keeps_the_connection_after_the_last_answer_does_not_delay_shutdown_for_long() {
    let rig = Rig::start(Limits { linger_time: SHORT, ..patient() }).await;
    let mut client = rig.client_with(HOLD).await;
    rig.entered().await;
    rig.lifecycle.begin_shutdown();
    assert!(refuses_connections(&rig).await);
    rig.release();
    assert!(client.answer().await.says_close());
    assert_eq!(rig.drained().await, Drained { finished: 1, cut: 0 });
}

#[tokio::test]
async fn a_half_sent_body_is_cut_at_the_deadline() {
    let rig = Rig::start(Limits { drain_time: SHORT, ..patient() }).await;
    let half =
        "POST /length HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n";
    let mut client = rig.client_with(half).await;
    assert_eq!(client.head().await, "http/1.1 100 continue\r\n\r\n");
    client.send("half").await;
    assert_eq!(rig.shut_down().await, Drained { finished: 0, cut: 1 });
    client.is_closed().await;
}

#[tokio::test]
async fn a_body_whose_rest_comes_in_time_is_still_answered() {
    let rig = Rig::start(patient()).await;
    let half =
        "POST /length HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n";
    let mut client = rig.client_with(half).await;
    client.head().await;
    rig.lifecycle.begin_shutdown();
    let answer = client.request("complete").await;
    assert_eq!(answer.body, "8");
    assert!(answer.says_close());
}

#[tokio::test]
async fn a_client_that_never_reads_is_cut_at_the_deadline() {
    let rig = Rig::start(Limits { drain_time: SHORT, ..patient() }).await;
    let _client = rig.client_with(ENDLESS).await;
    rig.entered().await;
    assert_eq!(rig.shut_down().await, Drained { finished: 0, cut: 1 });
}

#[tokio::test]
async fn a_handler_that_does_not_answer_is_cut_at_the_deadline() {
    let rig = Rig::start(Limits { drain_time: SHORT, ..patient() }).await;
    let mut client = rig.client_with(HOLD).await;
    rig.entered().await;
    assert_eq!(rig.shut_down().await, Drained { finished: 0, cut: 1 });
    client.is_closed().await;
}

#[tokio::test]
async fn endless_requests_on_one_connection_do_not_delay_shutdown_and_no_answer_is_torn() {
    let rig = Rig::start(Limits { let_go_time: Duration::from_hours(1), ..patient() }).await;
    let mut client = rig.client().await;
    client.request(HELLO).await;
    let (mut reading, mut writing) = client.0.into_split();
    let asking = tokio::spawn(async move {
        let many = HELLO.repeat(100);
        while writing.write_all(many.as_bytes()).await.is_ok() {}
    });
    let hearing = tokio::spawn(async move {
        let mut heard = Vec::new();
        // A reset would be an error here.
        reading.read_to_end(&mut heard).await.map(|_| heard)
    });
    rig.lifecycle.begin_shutdown();
    let heard = soon(hearing).await.unwrap().unwrap();
    assert!(heard.is_empty() || heard.ends_with(b"hello"));
    asking.abort();
    assert_eq!(rig.drained().await, Drained { finished: 1, cut: 0 });
}

#[tokio::test]
async fn the_second_request_to_end_ends_at_once() {
    let rig = Rig::start(patient()).await;
    let mut client = rig.client_with(HOLD).await;
    rig.entered().await;
    rig.lifecycle.begin_shutdown();
    rig.lifecycle.end_now();
    client.is_closed().await;
    assert_eq!(rig.drained().await, Drained { finished: 0, cut: 1 });
}

#[tokio::test]
async fn all_of_them_together_are_gone_by_the_deadline() {
    let rig = Rig::start(Limits { drain_time: SHORT, ..patient() }).await;
    let mut idle = rig.client().await;
    idle.request(HELLO).await;
    let half_head = rig.client_with("GET / HT").await;
    let half_body = "POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf";
    let half_body = rig.client_with(half_body).await;
    let deaf = rig.client_with(&format!("{ENDLESS}{HELLO}{HELLO}")).await;
    let held = rig.client_with(HOLD).await;
    rig.entered().await;
    rig.entered().await;
    let counts = std::sync::Arc::clone(&rig.counts);
    rig.shut_down().await;
    assert_eq!((counts.connections_accepted(), counts.connections_open()), (5, 0));
    for mut client in [idle, half_head, half_body, held] {
        client.is_closed().await;
    }
    drop(deaf);
}
