//! What an answer costs by where it comes from: a node's own memory, Redis, or the database.
//!
//! `cargo bench -p gable --bench tiers`: three nodes over one PostgreSQL and one Redis. Each round takes pages of its own, that of
//! one listing each, and asks for each of them
//!
//! * the first node, which has to make it (*miss*);
//! * the second, which finds it in Redis (*redis*);
//! * the second again, which has it in memory now (*memory*);
//!
//! and `redis-benchmark` gets a value as long as theirs as often, on one connection for each processor. At last all three nodes are
//! asked for the same new pages at the same moment: how often is each loaded?
//!
//! The goals: Redis hits at 0.6 of what `redis-benchmark` reaches, and one load for each page.
#![expect(clippy::unwrap_used, reason = "a benchmark that unwraps in vain has failed")]
#![expect(clippy::print_stdout, reason = "a benchmark says what it has measured")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures the time that really passes")]
#![expect(clippy::cast_precision_loss, reason = "counts of requests")]

#[path = "fill/active_listings.rs"]
mod active_listings;

use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use clap::Parser;
use testkit::load::{Line, median, processor_time, request};
use testkit::{Folder, Postgres, Program, Redis, Running, within};

use active_listings::fill;

/// What an answer costs by where it comes from.
#[derive(Debug, Parser)]
struct Arguments {
    /// Rounds
    #[arg(long, default_value_t = 8)]
    rounds: usize,
    /// Pages of a round
    #[arg(long, default_value_t = 2_000)]
    pages: usize,
    /// Connections that stay open: no more than a node makes pages at once, or some would be refused
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// One node.
struct Node {
    program: Running,
    address: SocketAddr,
}

/// What came of one round.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    requests_a_second: f64,
    /// Processor time of the node for each request, in microseconds.
    processor: f64,
    /// The part of the answers that came from where they should.
    as_meant: f64,
}

async fn ask_for(address: SocketAddr, pages: Vec<usize>, from: &'static str) -> usize {
    let mut line = Line::open(address).await;
    let mut as_meant = 0;
    for page in pages {
        let answer = line.ask(&request(&format!("/properties/{page}/"), "")).await;
        assert_eq!(answer.status(), 200, "{page}");
        as_meant += usize::from(answer.field("cache-status").is_some_and(|how| how.contains(from)));
    }
    as_meant
}

/// Every page once, spread over the connections.
async fn ask(node: &Node, pages: &Range<usize>, connections: usize, from: &'static str) -> usize {
    let asking = |first| {
        let pages = pages.clone().skip(first).step_by(connections).collect();
        tokio::spawn(ask_for(node.address, pages, from))
    };
    let mut as_meant = 0;
    for client in (0..connections).map(asking).collect::<Vec<_>>() {
        as_meant += client.await.unwrap();
    }
    as_meant
}

async fn round(node: &Node, pages: &Range<usize>, connections: usize, from: &'static str) -> Outcome {
    let (before, began) = (processor_time(node.program.id()), Instant::now());
    let as_meant = ask(node, pages, connections, from).await;
    let (took, count) = (began.elapsed(), pages.len() as f64);
    Outcome {
        requests_a_second: count / took.as_secs_f64(),
        processor: (processor_time(node.program.id()) - before) / count,
        as_meant: as_meant as f64 / count,
    }
}

fn start(url: &str, redis: &Redis, folder: &Folder) -> Node {
    let program = Program::new(env!("CARGO_BIN_EXE_gable"))
        .in_folder(folder)
        .arguments(["serve", "--no-sample-data"])
        .environment("BIND", "127.0.0.1:0")
        .environment("DATABASE_URL", url)
        .environment("REDIS_URL", redis.url())
        .environment("GABLE_SECRET_KEY", "a secret of many words")
        .environment("SITE_URL", "http://homes.example")
        // A busy machine is not to be taken for a Redis that has failed.
        .environment("REDIS_TIMEOUT_MS", "1000")
        .start();
    let line = program.wait_for_line(|line| line.starts_with("Listening on http://"));
    Node { address: line.trim_start_matches("Listening on http://").parse().unwrap(), program }
}

/// Writing to Redis is off the path: waits until it has come to rest. How many bytes one page takes there.
fn bytes_in_redis(redis: &Redis, page: usize) -> usize {
    let mut before = String::new();
    within(Duration::from_secs(10), || {
        let now = redis.ask(&["-n", "1", "dbsize"]);
        std::thread::sleep(Duration::from_millis(100));
        (std::mem::replace(&mut before, now.clone()) == now).then_some(())
    });
    let name = format!("gable:page:/properties/{page}/");
    redis.ask(&["-n", "1", "strlen", &name]).trim_start_matches("(integer) ").parse().unwrap()
}

/// Loads of pages so far, by all nodes.
async fn loads(nodes: &[Node]) -> u64 {
    let mut sum = 0;
    for node in nodes {
        let mut line = Line::open(node.address).await;
        let answer = line.ask(b"GET /properties/cache-metrics/ HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let figures: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        sum += figures["metrics"]["kinds"]["page"]["loads"].as_u64().unwrap();
    }
    sum
}

/// All nodes are asked for each page at the same moment.
async fn loads_a_page(nodes: &[Node], pages: Range<usize>) -> f64 {
    let (before, count) = (loads(nodes).await, pages.len() as f64);
    let mut lines = Vec::new();
    for node in nodes {
        lines.push(Line::open(node.address).await);
    }
    for page in pages {
        let request = request(&format!("/properties/{page}/"), "");
        let [one, two, three] = &mut lines[..] else { panic!("three nodes") };
        tokio::join!(one.ask(&request), two.ask(&request), three.ask(&request));
    }
    (loads(nodes).await - before) as f64 / count
}

fn main() {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(measure(&arguments));
}

async fn measure(arguments: &Arguments) {
    let (postgres, redis, folder) = (Postgres::start(), Redis::start(), Folder::new());
    let url = postgres.fresh_database();
    // One round more to warm up, and one for all nodes together.
    fill(&url, arguments.pages * (arguments.rounds + 2)).await;
    let nodes = [(); 3].map(|()| start(&url, &redis, &folder));
    let [first, second, _] = &nodes;
    let processors = std::thread::available_parallelism().unwrap().get();
    let (mut outcomes, mut benchmark, mut bytes) = ([const { Vec::new() }; 3], Vec::new(), 0);
    for number in 0..=arguments.rounds {
        let pages = 1 + number * arguments.pages..1 + (number + 1) * arguments.pages;
        let miss = round(first, &pages, arguments.connections, "fwd=").await;
        bytes = bytes_in_redis(&redis, pages.start);
        let shared = round(second, &pages, arguments.connections, "detail=redis").await;
        let memory = round(second, &pages, arguments.connections, "detail=memory").await;
        let gets = redis.gets_a_second(bytes, 20_000, processors);
        if number > 0 {
            for (all, one) in outcomes.iter_mut().zip([miss, shared, memory]) {
                all.push(one);
            }
            benchmark.push(gets);
        }
    }
    println!(
        "{} rounds of {} pages, {} connections; {bytes} bytes in Redis",
        arguments.rounds, arguments.pages, arguments.connections
    );
    tell(&outcomes, &benchmark, processors);
    let together = 1 + (arguments.rounds + 1) * arguments.pages..1 + (arguments.rounds + 2) * arguments.pages;
    println!("Three nodes asked at once: {:.3} loads a page.", loads_a_page(&nodes, together).await);
}

fn tell(outcomes: &[Vec<Outcome>; 3], benchmark: &[f64], processors: usize) {
    let middle = |place: usize, of: fn(&Outcome) -> f64| median(outcomes[place].iter().map(of));
    println!("{:<10} {:>12} {:>14} {:>10}", "", "requests/s", "processor µs", "as meant");
    for (place, name) in ["miss", "redis", "memory"].into_iter().enumerate() {
        println!(
            "{name:<10} {:>12.0} {:>14.1} {:>9.1}%",
            middle(place, |outcome| outcome.requests_a_second),
            middle(place, |outcome| outcome.processor),
            middle(place, |outcome| outcome.as_meant) * 100.0
        );
    }
    let gets = median(benchmark.iter().copied());
    println!("{:<10} {gets:>12.0}", "GET");
    println!(
        "Redis hits reach {:.2} of redis-benchmark on {processors} connections.",
        middle(1, |outcome| outcome.requests_a_second) / gets
    );
}
