//! A hundred thousand rows at once, while somebody reads.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gable::clock;

use super::counts;
use crate::database::{Database, over_both_databases};
use crate::site::Site;
use crate::writing::{LIST, Writer};

over_both_databases!(
    a_hundred_thousand_rows_are_kept_while_everybody_reads,
    a_body_beyond_all_limits_is_refused_before_it_is_sent,
);

const ROWS: u64 = 100_000;
const CHANGED: u64 = 10_000;

/// The first so many rows with the one title, the others with the other.
fn file(title: &str, first: u64, rest: &str) -> String {
    let mut text = "reference,title,description,location,price,kind,bedrooms,latitude,longitude\n".to_owned();
    for row in 0..ROWS {
        let title = if row < first { title } else { rest };
        let _ = writeln!(
            text,
            "R{row},{title} {row},\"By the sea, with a terrace\",Place {},{row}.50,villa,{},5.5,-0.{}",
            row % 97,
            row % 9,
            row % 100
        );
    }
    text
}

async fn a_hundred_thousand_rows_are_kept_while_everybody_reads(database: Database) {
    database.fill(100, 100).await;
    let site = Arc::new(database.serve_with(&[("CACHE_LEASE_MS", "100")]));
    let writer = site.writer().await;
    let before = site.program.peak_resident_bytes();
    let (is_over, reader) = (Arc::new(AtomicBool::new(false)), Arc::clone(&site));
    let reading = tokio::spawn({
        let is_over = Arc::clone(&is_over);
        async move { reads_until(&reader, &is_over).await }
    });
    assert_eq!(imported(&writer, file("Home", ROWS, "")).await, [ROWS, ROWS, 0, 0, 0]);
    assert_eq!(
        imported(&writer, file("Home", ROWS - CHANGED, "House")).await,
        [ROWS, 0, CHANGED, ROWS - CHANGED, 0]
    );
    is_over.store(true, Ordering::Relaxed);
    let (reads, longest) = reading.await.unwrap();
    let memory = (site.program.peak_resident_bytes() - before) >> 20;
    say(&format!("{reads} reads meanwhile, the longest took {longest:?}; {memory} MiB more than before"));
    assert_eq!(
        site.database.number("select count(*) from properties_property where title like 'House %'").await,
        10_000
    );
    assert!(memory < 300, "{memory} MiB");
}

async fn imported(writer: &Writer, content: String) -> [u64; 5] {
    let (bytes, begin) = (content.len(), clock::now());
    let answer = writer.imports("", "text/csv", content).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let counts = counts(&answer);
    say(&format!("{counts:?} of {bytes} bytes in {:?}", begin.elapsed()));
    counts
}

/// Asks for what is kept and what is not, again and again: none fails.
async fn reads_until(site: &Site, is_over: &AtomicBool) -> (u64, Duration) {
    let (mut reads, mut longest) = (0, Duration::ZERO);
    while !is_over.load(Ordering::Relaxed) {
        for path in ["/", "/properties/1/", LIST, &format!("{LIST}?q=sea&limit={}", 1 + reads % 100)] {
            let begin = clock::now();
            let answer = site.get(path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            longest = longest.max(begin.elapsed());
            reads += 1;
        }
    }
    (reads, longest)
}

async fn a_body_beyond_all_limits_is_refused_before_it_is_sent(database: Database) {
    let site = database.serve();
    let token = site.token(&[listings::accounts::Scope::Write]).await;
    let head = |path: &str, length: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: text/csv\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    for (path, length) in
        [("/api/v1/imports", (64 << 20) + 1), (LIST, (1 << 20) + 1), ("/api/v1/imports/", (1 << 20) + 1)]
    {
        let answer = testkit::http::raw(site.address, head(path, length)).unwrap();
        assert_eq!(answer.status, 413, "{path}");
    }
}

#[expect(clippy::print_stdout, reason = "shown by the runner where it is asked for")]
fn say(what: &str) {
    println!("{what}");
}
