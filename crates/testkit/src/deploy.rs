//! A rolling restart: nodes behind a balancer, restarted one after the other, and clients who must not notice.

use std::fmt::{self, Display};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::haproxy::HaProxy;
use crate::history::{Node, Stopwatch};
use crate::http::{Connection, RawResponse};
use crate::patience::within;
use crate::port::free_port;
use crate::program::Program;

const PATIENCE: Duration = Duration::from_mins(1);
/// Between two requests of a client: the nodes are to be busy, not beyond what they hold.
const PAUSE: Duration = Duration::from_millis(5);
/// How long after a restart a node's answers are looked at.
const FIRST: Duration = Duration::from_secs(1);
/// One request in so many is for a page that nobody has asked for before.
const NEW_ONCE_IN: usize = 10;

/// Nodes that are alike, behind a balancer.
#[derive(Debug)]
pub struct Fleet {
    // First: it must not see its nodes end.
    balancer: HaProxy,
    nodes: Vec<Node>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// Answers in all.
    pub answers: usize,
    /// Requests that failed: how.
    pub failures: Vec<String>,
    /// For each restart, what the node answered in the second after it was back.
    pub first_seconds: Vec<FirstSecond>,
}

/// A node's answers in its first second, for pages that were asked for before.
#[derive(Debug, Default, Clone, Copy)]
pub struct FirstSecond {
    /// Out of its own memory.
    pub memory: usize,
    /// Out of Redis.
    pub redis: usize,
    /// Made anew.
    pub made: usize,
}

/// An answer, as a client saw it.
struct Seen {
    at: Duration,
    node: Option<usize>,
    cache_status: String,
    is_new: bool,
}

/// What one client saw.
#[derive(Default)]
struct Diary {
    seen: Vec<Seen>,
    failures: Vec<String>,
}

impl Fleet {
    /// So many nodes, each of which serves, on a port of its own that it keeps.
    ///
    /// # Panics
    ///
    /// When they or the balancer do not start.
    #[must_use]
    pub fn start(program: &Program, nodes: usize) -> Self {
        let node = |_| Node::start(program.clone().environment("BIND", format!("127.0.0.1:{}", free_port())));
        let nodes: Vec<_> = (0..nodes).map(node).collect();
        let addresses: Vec<_> = nodes.iter().map(|node| node.door().address()).collect();
        let fleet = Self { balancer: HaProxy::start(&addresses), nodes };
        (0..fleet.nodes.len()).for_each(|place| fleet.is_back(place));
        fleet
    }

    /// Restarts every node in every round, while so many clients ask for these pages, and for a new one now and then.
    ///
    /// # Panics
    ///
    /// When a node does not end with 0 or does not come back.
    #[must_use]
    pub fn restart_in_turn(&self, rounds: usize, clients: usize, pages: &[String]) -> Report {
        let (stopwatch, is_over) = (Stopwatch::start(), AtomicBool::new(false));
        let (address, over) = (self.balancer.address(), &is_over);
        thread::scope(|scope| {
            let asking = |client| scope.spawn(move || ask(address, client, pages, stopwatch, over));
            let asking: Vec<_> = (0..clients).map(asking).collect();
            let restarts = self.restart_all(rounds, stopwatch);
            is_over.store(true, Ordering::SeqCst);
            let diaries = asking.into_iter().map(|client| client.join().expect("a client writes its diary"));
            Report::of(&restarts, diaries)
        })
    }

    /// Which node was back when.
    fn restart_all(&self, rounds: usize, stopwatch: Stopwatch) -> Vec<(usize, Duration)> {
        let mut restarts = Vec::new();
        for _ in 0..rounds {
            for (place, node) in self.nodes.iter().enumerate() {
                node.restart();
                let began = stopwatch.elapsed();
                self.is_back(place);
                restarts.push((place, began));
                // The next is not restarted before this one's first second is over.
                thread::sleep(FIRST);
            }
        }
        restarts
    }

    fn is_back(&self, place: usize) {
        let back = within(PATIENCE, || self.balancer.sends_to(place).then_some(()));
        back.unwrap_or_else(|| panic!("the balancer leaves a node out:\n{}", self.nodes[place].output()));
    }
}

impl Report {
    fn of(restarts: &[(usize, Duration)], diaries: impl Iterator<Item = Diary>) -> Report {
        let mut report = Report::default();
        let mut seen = Vec::new();
        for diary in diaries {
            report.failures.extend(diary.failures);
            seen.extend(diary.seen);
        }
        report.answers = seen.len();
        report.first_seconds =
            restarts.iter().map(|&(node, began)| FirstSecond::of(node, began, &seen)).collect();
        report
    }

    /// All first seconds together.
    #[must_use]
    pub fn first_second(&self) -> FirstSecond {
        self.first_seconds.iter().fold(FirstSecond::default(), |sum, one| FirstSecond {
            memory: sum.memory + one.memory,
            redis: sum.redis + one.redis,
            made: sum.made + one.made,
        })
    }
}

impl FirstSecond {
    /// The second begins with the first answer after the restart.
    fn of(node: usize, began: Duration, seen: &[Seen]) -> FirstSecond {
        let of_node = || seen.iter().filter(|seen| seen.node == Some(node) && seen.at >= began);
        let first = of_node().map(|seen| seen.at).min().unwrap_or(began);
        let mut sum = FirstSecond::default();
        for seen in of_node().filter(|seen| seen.at < first + FIRST && !seen.is_new) {
            match seen.cache_status.as_str() {
                status if status.ends_with("detail=redis") => sum.redis += 1,
                status if status.ends_with("detail=memory") => sum.memory += 1,
                _ => sum.made += 1,
            }
        }
        sum
    }

    /// The part of all that did not have to be made: 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    pub fn hit_ratio(&self) -> f64 {
        let hits = self.memory + self.redis;
        hits as f64 / (hits + self.made).max(1) as f64
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.first_second();
        writeln!(
            f,
            "{} restarts, {} answers, {} failed",
            self.first_seconds.len(),
            self.answers,
            self.failures.len()
        )?;
        write!(
            f,
            "first second of a node: hit ratio {:.3} ({} of memory, {} of Redis, {} made)",
            first.hit_ratio(),
            first.memory,
            first.redis,
            first.made
        )?;
        self.failures.iter().take(20).try_for_each(|failure| write!(f, "\n  {failure}"))
    }
}

/// Asks on a connection that stays open for as long as the balancer lets it.
fn ask(
    address: SocketAddr,
    client: usize,
    pages: &[String],
    stopwatch: Stopwatch,
    is_over: &AtomicBool,
) -> Diary {
    let (mut diary, mut connection) = (Diary::default(), None);
    for number in 0.. {
        if is_over.load(Ordering::SeqCst) {
            break;
        }
        let is_new = number % NEW_ONCE_IN == 0;
        let page = if is_new {
            format!("/?min_price={}", 1 + client * 1_000_000 + number)
        } else {
            pages[(client * 7 + number) % pages.len()].clone()
        };
        match exchange(&mut connection, address, &page) {
            Ok(answer) if answer.status == 200 => {
                diary.seen.push(Seen::of(&answer, stopwatch.elapsed(), is_new));
            }
            Ok(answer) => diary.failures.push(format!(
                "{:?} {page}: {} of {:?}: {}",
                stopwatch.elapsed(),
                answer.status,
                answer.header("x-node"),
                answer.text().lines().next().unwrap_or_default()
            )),
            Err(error) => {
                diary.failures.push(format!("{:?} {page}: {error}", stopwatch.elapsed()));
                connection = None;
            }
        }
        thread::sleep(PAUSE);
    }
    diary
}

impl Seen {
    fn of(answer: &RawResponse, at: Duration, is_new: bool) -> Seen {
        let node = answer.header("x-node").and_then(|name| name.strip_prefix("node")?.parse().ok());
        let cache_status = answer.header("cache-status").unwrap_or_default().to_owned();
        Seen { at, node, cache_status, is_new }
    }
}

fn exchange(connection: &mut Option<Connection>, address: SocketAddr, page: &str) -> io::Result<RawResponse> {
    let mut open = match connection.take() {
        Some(open) => open,
        None => Connection::open(address)?,
    };
    open.limit(PATIENCE);
    open.write(format!("GET {page} HTTP/1.1\r\nHost: localhost\r\n\r\n"))?;
    let answer = open.read_response()?;
    if answer.header("connection") != Some("close") {
        *connection = Some(open);
    }
    Ok(answer)
}
