//! A cache that lies: the judge is not to be fooled by it.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::nodes::Door;
use super::stopwatch::Stopwatch;
use crate::http::{RawResponse, raw};

/// A cache by time alone, as many are.
#[derive(Debug)]
pub struct Liar {
    upstream: SocketAddr,
    /// How long an answer is kept.
    keeps: Duration,
    /// What an answer is kept under.
    key: fn(&str) -> &str,
    clock: Stopwatch,
    kept: Mutex<HashMap<String, (Duration, RawResponse)>>,
}

impl Liar {
    /// Starts one for as long as this process lives, and returns where it is. It keeps answers for so long, each under what
    /// `key` makes of its path.
    ///
    /// # Panics
    ///
    /// When no port is free.
    #[must_use]
    pub fn before(upstream: SocketAddr, keeps: Duration, key: fn(&str) -> &str) -> Door {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let door = Door::to(listener.local_addr().expect("a listener has an address"));
        let liar = Arc::new(Self { upstream, keeps, key, clock: Stopwatch::start(), kept: Mutex::default() });
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let liar = Arc::clone(&liar);
                thread::spawn(move || liar.serve(&stream));
            }
        });
        door
    }

    /// Until the reader goes away, or the site does.
    fn serve(&self, stream: &TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut lines = BufReader::new(stream).lines();
        loop {
            let request = lines.next()?.ok()?;
            while !lines.next()?.ok()?.is_empty() {}
            let path = request.split(' ').nth(1)?;
            (&*stream).write_all(&on_the_wire(&self.answer(path)?)).ok()?;
        }
    }

    fn answer(&self, path: &str) -> Option<RawResponse> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, key) = (self.clock.elapsed(), (self.key)(path));
        let found = kept().get(key).cloned();
        if let Some((_, response)) = found.filter(|(since, _)| now < *since + self.keeps) {
            return Some(response);
        }
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let response = raw(self.upstream, request).ok()?;
        kept().insert(key.to_owned(), (now, response.clone()));
        Some(response)
    }
}

fn on_the_wire(response: &RawResponse) -> Vec<u8> {
    let head = format!("HTTP/1.1 {} -\r\nContent-Length: {}\r\n\r\n", response.status, response.body.len());
    [head.as_bytes(), &response.body].concat()
}
