//! What is left of a node that is asked for far more than it can make.
//!
//! `cargo bench -p gable --bench overload`: the real gable over a PostgreSQL that lies behind a slow line, so that the eight
//! connections to it are what limits a node, and not the processors, which it shares with the one who asks. Every request is for
//! another page, so that nothing that is kept helps.
//!
//! * *held*: as many ask as there are connections to the database, each for the next page as soon as the last has come;
//! * *half*: half of that load comes, whether or not it is answered in time (an open loop): how long a page takes when all is well;
//! * *ten times* that load comes, the same way;
//! * *after*: half of it again; when is everything as it was before;
//! * *held again*: a machine that others use too is not the same all the time;
//! * *cold*: the node is started anew, and ten times the load is there from its first moment.
//!
//! All the while somebody asks for one page that is kept. The goals: at ten times the load 90 % of what is held, hits that do not
//! wait behind misses, and everything as before within 5 s.
#![expect(clippy::unwrap_used, reason = "a benchmark that unwraps in vain has failed")]
#![expect(clippy::print_stdout, reason = "a benchmark says what it has measured")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures the time that really passes")]
#![expect(clippy::cast_precision_loss, reason = "counts of requests")]

#[path = "fill/active_listings.rs"]
mod active_listings;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::Parser;
use testkit::load::{Line, quantile, request};
use testkit::{Folder, Link, Postgres, Program, Running, Weather};
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::{interval, sleep_until, timeout};

use active_listings::fill;

/// A node that is asked for more than it can make.
#[derive(Debug, Parser)]
struct Arguments {
    /// Seconds of each part
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// How many times what is held is offered
    #[arg(long, default_value_t = 10.0)]
    times: f64,
    /// Milliseconds that each way between node and database takes
    #[arg(long, default_value_t = 10)]
    delay_ms: u64,
    /// Listings in the database
    #[arg(long, default_value_t = 10_000)]
    listings: usize,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// Who ask for what is held: as many as loads at once, so that every one is busy and nobody is refused.
const CLOSED: usize = 8;
/// Longer than this nobody is waited for at the end of a part.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two requests for the page that is kept.
const HIT_EVERY: Duration = Duration::from_millis(10);

/// One answer.
#[derive(Debug, Clone, Copy)]
struct Answered {
    /// When the request was due, from the begin of its part.
    due: Duration,
    /// From then to the end of the answer, so that who asks too late does not hide it.
    took: Duration,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Good,
    /// 503 with `Retry-After`.
    Refused,
    Other,
}

/// What came of a part.
struct Part {
    name: &'static str,
    offered: f64,
    /// From its begin to its last answer.
    length: Duration,
    answers: Vec<Answered>,
    hits: Vec<Duration>,
}

impl Part {
    fn share(&self, kind: Kind) -> f64 {
        let count = self.answers.iter().filter(|answer| answer.kind == kind).count();
        count as f64 / self.answers.len().max(1) as f64
    }

    fn good_a_second(&self) -> f64 {
        self.share(Kind::Good) * self.answers.len() as f64 / self.length.as_secs_f64()
    }

    fn took(&self, part: f64) -> f64 {
        let good = self.answers.iter().filter(|answer| answer.kind == Kind::Good);
        quantile(good.map(|answer| milliseconds(answer.took)), part)
    }

    fn hits(&self, part: f64) -> f64 {
        quantile(self.hits.iter().copied().map(milliseconds), part)
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A node, and all that is asked of it.
struct Bench {
    program: Program,
    running: RefCell<Running>,
    lines: RefCell<Vec<Line>>,
    asked: Cell<u64>,
}

impl Bench {
    async fn start(arguments: &Arguments, postgres: &Postgres, link: &Link, folder: &Folder) -> Bench {
        let url = postgres.fresh_database();
        fill(&url, arguments.listings).await;
        let program = Program::new(env!("CARGO_BIN_EXE_gable"))
            .in_folder(folder)
            .arguments(["serve", "--no-sample-data"])
            .environment("BIND", "127.0.0.1:0")
            .environment("DATABASE_URL", through(&url, link));
        let running = RefCell::new(program.start());
        Bench { program, running, lines: RefCell::default(), asked: Cell::default() }
    }

    fn address(&self) -> SocketAddr {
        let running = self.running.borrow();
        let line = running.wait_for_line(|line| line.starts_with("Listening on http://"));
        line.trim_start_matches("Listening on http://").parse().unwrap()
    }

    fn start_anew(&self) {
        self.lines.borrow_mut().clear();
        let anew = self.program.start();
        // The other is killed.
        drop(self.running.replace(anew));
    }

    /// A page that nobody has asked for.
    fn next_page(&self) -> Vec<u8> {
        let number = self.asked.replace(self.asked.get() + 1);
        request(&format!("/?min_price={}&max_price={}", number + 1, number + 1_000_000), "")
    }

    async fn ask(&self, address: SocketAddr) -> Kind {
        let line = self.lines.borrow_mut().pop();
        let mut line = match line {
            Some(line) => line,
            None => Line::open(address).await,
        };
        let answer = line.ask(&self.next_page()).await;
        let kind = match (answer.status(), answer.field("retry-after")) {
            (200, _) => Kind::Good,
            (503, Some(_)) => Kind::Refused,
            _ => Kind::Other,
        };
        self.lines.borrow_mut().push(line);
        kind
    }
}

/// The same database, through that link.
fn through(url: &str, link: &Link) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (authority, path) = rest.split_once('/').unwrap();
    let user = authority.rsplit_once('@').map(|(user, _)| format!("{user}@")).unwrap_or_default();
    format!("{scheme}://{user}127.0.0.1:{}/{path}", link.port())
}

/// Asks for what is kept until it is aborted.
fn ask_for_a_hit(address: SocketAddr, took: &Rc<RefCell<Vec<Duration>>>) -> JoinHandle<()> {
    let took = Rc::clone(took);
    spawn_local(async move {
        let (mut line, page) = (Line::open(address).await, request("/properties/1/", ""));
        let mut ticks = interval(HIT_EVERY);
        loop {
            let due = ticks.tick().await;
            let answer = line.ask(&page).await;
            if answer.field("cache-status").is_some_and(|how| how.contains("detail=memory")) {
                took.borrow_mut().push(due.elapsed());
            }
        }
    })
}

/// So many who ask again and again.
async fn closed(bench: &Rc<Bench>, name: &'static str, length: Duration) -> Part {
    let (address, hits, began) = (bench.address(), Rc::default(), Instant::now());
    let hitting = ask_for_a_hit(address, &hits);
    let clients: Vec<_> = (0..CLOSED)
        .map(|_| {
            let bench = Rc::clone(bench);
            spawn_local(async move {
                let mut answers = Vec::new();
                while began.elapsed() < length {
                    let due = began.elapsed();
                    let kind = bench.ask(address).await;
                    answers.push(Answered { due, took: began.elapsed().saturating_sub(due), kind });
                }
                answers
            })
        })
        .collect();
    let mut answers = Vec::new();
    for client in clients {
        answers.extend(client.await.unwrap());
    }
    hitting.abort();
    Part { name, offered: 0.0, length: began.elapsed(), answers, hits: hits.take() }
}

/// So many requests a second, whatever comes of them.
async fn open(bench: &Rc<Bench>, name: &'static str, a_second: f64, length: Duration) -> Part {
    let (address, hits, began) = (bench.address(), Rc::default(), Instant::now());
    let hitting = ask_for_a_hit(address, &hits);
    let mut asking = Vec::new();
    let mut number = 0_u32;
    loop {
        let due = Duration::from_secs_f64(f64::from(number) / a_second);
        if due >= length {
            break;
        }
        number += 1;
        sleep_until((began + due).into()).await;
        let bench = Rc::clone(bench);
        asking.push(spawn_local(async move {
            let kind = bench.ask(address).await;
            Answered { due, took: began.elapsed().saturating_sub(due), kind }
        }));
    }
    let mut answers = Vec::new();
    for one in asking {
        let answered = timeout(PATIENCE, one).await;
        answers.push(answered.expect("every request is answered").unwrap());
    }
    hitting.abort();
    // What comes in after the last was asked counts in full: what waits then is a small part.
    Part { name, offered: a_second, length: began.elapsed().max(length), answers, hits: hits.take() }
}

/// From the begin of a part to the last answer that is not what one had before.
fn back_after(part: &Part, usual: f64) -> f64 {
    let is_usual = |answer: &&Answered| answer.kind == Kind::Good && milliseconds(answer.took) <= usual;
    let unusual = part.answers.iter().filter(|answer| !is_usual(answer));
    unusual.map(|answer| answer.due.as_secs_f64()).fold(0.0, f64::max)
}

fn main() {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, measure(&arguments));
}

async fn measure(arguments: &Arguments) {
    let (postgres, folder) = (Postgres::start(), Folder::new());
    let link = Link::to_port(postgres.port());
    let bench = Rc::new(Bench::start(arguments, &postgres, &link, &folder).await);
    bench.address();
    link.turn(Weather::Slow(Duration::from_millis(arguments.delay_ms)));
    let length = Duration::from_secs(arguments.seconds);
    // Connections are opened, statements prepared.
    closed(&bench, "warm", Duration::from_secs(3)).await;
    let held = closed(&bench, "held", length).await;
    let load = held.good_a_second();
    let half = open(&bench, "half", load / 2.0, length).await;
    let beyond = open(&bench, "ten times", load * arguments.times, length).await;
    let after = open(&bench, "after", load / 2.0, length).await;
    let again = closed(&bench, "held again", length).await;
    bench.start_anew();
    let cold = open(&bench, "cold", load * arguments.times, length).await;
    let after_cold = open(&bench, "after cold", load / 2.0, length).await;
    // Once in a while a request takes longer at any time.
    let usual = half.took(1.0) * 1.5;
    println!(
        "{} ms each way to the database, {} listings, {} s each",
        arguments.delay_ms, arguments.listings, arguments.seconds
    );
    tell(&[&held, &half, &beyond, &after, &again, &cold, &after_cold]);
    let both = f64::midpoint(load, again.good_a_second());
    println!(
        "At {} times the load: {:.2} of what is held, from cold {:.2}.",
        arguments.times,
        beyond.good_a_second() / both,
        cold.good_a_second() / both
    );
    println!(
        "As before after {:.2} s, from cold after {:.2} s (every page within {usual:.0} ms).",
        back_after(&after, usual),
        back_after(&after_cold, usual)
    );
}

fn tell(parts: &[&Part]) {
    println!(
        "{:<11} {:>9} {:>8} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "", "offered/s", "made/s", "503 retry", "other", "p50 ms", "p99 ms", "hit p50", "hit p99"
    );
    for part in parts {
        println!(
            "{:<11} {:>9.0} {:>8.1} {:>8.1}% {:>7.1}% {:>8.1} {:>8.1} {:>8.2} {:>8.2}",
            part.name,
            part.offered,
            part.good_a_second(),
            part.share(Kind::Refused) * 100.0,
            part.share(Kind::Other) * 100.0,
            part.took(0.5),
            part.took(0.99),
            part.hits(0.5),
            part.hits(0.99)
        );
    }
}
