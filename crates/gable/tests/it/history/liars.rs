//! The judge is not to be fooled: caches that lie, put before a site that does not.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use testkit::history::{Door, Report, Stopwatch, Wrong};
use testkit::http::{RawResponse, raw};

use super::rig::{BOUND, Rig, is_right, say};
use crate::database::Database;

const LENGTH: Duration = Duration::from_secs(4);

/// A cache by time alone, as many are.
struct Liar {
    upstream: SocketAddr,
    /// How long an answer is kept.
    keeps: Duration,
    /// What an answer is kept under.
    key: fn(&str) -> &str,
    clock: Stopwatch,
    kept: Mutex<HashMap<String, (Duration, RawResponse)>>,
}

impl Liar {
    /// Starts it, for as long as this process lives, and returns where it is.
    fn before(upstream: SocketAddr, keeps: Duration, key: fn(&str) -> &str) -> Door {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let door = Door::to(listener.local_addr().unwrap());
        let liar = Arc::new(Liar { upstream, keeps, key, clock: Stopwatch::start(), kept: Mutex::default() });
        thread::spawn(move || {
            for stream in listener.incoming() {
                let liar = Arc::clone(&liar);
                // A reader that goes away ends its connection, and a site that goes away the test.
                thread::spawn(move || liar.serve(&stream.unwrap()));
            }
        });
        door
    }

    fn serve(&self, stream: &TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut lines = BufReader::new(stream).lines();
        loop {
            let request = lines.next()?.ok()?;
            while !lines.next()?.ok()?.is_empty() {}
            let path = request.split(' ').nth(1)?;
            (&*stream).write_all(&on_the_wire(&self.answer(path))).ok()?;
        }
    }

    fn answer(&self, path: &str) -> RawResponse {
        let (now, key) = (self.clock.elapsed(), (self.key)(path));
        let kept = self.kept.lock().unwrap().get(key).cloned();
        if let Some((_, response)) = kept.filter(|(since, _)| now < *since + self.keeps) {
            return response;
        }
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let response = raw(self.upstream, request).unwrap();
        self.kept.lock().unwrap().insert(key.to_owned(), (now, response.clone()));
        response
    }
}

fn on_the_wire(response: &RawResponse) -> Vec<u8> {
    let head = format!("HTTP/1.1 {} -\r\nContent-Length: {}\r\n\r\n", response.status, response.body.len());
    [head.as_bytes(), &response.body].concat()
}

/// What the judge says of a site behind a liar.
fn judged(keeps: Duration, key: fn(&str) -> &str) -> Report {
    let rig = Rig::over(Database::postgres(), 1, BOUND);
    let door = Liar::before(rig.scene.nodes[0].door().address(), keeps, key);
    let report = rig.scene.traffic(&[&door]).round(LENGTH, 6, &[]);
    say(&report);
    report
}

#[test]
fn a_cache_that_keeps_pages_for_half_a_second_is_found_out() {
    let report = judged(Duration::from_millis(500), |path| path);
    assert!(report.count_of(&Wrong::Stale(Duration::ZERO)) > 2, "{report}");
    let oldest = report.ages.iter().max().unwrap();
    assert!(*oldest <= BOUND, "what counts as right is within the bound: {oldest:?}");
}

#[test]
fn a_cache_that_takes_one_listing_for_another_is_found_out() {
    let report =
        judged(Duration::from_millis(500), |path| path.trim_end_matches(|it: char| it.is_ascii_digit()));
    assert!(report.count_of(&Wrong::Odd(String::new())) > 2, "{report}");
}

#[test]
fn a_cache_that_forgets_the_query_is_found_out() {
    let report = judged(Duration::from_millis(500), |path| path.split('?').next().unwrap());
    let wrong = [Wrong::WronglyShown, Wrong::Missing, Wrong::Torn, Wrong::Stale(Duration::ZERO)];
    assert!(wrong.iter().map(|wrong| report.count_of(wrong)).sum::<usize>() > 2, "{report}");
}

/// The site's own cache, told to rely on what it knows for longer than is promised.
#[test]
fn a_site_with_a_lease_is_found_out_by_whoever_allows_none() {
    let slow = [("CACHE_POLL_MS", "1000")];
    let mut rig = Rig::with(Database::postgres(), 1, Duration::from_secs(2), &slow);
    rig.scene.bound = Duration::ZERO;
    let report = rig.scene.round(LENGTH, 8, &[]);
    say(&report);
    let old = [Wrong::Stale(Duration::ZERO), Wrong::Backwards(Duration::ZERO), Wrong::OwnWriteUnseen];
    assert!(old.iter().map(|wrong| report.count_of(wrong)).sum::<usize>() > 2, "{report}");
}

#[test]
fn a_proxy_that_keeps_nothing_is_not_accused() {
    is_right(&judged(Duration::ZERO, |path| path));
}
