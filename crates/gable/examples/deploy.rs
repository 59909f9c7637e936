//! Restarts nodes behind HAProxy one after the other, again and again, under load.
//!
//! ```text
//! cargo run --release -p gable --example deploy -- --rounds 20 --nodes 3
//! ```
//!
//! Ends with 1 where a request failed. Says too how much of its first second a restarted node served from what others had made.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]
#![expect(clippy::unwrap_used, reason = "what can't be set up can't be measured")]

#[path = "../benches/fill/active_listings.rs"]
mod active_listings;

use std::process::ExitCode;

use clap::Parser;
use testkit::deploy::Fleet;
use testkit::{Postgres, Program, Redis};

use active_listings::fill;

/// Restarts nodes behind a balancer, one after the other.
#[derive(Debug, Parser)]
struct Arguments {
    /// Rounds; each restarts every node
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// How many nodes
    #[arg(long, default_value_t = 3)]
    nodes: usize,
    /// How many ask at the same time
    #[arg(long, default_value_t = 6)]
    clients: usize,
    /// The nodes' `SHUTDOWN_NOTICE_MS`; the balancer looks ten times a second and turns away after two failures
    #[arg(long, default_value_t = 1_000)]
    notice_ms: u64,
    /// Listings in the database, and pages that are asked for again and again
    #[arg(long, default_value_t = 500)]
    listings: usize,
}

fn main() -> ExitCode {
    // The nodes are this very program: so they are what was just compiled.
    if std::env::args().nth(1).is_some_and(|argument| argument == "serve") {
        return gable::commands::run();
    }
    let arguments = Arguments::parse();
    let (postgres, redis) = (Postgres::start(), Redis::start());
    let url = postgres.fresh_database();
    tokio::runtime::Runtime::new().unwrap().block_on(fill(&url, arguments.listings));
    let program = Program::new(std::env::current_exe().unwrap())
        .arguments(["serve", "--no-sample-data"])
        .environment("DATABASE_URL", url)
        .environment("REDIS_URL", redis.url())
        .environment("GABLE_SECRET_KEY", "a secret of many words")
        .environment("SITE_URL", "http://homes.example")
        // A busy machine is not to be taken for a Redis that has failed.
        .environment("REDIS_TIMEOUT_MS", "1000")
        .environment("SHUTDOWN_NOTICE_MS", arguments.notice_ms.to_string());
    let pages: Vec<_> = (1..=arguments.listings).map(|id| format!("/properties/{id}/")).collect();
    let fleet = Fleet::start(&program, arguments.nodes);
    let report = fleet.restart_in_turn(arguments.rounds, arguments.clients, &pages);
    println!("{report}");
    if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
