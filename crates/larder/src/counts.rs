//! What has come of the reads so far, by kind, with the reason of each miss.

mod shared;

use std::sync::atomic::{AtomicU64, Ordering};

use crate::key::Kind;

pub use shared::SharedFigures;
pub(crate) use shared::{SharedCounts, Useless};

/// Why an answer was not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Missed {
    /// Nothing is kept under its key: it never was, or it was dropped to make room.
    Absent,
    /// Its lifetime is over.
    Expired,
    /// A change has touched it.
    Changed,
    /// It is from another life of the server, or from before what this node remembers.
    Forgotten,
    /// More has happened since it was last used than is worth comparing.
    TooMuch,
    /// The database could not be asked whether it is still true.
    Unknown,
}

/// Why a loaded answer was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotKept {
    /// Its loader read nothing through its handle, so nothing would ever end it.
    NothingRead,
    /// Something in it cannot be kept; says what.
    Unkeepable(&'static str),
    /// It had changed before it was complete.
    Outdated,
    /// It takes more bytes than one entry may.
    TooLarge,
    /// The database could not be asked whether it is true.
    Unknown,
    /// Changes may happen that are not reported.
    Unwatched,
}

impl Missed {
    /// Every reason.
    pub const ALL: [Missed; 6] = [
        Missed::Absent,
        Missed::Expired,
        Missed::Changed,
        Missed::Forgotten,
        Missed::TooMuch,
        Missed::Unknown,
    ];

    /// The word for it in figures and in `Cache-Status`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Missed::Absent => "absent",
            Missed::Expired => "expired",
            Missed::Changed => "changed",
            Missed::Forgotten => "forgotten",
            Missed::TooMuch => "too-much",
            Missed::Unknown => "unknown",
        }
    }
}

impl NotKept {
    /// The words for every reason, in the order of `place`.
    pub const NAMES: [&str; 6] =
        ["nothing-read", "unkeepable", "outdated", "too-large", "unknown", "unwatched"];

    /// The word for it in figures and in `Cache-Status`.
    #[must_use]
    pub fn name(self) -> &'static str {
        NotKept::NAMES[self.place()]
    }

    fn place(self) -> usize {
        match self {
            NotKept::NothingRead => 0,
            NotKept::Unkeepable(_) => 1,
            NotKept::Outdated => 2,
            NotKept::TooLarge => 3,
            NotKept::Unknown => 4,
            NotKept::Unwatched => 5,
        }
    }
}

/// Counts of one kind.
#[derive(Debug, Default)]
struct OfKind {
    hits: AtomicU64,
    borrowed: AtomicU64,
    stale: AtomicU64,
    missed: [AtomicU64; Missed::ALL.len()],
    collapsed: AtomicU64,
    loads: AtomicU64,
    failed: AtomicU64,
    torn: AtomicU64,
    ahead: AtomicU64,
    not_kept: [AtomicU64; NotKept::NAMES.len()],
    statements: AtomicU64,
}

/// All counts of one larder.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    page: OfKind,
    data: OfKind,
}

impl Counts {
    fn of(&self, kind: Kind) -> &OfKind {
        match kind {
            Kind::Page => &self.page,
            Kind::Data => &self.data,
        }
    }

    pub(crate) fn hit(&self, kind: Kind) {
        add(&self.of(kind).hits);
    }

    /// A hit out of the shared tier.
    pub(crate) fn borrowed(&self, kind: Kind) {
        self.hit(kind);
        add(&self.of(kind).borrowed);
    }

    pub(crate) fn stale(&self, kind: Kind) {
        add(&self.of(kind).stale);
    }

    pub(crate) fn missed(&self, kind: Kind, missed: Missed) {
        let place = Missed::ALL.iter().position(|&other| other == missed).unwrap_or_default();
        add(&self.of(kind).missed[place]);
    }

    pub(crate) fn collapsed(&self, kind: Kind) {
        add(&self.of(kind).collapsed);
    }

    pub(crate) fn loaded(&self, kind: Kind, statements: u32) {
        add(&self.of(kind).loads);
        self.of(kind).statements.fetch_add(statements.into(), Ordering::Relaxed);
    }

    pub(crate) fn failed(&self, kind: Kind) {
        add(&self.of(kind).failed);
    }

    pub(crate) fn torn(&self, kind: Kind) {
        add(&self.of(kind).torn);
    }

    pub(crate) fn ahead(&self, kind: Kind) {
        add(&self.of(kind).ahead);
    }

    pub(crate) fn not_kept(&self, kind: Kind, why: NotKept) {
        add(&self.of(kind).not_kept[why.place()]);
    }

    pub(crate) fn figures(&self, kind: Kind) -> KindFigures {
        let of = self.of(kind);
        KindFigures {
            hits: read(&of.hits),
            borrowed: read(&of.borrowed),
            stale: read(&of.stale),
            missed: Missed::ALL.map(|missed| (missed, read(&of.missed[missed as usize]))),
            collapsed: read(&of.collapsed),
            loads: read(&of.loads),
            failed: read(&of.failed),
            torn: read(&of.torn),
            ahead: read(&of.ahead),
            not_kept: std::array::from_fn(|place| (NotKept::NAMES[place], read(&of.not_kept[place]))),
            statements: read(&of.statements),
        }
    }
}

fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

fn read(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

/// What has come of the reads of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindFigures {
    /// Answers out of the cache.
    pub hits: u64,
    /// Of these, answers out of the shared tier.
    pub borrowed: u64,
    /// Of what was kept, answers labelled as stale.
    pub stale: u64,
    /// Answers that were not there, by reason.
    pub missed: [(Missed, u64); Missed::ALL.len()],
    /// Of these, answers out of a load that somebody else had begun.
    pub collapsed: u64,
    /// Loads.
    pub loads: u64,
    /// Of these, loads that failed.
    pub failed: u64,
    /// Of these, loads that were made again because something changed while they read.
    pub torn: u64,
    /// Of these, loads of what was in use, ahead of its end.
    pub ahead: u64,
    /// Loaded answers that were not kept, by reason.
    pub not_kept: [(&'static str, u64); NotKept::NAMES.len()],
    /// Statements that the loads sent.
    pub statements: u64,
}

impl KindFigures {
    /// All misses together.
    #[must_use]
    pub fn misses(&self) -> u64 {
        self.missed.iter().map(|(_, count)| count).sum()
    }

    /// All reads together.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.hits + self.stale + self.misses()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_counted_under_its_own_name() {
        let counts = Counts::default();
        for missed in Missed::ALL {
            counts.missed(Kind::Page, missed);
            assert_eq!(
                counts.figures(Kind::Page).missed.iter().find(|(of, _)| *of == missed),
                Some(&(missed, 1))
            );
        }
        assert_eq!(counts.figures(Kind::Page).misses(), 6);
        assert_eq!(counts.figures(Kind::Data).requests(), 0);
    }
}
