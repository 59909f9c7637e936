//! What has come of asking the shared tier.

use std::sync::atomic::AtomicU64;

use super::{add, read};
use crate::envelope::Unsound;
use crate::tier::shared::{TierState, Trouble};

/// Why what the shared tier answered was of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Useless {
    Absent,
    Expired,
    Changed,
    Forgotten,
    TooMuch,
    Unknown,
    Unsound(Unsound),
}

impl Useless {
    pub(crate) const UNREADABLE: Useless = Useless::Unsound(Unsound::Undecodable);
    const NAMES: [&str; 6] = ["absent", "expired", "changed", "forgotten", "too-much", "unknown"];

    fn place(self) -> usize {
        match self {
            Useless::Absent => 0,
            Useless::Expired => 1,
            Useless::Changed => 2,
            Useless::Forgotten => 3,
            Useless::TooMuch => 4,
            Useless::Unknown => 5,
            Useless::Unsound(unsound) => Useless::NAMES.len() + unsound as usize,
        }
    }
}

const REASONS: usize = Useless::NAMES.len() + Unsound::ALL.len();

/// Counts of one shared tier.
#[derive(Debug, Default)]
pub(crate) struct SharedCounts {
    hits: AtomicU64,
    useless: [AtomicU64; REASONS],
    troubles: [AtomicU64; Trouble::NAMES.len()],
    written: AtomicU64,
    not_written: AtomicU64,
    behind: AtomicU64,
    waited: AtomicU64,
}

impl SharedCounts {
    pub(crate) fn hit(&self) {
        add(&self.hits);
    }

    pub(crate) fn useless(&self, useless: Useless) {
        add(&self.useless[useless.place()]);
    }

    pub(crate) fn trouble(&self, trouble: &Trouble) {
        add(&self.troubles[trouble.place()]);
    }

    pub(crate) fn written(&self) {
        add(&self.written);
    }

    pub(crate) fn not_written(&self) {
        add(&self.not_written);
    }

    pub(crate) fn behind(&self) {
        add(&self.behind);
    }

    pub(crate) fn waited(&self) {
        add(&self.waited);
    }

    pub(crate) fn figures(&self, state: TierState) -> SharedFigures {
        let name = |place: usize| match place.checked_sub(Useless::NAMES.len()) {
            Some(unsound) => Unsound::ALL[unsound].name(),
            None => Useless::NAMES[place],
        };
        SharedFigures {
            state,
            hits: read(&self.hits),
            misses: std::array::from_fn(|place| (name(place), read(&self.useless[place]))),
            troubles: std::array::from_fn(|place| (Trouble::NAMES[place], read(&self.troubles[place]))),
            written: read(&self.written),
            not_written: read(&self.not_written),
            behind: read(&self.behind),
            waited: read(&self.waited),
        }
    }
}

/// What has come of asking the shared tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedFigures {
    /// How it stands with it.
    pub state: TierState,
    /// Entries that were there, whole and true.
    pub hits: u64,
    /// Looks that brought nothing of use, by reason.
    pub misses: [(&'static str, u64); REASONS],
    /// Operations that failed, by reason.
    pub troubles: [(&'static str, u64); Trouble::NAMES.len()],
    /// Entries written.
    pub written: u64,
    /// Entries that could not be written.
    pub not_written: u64,
    /// Entries that were not written because too many others were being written.
    pub behind: u64,
    /// Loads that waited for another node's.
    pub waited: u64,
}

impl SharedFigures {
    /// The looks that brought nothing for that reason.
    #[must_use]
    pub fn missed(&self, reason: &str) -> u64 {
        self.misses.iter().filter(|(name, _)| *name == reason).map(|(_, count)| count).sum()
    }

    /// The operations that failed, for whatever reason.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.troubles.iter().map(|(_, count)| count).sum()
    }
}
