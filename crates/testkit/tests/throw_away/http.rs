//! Raw HTTP.

use std::io::ErrorKind;
use std::time::Duration;

use crate::website::serve;
use testkit::http::{Connection, raw};

#[test]
fn an_answer_with_a_length_leaves_the_next_one_alone() {
    let server = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Two:  a: b \r\n\r\nhello");
    let mut connection = Connection::open(server).unwrap();
    connection.write("GET /one HTTP/1.1\r\n\r\nGET /two HTTP/1.1\r\n\r\n").unwrap();
    for _ in 0..2 {
        let response = connection.read_response().unwrap();
        assert_eq!((response.status, response.text().as_str()), (200, "hello"));
        assert_eq!(response.header("x-two"), Some("a: b"));
    }
}

#[test]
fn chunks_are_put_together() {
    let server =
        serve(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n");
    assert_eq!(raw(server, "GET / HTTP/1.1\r\n\r\n").unwrap().text(), "hello!");
}

#[test]
fn an_answer_without_a_length_ends_with_the_connection() {
    let server = serve(b"HTTP/1.0 200 OK\r\n\r\nall of it");
    assert_eq!(raw(server, "GET / HTTP/1.0\r\n\r\n").unwrap().text(), "all of it");
}

#[test]
fn an_answer_to_head_and_a_304_have_no_body() {
    let server = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(raw(server, "HEAD / HTTP/1.1\r\n\r\n").unwrap().body, b"");
    let server = serve(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(raw(server, "GET / HTTP/1.1\r\n\r\n").unwrap().body, b"");
}

#[test]
fn a_request_can_be_sent_in_parts() {
    let server = serve(b"HTTP/1.1 204 No Content\r\n\r\n");
    let mut connection = Connection::open(server).unwrap();
    connection.write("GET / HT").unwrap();
    connection.limit(Duration::from_millis(50));
    assert_eq!(connection.read_response().unwrap_err().kind(), ErrorKind::TimedOut);
    connection.limit(Duration::from_secs(20));
    connection.write("TP/1.1\r\n\r\n").unwrap();
    assert_eq!(connection.read_response().unwrap().status, 204);
}

#[test]
fn a_server_that_closes_early_is_no_answer() {
    let server = serve(b"HTTP/1.0 200 OK\r\nContent-Length: 50\r\n\r\ntoo short");
    assert_eq!(raw(server, "GET / HTTP/1.0\r\n\r\n").unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn a_closed_connection_is_seen() {
    let server = serve(b"HTTP/1.0 204 No Content\r\n\r\n");
    let mut connection = Connection::open(server).unwrap();
    connection.write("GET / HTTP/1.0\r\n\r\n").unwrap();
    connection.read_response().unwrap();
    assert!(connection.is_closed_by_server().unwrap());
}

#[test]
fn what_is_no_http_is_refused() {
    let server = serve(b"SSH-2.0\r\n\r\n");
    assert_eq!(raw(server, "GET / HTTP/1.1\r\n\r\n").unwrap_err().kind(), ErrorKind::InvalidData);
}
