//! What a history came to: a table for people, violations for a test.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::record::{Answer, History, Outcome, Read, Scope, ServedFrom};

/// How many violations are printed; the rest is counted.
const PRINTED: usize = 12;

/// The outcome of one round, or of several added up.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What nothing may be older than.
    pub bound: Duration,
    /// Transactions that were committed.
    pub committed: usize,
    /// Transactions that were not.
    pub rolled_back: usize,
    /// Answers that showed something, by what they say of their origin.
    pub reads: BTreeMap<ServedFrom, usize>,
    /// Answers 503.
    pub refused: usize,
    /// Requests without an answer, by what happened to the connection.
    pub failed: BTreeMap<String, usize>,
    /// What must not be.
    pub violations: Vec<Violation>,
    /// From the acknowledgement of a write until a node showed it, as far as readers can tell.
    pub lags: Vec<Duration>,
    /// How old what was shown was when it was asked for, in answers that don't say themselves that they are old.
    pub ages: Vec<Duration>,
}

/// What is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It holds a number that was rolled back, that was not sent yet, or that nobody ever wrote.
    NeverCommitted,
    /// It shows a listing that its own filter excludes, by what it shows of it.
    WronglyShown,
    /// A listing is missing that was never anything but due.
    Missing,
    /// Each thing in it was true once, but not all at one moment.
    Torn,
    /// It does not show the reader's own write.
    OwnWriteUnseen,
    /// So old: it lacks a write that was acknowledged more than the bound before.
    Stale(Duration),
    /// So old: it lacks a write that somebody was shown more than the bound before.
    Backwards(Duration),
    /// A status or a body that should not be.
    Odd(String),
    /// 503 without a word on when to come back.
    NoRetryAfter,
}

/// An answer that should not have been.
#[derive(Clone, Debug)]
pub struct Violation {
    /// In what way.
    pub wrong: Wrong,
    /// Which node gave it.
    pub node: usize,
    /// What was asked for.
    pub path: String,
    /// When it was asked for.
    pub begun: Duration,
    /// When it was there.
    pub ended: Duration,
    /// What it says of its origin.
    pub from: ServedFrom,
    /// What the part in question claims to be.
    pub scope: Scope,
    /// Its listings with their numbers.
    pub shown: Vec<(i64, Vec<u64>)>,
}

impl Wrong {
    /// Whether only its age is wrong: which is allowed to an answer that says so.
    pub(crate) fn is_age(&self) -> bool {
        matches!(self, Self::Stale(_) | Self::Backwards(_) | Self::OwnWriteUnseen)
    }

    /// The least is told where several apply.
    pub(crate) fn severity(&self) -> u8 {
        match self {
            Self::NeverCommitted => 0,
            Self::WronglyShown => 1,
            Self::Torn => 2,
            _ => 3,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::NeverCommitted => "never committed",
            Self::WronglyShown => "wrongly shown",
            Self::Missing => "missing",
            Self::Torn => "torn",
            Self::OwnWriteUnseen => "own write unseen",
            Self::Stale(_) => "stale",
            Self::Backwards(_) => "backwards",
            Self::Odd(_) => "odd answer",
            Self::NoRetryAfter => "503 without Retry-After",
        }
    }
}

impl Report {
    pub(crate) fn of_writes(history: &History, bound: Duration) -> Self {
        let writes: Vec<_> = history.writes.iter().filter(|write| write.sent >= history.since).collect();
        let committed = writes.iter().filter(|write| write.outcome != Outcome::RolledBack).count();
        Self { bound, committed, rolled_back: writes.len() - committed, ..Self::default() }
    }

    pub(crate) fn count(&mut self, read: &Read) {
        match &read.answer {
            Answer::Shown(_) => *self.reads.entry(read.from).or_default() += 1,
            Answer::Refused { .. } => self.refused += 1,
            Answer::Failed(what) => *self.failed.entry(what.clone()).or_default() += 1,
            Answer::Odd(_) => {}
        }
    }

    /// Adds another round to this one.
    pub fn add(&mut self, other: Self) {
        self.bound = other.bound;
        self.committed += other.committed;
        self.rolled_back += other.rolled_back;
        self.refused += other.refused;
        for (from, count) in other.reads {
            *self.reads.entry(from).or_default() += count;
        }
        for (what, count) in other.failed {
            *self.failed.entry(what).or_default() += count;
        }
        self.violations.extend(other.violations);
        self.lags.extend(other.lags);
        self.ages.extend(other.ages);
    }

    /// How many answers showed something.
    #[must_use]
    pub fn answers(&self) -> usize {
        self.reads.values().sum()
    }

    /// How many answers said that they are old.
    #[must_use]
    pub fn stale_answers(&self) -> usize {
        self.reads.get(&ServedFrom::Stale).copied().unwrap_or_default()
    }

    /// How many violations are of this kind, whatever their age or status.
    #[must_use]
    pub fn count_of(&self, wrong: &Wrong) -> usize {
        self.violations.iter().filter(|violation| violation.wrong.name() == wrong.name()).count()
    }

    fn violations_by_name(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for violation in &self.violations {
            *counts.entry(violation.wrong.name()).or_default() += 1;
        }
        listed(counts.iter())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "bound       {} ms", self.bound.as_millis())?;
        writeln!(
            formatter,
            "writes      {} (committed {}, rolled back {})",
            self.committed + self.rolled_back,
            self.committed,
            self.rolled_back
        )?;
        writeln!(formatter, "answers     {} ({})", self.answers(), listed(self.reads.iter()))?;
        writeln!(formatter, "refused     {}", self.refused)?;
        let failed: usize = self.failed.values().sum();
        writeln!(formatter, "failed      {failed} ({})", listed(self.failed.iter()))?;
        writeln!(formatter, "lag         {}", spread(&self.lags))?;
        writeln!(formatter, "age         {}", spread(&self.ages))?;
        write!(formatter, "violations  {} ({})", self.violations.len(), self.violations_by_name())?;
        self.violations.iter().take(PRINTED).try_for_each(|violation| write!(formatter, "\n  {violation}"))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (begun, ended) = (self.begun.as_micros(), self.ended.as_micros());
        let (wrong, from, path, node) = (&self.wrong, self.from, &self.path, self.node);
        write!(
            formatter,
            "{wrong}: {path} at node {node}, asked at {begun} µs, answered at {ended} µs, {from}:"
        )?;
        self.shown.iter().try_for_each(|(listing, numbers)| write!(formatter, " {listing}={numbers:?}"))
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stale(age) | Self::Backwards(age) => write!(formatter, "{} ({age:?} old)", self.name()),
            Self::Odd(what) => write!(formatter, "{} ({what})", self.name()),
            _ => formatter.write_str(self.name()),
        }
    }
}

fn listed<N: fmt::Display>(counts: impl Iterator<Item = (N, impl fmt::Display)>) -> String {
    let all: Vec<String> = counts.map(|(name, count)| format!("{name} {count}")).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

fn spread(times: &[Duration]) -> String {
    let [median, most, longest] = spread_in_ms(times);
    format!("p50 {median} ms, p99 {most} ms, max {longest} ms of {}", times.len())
}

/// Median, 99th percentile and maximum, in milliseconds.
#[must_use]
pub fn spread_in_ms(times: &[Duration]) -> [String; 3] {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let at = |per_cent: usize| {
        let place = (sorted.len() * per_cent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(place).copied().unwrap_or_default().as_secs_f64() * 1_000.0
    };
    [50, 99, 100].map(|per_cent| format!("{:.1}", at(per_cent)))
}
