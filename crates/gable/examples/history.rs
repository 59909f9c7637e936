//! Torments gable for as long as one likes, and judges what its readers were shown.
//!
//! ```text
//! cargo run --release -p gable --example history -- --minutes 60 --seed 7 --nodes 2
//! ```
//!
//! Nodes are killed and paused; sessions of PostgreSQL are ended, the server is stopped, killed, paused and started again; the table is
//! locked, altered and rewritten: all at random, by the seed. Every minute is judged by itself; the table at the end adds them up. Ends
//! with 1 where anything was wrong.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use testkit::history::{Report, Scene};
use testkit::{Postgres, Program};

/// Torments gable and judges what its readers were shown.
#[derive(Debug, Parser)]
struct Arguments {
    /// How long; each minute is judged by itself
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// What happens at random is the same for the same seed, as far as the machine allows
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// How many nodes
    #[arg(long, default_value_t = 2)]
    nodes: usize,
    /// The nodes' `CACHE_LEASE_MS`, and what nothing may be older than
    #[arg(long, default_value_t = 100)]
    lease_ms: u64,
}

fn main() -> ExitCode {
    // The nodes are this very program: so they are what was just compiled.
    if std::env::args().nth(1).is_some_and(|argument| argument == "serve") {
        return gable::commands::run();
    }
    let report = torment(&Arguments::parse());
    println!("{report}");
    if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn torment(arguments: &Arguments) -> Report {
    let postgres = Postgres::start();
    let this = std::env::current_exe().expect("Linux tells a process its own path");
    let program =
        Program::new(this).arguments(["serve", "--no-sample-data"]).environment("BIND", "127.0.0.1:0");
    let bound = Duration::from_millis(arguments.lease_ms);
    let scene = Scene::start(&program, &postgres.fresh_database(), arguments.nodes, bound, arguments.seed);
    let mut sum = Report::default();
    for minute in 0..arguments.minutes {
        let seed = arguments.seed.wrapping_add(minute);
        let report = scene.torment(&postgres, Duration::from_mins(1), seed);
        println!("minute {minute}, seed {seed}\n{report}\n");
        sum.add(report);
    }
    sum
}
