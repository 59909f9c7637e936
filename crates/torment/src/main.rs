//! Torments gable: causes every fault that it claims to survive, and judges what its readers were shown meanwhile.
//!
//! ```text
//! cargo run --release -p torment -- --nodes 3 --minutes 10 --seed 7
//! ```
//!
//! The nodes are processes of this very program, which is all of gable as soon as its first argument is `serve`: so they are
//! what was just compiled. Every fault is told as it is over, every round (30 s) is judged by itself, and one table adds them
//! up. Ends with 1 where anything was wrong.
#![expect(clippy::print_stdout, reason = "lines of progress and the table are what this program is for")]

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use clap::Parser;
use testkit::Program;
use testkit::history::Stopwatch;
use torment::{Chosen, Course, Fleet, Plan, Tally, faults};

/// How long a round is: then it is judged.
const ROUND: Duration = Duration::from_secs(30);

/// Torments gable and judges what its readers were shown.
#[derive(Debug, Parser)]
#[command(name = "torment", version, about, long_about = None)]
struct Arguments {
    /// How many nodes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
    nodes: u8,
    /// How long, all in all
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// What happens at random is the same for the same seed, as far as the machine allows
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Only these faults, by the names that --list shows
    #[arg(long, value_delimiter = ',')]
    faults: Vec<String>,
    /// Shows the faults that can be caused, and ends
    #[arg(long)]
    list: bool,
    /// A Redis cluster of six servers in the place of a single one
    #[arg(long)]
    cluster: bool,
    /// Has a real Django write, too (`GABLE_DJANGO_PYTHON`, or what ./scripts/test has made)
    #[arg(long)]
    django: bool,
    /// The nodes' `CACHE_LEASE_MS`, and what nothing may be older than
    #[arg(long, default_value_t = 100)]
    lease_ms: u64,
    /// No fault goes on for longer, in seconds
    #[arg(long, default_value_t = 10.0)]
    longest: f64,
    /// Puts a cache before every node that keeps each answer for so many milliseconds, whatever is written: to see it found out
    #[arg(long)]
    liar_ms: Option<u64>,
}

fn main() -> ExitCode {
    if std::env::args().nth(1).is_some_and(|argument| argument == "serve") {
        return gable::commands::run();
    }
    let arguments = Arguments::parse();
    if arguments.list {
        for chosen in faults::possible(arguments.cluster, true) {
            println!("{}", chosen.fault.name());
        }
        return ExitCode::SUCCESS;
    }
    match chosen(&arguments) {
        Ok(faults) => torment(&arguments, &faults),
        Err(name) => {
            println!(
                "{name} is no fault that can be caused here: --list shows them, with --cluster those of a cluster"
            );
            ExitCode::from(2)
        }
    }
}

/// The faults that were asked for, or the name of one that there is not.
fn chosen(arguments: &Arguments) -> Result<Vec<Chosen>, &str> {
    let possible = faults::possible(arguments.cluster, arguments.django);
    if arguments.faults.is_empty() {
        return Ok(possible);
    }
    let by_name = |name: &str| possible.iter().copied().find(|it| it.fault.name() == name);
    arguments.faults.iter().map(|name| by_name(name).ok_or(name.as_str())).collect()
}

fn torment(arguments: &Arguments, faults: &[Chosen]) -> ExitCode {
    let stop = stop_on_interrupt();
    let plan = plan(arguments);
    println!("{}", headline(arguments));
    let fleet = Fleet::start(&plan);
    println!("all nodes serve");
    let longest = Duration::from_secs_f64(arguments.longest);
    let tell = |line: &str| println!("{line}");
    let course = Course::of(&fleet, faults, longest, &stop, &tell);
    let sum = rounds(arguments, &course, &stop);
    println!("\n{}\n{sum}\nviolations in all: {}", headline(arguments), sum.violations());
    if sum.violations() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn rounds(arguments: &Arguments, course: &Course<'_>, stop: &AtomicBool) -> Tally {
    let (clock, length) = (Stopwatch::start(), Duration::from_secs_f64(arguments.minutes * 60.0));
    let mut sum = Tally::default();
    for round in 0.. {
        let left = length.saturating_sub(clock.elapsed());
        if left.is_zero() || stop.load(Ordering::SeqCst) {
            break;
        }
        let seed = arguments.seed.wrapping_add(round);
        let tally = course.at_random(left.min(ROUND), seed);
        println!("round {round}, seed {seed}: {}", brief(&tally));
        if tally.violations() > 0 {
            println!("{tally}");
        }
        sum.add(tally);
    }
    sum
}

fn plan(arguments: &Arguments) -> Plan {
    let this = std::env::current_exe().expect("Linux tells a process its own path");
    Plan {
        program: Program::new(this).arguments(["serve", "--no-sample-data"]),
        nodes: usize::from(arguments.nodes),
        is_cluster: arguments.cluster,
        bound: Duration::from_millis(arguments.lease_ms),
        seed: arguments.seed,
        liar: arguments.liar_ms.map(Duration::from_millis),
    }
}

fn headline(arguments: &Arguments) -> String {
    let Arguments { nodes, minutes, seed, .. } = arguments;
    let redis = if arguments.cluster { "a Redis cluster" } else { "one Redis" };
    format!("torment: {nodes} nodes over PostgreSQL and {redis}, {minutes} minutes, seed {seed}")
}

fn brief(tally: &Tally) -> String {
    let (requests, writes) = (tally.requests(), tally.report.committed);
    format!("{requests} requests, {writes} writes committed, {} violations", tally.violations())
}

/// Set by ^C: the run then ends in order. A second one ends it at once; what it started is stopped all the same.
fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&stop);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a process may have another pipe");
        while runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            if heard.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
        }
    });
    stop
}
