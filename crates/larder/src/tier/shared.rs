//! What a tier that all nodes can reach has to do.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

/// What a tier comes to, sooner or later.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + Send + 'a>>;

/// Bytes that all nodes can reach, by a name.
///
/// It answers within a time that whoever waits for a page does not mind, with [`Trouble`] if need be. It may answer with anything
/// at all: bytes that are lost, old, of another name or of nobody are told from ours by whoever asked.
pub trait SharedTier: fmt::Debug + Send + Sync + 'static {
    /// What is under a name.
    fn get<'a>(&'a self, name: &'a str) -> Pending<'a, Option<Bytes>>;

    /// What is under each of these names, in their order, in one round trip.
    fn get_many<'a>(&'a self, names: &'a [String]) -> Pending<'a, Vec<Option<Bytes>>>;

    /// Puts bytes under a name in the place of what was there, for so long at the most.
    fn put<'a>(&'a self, name: &'a str, bytes: &'a [u8], lifetime: Duration) -> Pending<'a, ()>;

    /// Claims a name for so long, if nobody has; says whether it was free. It keeps nobody from anything: a claim can be lost,
    /// expire, and be had by two.
    fn claim<'a>(&'a self, name: &'a str, lifetime: Duration) -> Pending<'a, bool>;

    /// Ends a claim, whoever has it by now.
    fn release<'a>(&'a self, name: &'a str) -> Pending<'a, ()>;

    /// Whether it answers at all.
    fn ping(&self) -> Pending<'_, ()>;

    /// Whether it is worth making bytes for it: it has taken some lately, or has not been tried.
    fn takes_bytes(&self) -> bool;

    /// How it stands with it.
    fn state(&self) -> TierState;

    /// Hits and misses of its keys by its own count, whoever asked for them; none where it does not say.
    fn keyspace(&self) -> Pending<'_, Option<Keyspace>> {
        Box::pin(async { Ok(None) })
    }
}

/// Why a tier has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It failed several times in a row, and is left alone for a while.
    #[error("it is left alone after it failed several times")]
    LeftAlone,
    /// It did not answer in time.
    #[error("it did not answer in time")]
    TimedOut,
    /// There is no connection to it, or no more.
    #[error("it can't be reached: {0}")]
    Unreachable(String),
    /// It refused, as for a wrong password, full memory, or on a replica.
    #[error("it refused: {0}")]
    Refused(String),
    /// It answered what nobody asked for.
    #[error("its answer makes no sense: {0}")]
    Senseless(String),
}

impl Trouble {
    /// The words for every kind, in the order of `place`.
    pub const NAMES: [&str; 5] = ["left-alone", "timed-out", "unreachable", "refused", "senseless"];

    /// The word for it in figures.
    #[must_use]
    pub fn name(&self) -> &'static str {
        Trouble::NAMES[self.place()]
    }

    pub(crate) fn place(&self) -> usize {
        match self {
            Trouble::LeftAlone => 0,
            Trouble::TimedOut => 1,
            Trouble::Unreachable(_) => 2,
            Trouble::Refused(_) => 3,
            Trouble::Senseless(_) => 4,
        }
    }
}

/// How it stands with a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TierState {
    /// It answers, or has not been asked.
    Well,
    /// It answers, but takes nothing: it is full, or a replica.
    ReadOnly,
    /// It is left alone for now.
    LeftAlone,
}

impl TierState {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TierState::Well => "ok",
            TierState::ReadOnly => "read-only",
            TierState::LeftAlone => "unreachable",
        }
    }
}

/// A tier's own count of its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keyspace {
    /// Keys that were asked for and there.
    pub hits: u64,
    /// Keys that were asked for and not there.
    pub misses: u64,
}
