//! What writers and readers note.

use std::fmt;
use std::time::Duration;

use super::state::{Filter, State};

/// Everything that happened in one round.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// From here on there are reads. What was written before is only there because somebody may be shown something so old.
    pub since: Duration,
    /// Who is written together, and what they were at the start.
    pub lanes: Vec<Lane>,
    /// In any order.
    pub writes: Vec<Write>,
    /// In any order.
    pub reads: Vec<Read>,
}

/// Listings that are always written together, one write after the other, so that their writes have one order.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    /// Their ids.
    pub listings: Vec<i64>,
    /// The number of the last write before the start.
    pub number: u64,
    /// What each was at the start; `None` when it was not there.
    pub states: Vec<Option<State>>,
}

/// A transaction.
#[derive(Clone, Debug)]
pub struct Write {
    /// What it did, by lane. Most change one lane; a bulk change changes all.
    pub changes: Vec<Change>,
    /// Just before its commit was sent: nobody may see it earlier.
    pub sent: Duration,
    /// How it ended.
    pub outcome: Outcome,
}

/// What a transaction made of one lane.
#[derive(Clone, Debug)]
pub struct Change {
    /// Index in [`History::lanes`].
    pub lane: usize,
    /// Greater than that of the write before.
    pub number: u64,
    /// What each listing is afterwards; `None` when it is gone.
    pub states: Vec<Option<State>>,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The database said so at this time.
    Committed(Duration),
    /// Nobody may ever see its numbers.
    RolledBack,
}

/// A request and what came of it.
#[derive(Clone, Debug)]
pub struct Read {
    /// Which node was asked.
    pub node: usize,
    /// What was asked for, for messages.
    pub path: String,
    /// Just before the request was sent.
    pub begun: Duration,
    /// Just after the answer was there.
    pub ended: Duration,
    /// What the answer says of its origin.
    pub from: ServedFrom,
    /// The write that this reader made and has a right to see.
    pub own: Option<Own>,
    /// What was answered.
    pub answer: Answer,
}

/// A write of the reader's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own {
    /// Index in [`History::lanes`].
    pub lane: usize,
    /// The number of the write.
    pub number: u64,
}

/// What `Cache-Status` (RFC 9211) says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServedFrom {
    /// There is no such field.
    Unsaid,
    /// `hit`, out of the node's own memory where it says out of what.
    Hit,
    /// `hit` with `detail=redis`: another node may have made it.
    Redis,
    /// `fwd` for any reason but `bypass`.
    Miss,
    /// `fwd=bypass`
    Bypass,
    /// `detail=stale`: the answer says itself that it may be old.
    Stale,
}

/// What a request got.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Listings, in parts that were each true at one moment.
    Shown(Vec<Part>),
    /// 503.
    Refused {
        /// Whether it said when to come back.
        says_when: bool,
    },
    /// Another status, or a page that can't be understood. Never right.
    Odd(String),
    /// No answer: what happened to the connection.
    Failed(String),
}

/// What a reader was shown as one.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it claims to be.
    pub scope: Scope,
    /// What it shows.
    pub sightings: Vec<Sighting>,
}

/// What a part claims to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every listing that the filter lets through.
    All(Filter),
    /// This listing, unless the public may not see it.
    One(i64),
    /// Some that the public may see: nothing follows from who is missing.
    Some,
}

/// A listing in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Its id.
    pub listing: i64,
    /// Every number of it that the answer holds, in title, description and price.
    pub numbers: Vec<u64>,
    /// Where it is, if the answer says so.
    pub place: Option<usize>,
    /// In which bracket it is, if the answer says so.
    pub is_dear: Option<bool>,
}

impl Sighting {
    /// Whether the answer shows the listing as it is in this state.
    pub(crate) fn agrees(&self, state: &State) -> bool {
        self.numbers.iter().all(|number| *number == state.number)
            && self.place.is_none_or(|place| place == state.place)
            && self.is_dear.is_none_or(|is_dear| is_dear == state.is_dear)
    }
}

impl Part {
    /// How this listing is shown.
    pub(crate) fn sighting(&self, listing: i64) -> Option<&Sighting> {
        self.sightings.iter().find(|sighting| sighting.listing == listing)
    }

    /// Whether the part could look as it does while the listing is in this state.
    pub(crate) fn agrees(&self, listing: i64, state: Option<&State>) -> bool {
        let is_due = state.is_some_and(|state| self.filter().shows(state));
        match self.sighting(listing) {
            Some(sighting) => is_due && state.is_some_and(|state| sighting.agrees(state)),
            None => !is_due || !self.names_all(listing),
        }
    }

    pub(crate) fn filter(&self) -> Filter {
        match self.scope {
            Scope::All(filter) => filter,
            Scope::One(_) | Scope::Some => Filter::default(),
        }
    }

    /// Whether it says something that this listing is not shown.
    pub(crate) fn names_all(&self, listing: i64) -> bool {
        match self.scope {
            Scope::All(_) => true,
            Scope::One(one) => one == listing,
            Scope::Some => false,
        }
    }
}

impl fmt::Display for ServedFrom {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unsaid => "unlabelled",
            Self::Hit => "hit",
            Self::Redis => "hit in Redis",
            Self::Miss => "miss",
            Self::Bypass => "bypass",
            Self::Stale => "stale",
        })
    }
}
