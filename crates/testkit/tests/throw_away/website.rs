//! A web server of a few lines, for the tests of what speaks HTTP.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

/// Serves every connection the same bytes after each request's head, and closes it after `HTTP/1.0` answers.
pub(crate) fn serve(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer_all(&stream, answer));
        }
    });
    address
}

fn answer_all(mut stream: &TcpStream, answer: &[u8]) {
    let mut lines = BufReader::new(stream).lines();
    let is_last = answer.starts_with(b"HTTP/1.0");
    while lines.by_ref().any(|line| line.is_ok_and(|line| line.is_empty())) {
        if stream.write_all(answer).is_err() || is_last {
            return;
        }
    }
}
