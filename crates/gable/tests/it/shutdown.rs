//! SIGTERM: the program ends in an orderly way within 10 s, whatever its clients and its database do.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::time::Duration;

use sqlx::Connection as _;
use testkit::http::Connection;
use testkit::{Postgres, Signal, within};

use crate::database::{Database, draft, over_both_databases};
use crate::site::Site;

over_both_databases!(
    connections_that_are_idle_do_not_hold_it_up,
    a_request_half_sent_does_not_hold_it_up,
    an_interrupt_ends_it_as_well,
);

/// What is promised to whoever sends the signal.
const PROMISED: Duration = Duration::from_secs(10);

const HOME: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const HALF: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n";
const EXPORT: &str = "GET /api/v1/properties/export.ndjson HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Ends the program, which has to end by itself, with 0, in time, and without another word of complaint.
fn ends(site: &Site) {
    site.program.signal(Signal::TERM);
    ends_by_itself(site);
}

fn ends_by_itself(site: &Site) {
    let status = site.program.wait_within(PROMISED);
    let status = status.unwrap_or_else(|| panic!("it does not end:\n{}", site.program.output()));
    assert_eq!(status.code(), Some(0), "{}", site.program.output());
    assert!(!site.program.output().contains("panicked"), "{}", site.program.output());
}

fn connection(site: &Site, text: &str) -> Connection {
    let mut connection = Connection::open(site.address).unwrap();
    connection.write(text).unwrap();
    connection
}

/// Connections on which a whole answer has come.
fn idle_connections(site: &Site) -> Vec<Connection> {
    let mut connections: Vec<_> = (0..10).map(|_| connection(site, HOME)).collect();
    for connection in &mut connections {
        assert_eq!(connection.read_response().unwrap().status, 200);
    }
    connections
}

async fn connections_that_are_idle_do_not_hold_it_up(database: Database) {
    let site = database.serve();
    let connections = idle_connections(&site);
    ends(&site);
    for mut connection in connections {
        assert!(connection.is_closed_by_server().unwrap());
    }
}

async fn a_request_half_sent_does_not_hold_it_up(database: Database) {
    let site = database.serve();
    let _half = connection(&site, HALF);
    ends(&site);
}

/// A connection to a client that asked for more than fits between the two, read its beginning and then nothing.
async fn deaf_client(site: &Site) -> reqwest::Response {
    let mut response = site.begin("/api/v1/properties/export.ndjson").await;
    assert!(response.chunk().await.unwrap().is_some());
    response
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_does_not_hold_it_up() {
    let database = Database::sqlite();
    database.fill(5_000, 8_000).await;
    let site = database.serve();
    let mut deaf = deaf_client(&site).await;
    ends(&site);
    let mut rest = deaf.chunk().await;
    while let Ok(Some(_)) = rest {
        rest = deaf.chunk().await;
    }
    assert!(rest.is_err(), "what was cut does not look whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_is_finished_and_told_that_it_is_the_last() {
    let database = Database::postgres();
    database.add([draft("Home by the lake")]).await;
    let site = database.serve();
    let lock = site.database.lock_listings().await;
    let mut waiting = connection(&site, HOME);
    site.reads_become(|reads| reads > 0).await;
    begins_to_end(&site);
    let nobody_new = within(PROMISED, || Connection::open(site.address).is_err().then_some(()));
    assert!(nobody_new.is_some(), "the listener is closed");
    lock.close().await.unwrap();
    let answer = waiting.read_response().unwrap();
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    assert!(answer.text().contains("Home by the lake"));
    drop(waiting);
    ends_by_itself(&site);
}

fn begins_to_end(site: &Site) {
    site.program.signal(Signal::TERM);
    site.program.wait_for_line(|line| line.contains("finishing what is in flight"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_signal_ends_it_at_once_whatever_it_waits_for() {
    for (notice, waits) in [("0", "finishing what is in flight"), ("60000", "not ready any more")] {
        let site = Database::postgres().serve_with(&[("SHUTDOWN_NOTICE_MS", notice)]);
        let lock = site.database.lock_listings().await;
        let mut waiting = connection(&site, HOME);
        site.reads_become(|reads| reads > 0).await;
        site.program.signal(Signal::TERM);
        site.program.wait_for_line(|line| line.contains(waits));
        site.program.signal(Signal::TERM);
        ends_by_itself(&site);
        assert!(site.program.output().contains("SIGTERM again: ending at once"), "{}", site.program.output());
        assert!(waiting.read_response().is_err(), "what was in flight is cut");
        lock.close().await.unwrap();
    }
}

async fn an_interrupt_ends_it_as_well(database: Database) {
    let site = database.serve();
    site.program.signal(Signal::INT);
    ends_by_itself(&site);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_them_together_do_not_hold_it_up() {
    let database = Database::postgres();
    database.fill(5_000, 8_000).await;
    let site = database.serve();
    let idle = idle_connections(&site);
    let halves: Vec<_> = (0..10).map(|_| connection(&site, HALF)).collect();
    let deaf: Vec<_> = (0..10).map(|_| connection(&site, EXPORT)).collect();
    let heard = deaf_client(&site).await;
    ends(&site);
    drop((idle, halves, deaf, heard));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_stands_still_with_requests_in_flight_does_not_hold_it_up() {
    let postgres = Postgres::start();
    let site = Database::on(&postgres).serve();
    assert_eq!(site.get("/").await.status, 200);
    postgres.pause();
    // Each for another page, since all who want the same wait for one read.
    let page = |number| format!("GET /properties/{number}/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let waiting: Vec<_> = (1..=30).map(|number| connection(&site, &page(number))).collect();
    site.reads_become(|reads| reads >= 8).await;
    ends(&site);
    drop(waiting);
    postgres.resume();
}
