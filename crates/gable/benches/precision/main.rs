//! How much of what is made again had to be.
//!
//! `cargo bench -p gable --bench precision`: the real router, page cache and data cache over 100,000 listings in PostgreSQL.
//! Visitors ask by the rule of Zipf; one operation in a hundred writes. Whenever a page is made again because of a change, its
//! bytes are compared with those before: where they are the same, it was made in vain, which is called *wasted*. The goal is
//! that fewer than 5 % are.
//!
//! The same operations are put to two rivals ([`rivals`]), which are simulated: what is right at each moment they are told by
//! gable, whose lease is 0, and of whose answers some are made a second time past every cache to see that they are right.
//!
//! Operations come one after the other from one seed, ten of them a second by a clock that is moved by hand: so a lifetime of
//! 900 s ends as it would, and a run is had again by its seed.
#![expect(clippy::unwrap_used, reason = "a benchmark that unwraps in vain has failed")]
#![expect(clippy::print_stdout, reason = "a benchmark says what it has measured")]

mod rivals;
mod site;
mod table;
mod traffic;
mod writes;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use clap::Parser;
use testkit::Postgres;

use rivals::{Rival, Written};
use site::{Answer, Site};
use table::Figures;
use traffic::{Kind, Question, Traffic};
use writes::Writer;

/// How much of what is made again had to be.
#[derive(Debug, Parser)]
struct Arguments {
    /// Listings in the database
    #[arg(long, default_value_t = 100_000)]
    listings: usize,
    /// Reads and writes together
    #[arg(long, default_value_t = 10_000)]
    operations: usize,
    /// The same operations for the same seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Says of each page that was made in vain what was written since it was last asked for
    #[arg(long)]
    explain: bool,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// One operation in so many writes.
const WRITES_ONCE_IN: usize = 100;
/// One answer in so many is made again past every cache.
const AUDITS_ONCE_IN: usize = 50;
/// The time between two operations.
const STEP: Duration = Duration::from_millis(100);

/// One run.
struct Run {
    site: Site,
    traffic: Traffic,
    writer: Writer,
    rivals: [Rival; 2],
    written: Written,
    /// The answer that each address had last, and how much had been written then.
    last: HashMap<String, (u64, usize)>,
    explain: bool,
    by_kind: HashMap<Kind, Figures>,
    audits: Audits,
    seconds: f64,
}

/// Of gable's answers, those that were made again past every cache, and the wrong ones among them.
#[derive(Debug, Default)]
struct Audits {
    made: u64,
    wrong: u64,
}

impl Run {
    async fn start(arguments: &Arguments, postgres: &Postgres) -> Run {
        let url = postgres.fresh_database();
        let site = Site::start(&url, arguments.listings).await;
        Run {
            traffic: Traffic::new(arguments.seed, arguments.listings),
            writer: Writer::new(&url, arguments.seed, arguments.listings).await,
            site,
            rivals: [Rival::any_change(), Rival::django()],
            written: Written::default(),
            last: HashMap::new(),
            explain: arguments.explain,
            by_kind: HashMap::new(),
            audits: Audits::default(),
            seconds: 0.0,
        }
    }

    async fn operate(&mut self, number: usize) {
        self.seconds += STEP.as_secs_f64();
        self.site.clock.advance(STEP);
        if self.traffic.dice.once_in(WRITES_ONCE_IN) {
            let id = self.writer.write(&self.site.store, &self.traffic, self.seconds).await;
            self.written.note(id);
            return;
        }
        let question = self.traffic.next();
        let answer = self.site.ask(&question.uri()).await;
        self.traffic.note(&question, &answer.body);
        if number.is_multiple_of(AUDITS_ONCE_IN) {
            self.audit(&question, &answer).await;
        }
        self.count(&question, &answer);
    }

    async fn audit(&mut self, question: &Question, answer: &Answer) {
        self.audits.made += 1;
        self.audits.wrong += u64::from(self.site.make(&question.uri()).await != answer.body);
    }

    fn count(&mut self, question: &Question, answer: &Answer) {
        let mut hasher = DefaultHasher::new();
        answer.body.hash(&mut hasher);
        let bytes = hasher.finish();
        let written = self.writer.told.len();
        let before = self.last.insert(question.uri(), (bytes, written));
        let figures = self.by_kind.entry(question.kind()).or_default();
        figures.requests += 1;
        figures.hits += u64::from(answer.is_hit());
        if answer.is_changed() {
            figures.outdated += 1;
            if let Some((_, written_before)) = before.filter(|(before, _)| *before == bytes) {
                figures.wasted += 1;
                if self.explain {
                    println!(
                        "in vain: {}\n  {}",
                        question.uri(),
                        self.writer.told[written_before..].join("\n  ")
                    );
                }
            }
        }
        for rival in &mut self.rivals {
            rival.answer(question, answer.is_kept().then_some(bytes), &self.written, self.seconds);
        }
    }
}

fn main() {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let postgres = Postgres::start();
        let mut run = Run::start(&arguments, &postgres).await;
        for number in 0..arguments.operations {
            run.operate(number).await;
        }
        table::tell(&run);
    });
}
