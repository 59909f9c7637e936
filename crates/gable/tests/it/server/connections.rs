//! Many connections, and many requests on one.

use futures::future::join_all;
use gable::server::Limits;

use super::rig::{HELLO, HOLD, Rig, SHORT, patient, soon};

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let rig = Rig::start(patient()).await;
    let post = "POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc";
    let mut client = rig.client_with(&format!("{HELLO}{post}{HELLO}")).await;
    assert_eq!(client.answer().await.body, "hello");
    assert_eq!(client.answer().await.body, "3");
    assert_eq!(client.answer().await.body, "hello");
}

#[tokio::test]
async fn a_client_above_the_limit_is_served_when_another_leaves() {
    let rig = Rig::start(Limits { connections: 2, ..patient() }).await;
    let first = rig.client_with(HOLD).await;
    let mut second = rig.client_with(HOLD).await;
    rig.entered().await;
    rig.entered().await;
    let mut third = rig.client_with(HELLO).await;
    drop(first);
    rig.left().await;
    assert_eq!(third.answer().await.body, "hello");
    assert_eq!(rig.counts.connections_open(), 2);
    rig.release();
    assert_eq!(second.answer().await.body, "held");
}

#[tokio::test]
async fn no_more_connections_are_open_than_allowed() {
    let rig = Rig::start(Limits { connections: 2, ..patient() }).await;
    let clients: Vec<_> = join_all((0..8).map(|_| rig.client())).await;
    let closing = HELLO.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let served = clients.into_iter().map(async |mut client| {
        client.request(&closing).await;
        // Ours stays open until here, so that the server's side is counted.
        let open = rig.counts.connections_open();
        drop(client);
        open
    });
    let open = soon(join_all(served)).await;
    assert!(open.iter().all(|it| *it <= 2), "{open:?}");
    assert_eq!(rig.counts.connections_accepted(), 8);
}

#[tokio::test]
async fn an_idle_connection_makes_room_when_all_are_taken() {
    let limits = Limits { connections: 2, crowded_idle_time: SHORT, ..patient() };
    let rig = Rig::start(limits).await;
    let mut busy = rig.client_with(HOLD).await;
    rig.entered().await;
    let mut idle = rig.client().await;
    idle.request(HELLO).await;
    let mut third = rig.client_with(HELLO).await;
    assert_eq!(third.answer().await.body, "hello");
    idle.is_closed().await;
    rig.release();
    assert_eq!(busy.answer().await.body, "held");
}

#[tokio::test]
async fn an_idle_connection_stays_while_there_is_room() {
    let limits = Limits { connections: 3, crowded_idle_time: SHORT, head_time: SHORT * 2, ..patient() };
    let rig = Rig::start(limits).await;
    let mut idle = rig.client().await;
    idle.request(HELLO).await;
    // When this one's time is over, that of a crowded server would be too.
    let mut late = rig.client_with("GET").await;
    assert_eq!(late.answer().await.status, 408);
    assert_eq!(idle.request(HELLO).await.body, "hello");
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_request_with_it() {
    let rig = Rig::start(patient()).await;
    let client = rig.client_with(HOLD).await;
    rig.entered().await;
    drop(client);
    rig.left().await;
}

#[tokio::test]
async fn a_handler_learns_the_address_of_its_client() {
    use axum::extract::ConnectInfo;
    use std::net::SocketAddr;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let whoami = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string();
    let routes = axum::Router::new().route("/", axum::routing::get(whoami));
    let server = gable::server::Server::new(
        patient(),
        gable::server::AllowedHosts::loopback(),
        gable::server::Lifecycle::new(),
    );
    let serving = tokio::spawn(server.serve(listener, routes));
    let mut client = super::rig::Client(tokio::net::TcpStream::connect(address).await.unwrap());
    let own = client.0.local_addr().unwrap().to_string();
    assert_eq!(client.request(HELLO).await.body, own);
    serving.abort();
}
