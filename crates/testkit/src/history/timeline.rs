//! One lane's versions in their order, and from when to when each may have been the truth.

use std::collections::HashSet;
use std::time::Duration;

use super::record::{Change, History, Lane, Outcome, Own, Part, Write};
use super::state::State;

/// The committed versions of one lane; the first is what was there at the start.
#[derive(Clone, Debug)]
pub(crate) struct Timeline<'a> {
    pub(crate) lane: usize,
    pub(crate) listings: &'a [i64],
    pub(crate) versions: Vec<Version<'a>>,
    pub(crate) rolled_back: HashSet<u64>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Version<'a> {
    pub(crate) number: u64,
    pub(crate) states: &'a [Option<State>],
    /// Before this nobody can have seen it.
    pub(crate) sent: Duration,
    /// From this on it was certainly committed: acknowledged, or seen by somebody.
    pub(crate) known: Duration,
}

/// Which moments are of interest for a read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) from: Duration,
    pub(crate) until: Duration,
}

/// From when to when a version may have been the truth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) number: u64,
    pub(crate) from: Duration,
    pub(crate) until: Duration,
}

impl<'a> Timeline<'a> {
    /// One for each lane.
    pub(crate) fn all(history: &'a History) -> Vec<Self> {
        let mut timelines: Vec<_> = history.lanes.iter().enumerate().map(Self::at_the_start).collect();
        for write in &history.writes {
            for change in &write.changes {
                timelines[change.lane].add(write, change);
            }
        }
        for timeline in &mut timelines {
            timeline.versions.sort_by_key(|version| version.number);
        }
        timelines
    }

    fn at_the_start((lane, start): (usize, &'a Lane)) -> Self {
        let (sent, known) = (Duration::ZERO, Duration::ZERO);
        let first = Version { number: start.number, states: &start.states, sent, known };
        Self { lane, listings: &start.listings, versions: vec![first], rolled_back: HashSet::new() }
    }

    fn add(&mut self, write: &Write, change: &'a Change) {
        match write.outcome {
            Outcome::RolledBack => {
                self.rolled_back.insert(change.number);
            }
            Outcome::Committed(known) => {
                let (number, states) = (change.number, change.states.as_slice());
                self.versions.push(Version { number, states, sent: write.sent, known });
            }
        }
    }

    /// The place in `versions` of the version with this number.
    pub(crate) fn index_of(&self, number: u64) -> Option<usize> {
        self.versions.binary_search_by_key(&number, |version| version.number).ok()
    }

    /// Which version a part shows, if it shows one of the lane's listings: numbers are given only once.
    pub(crate) fn shown_by(&self, part: &Part) -> Option<usize> {
        let shown = self.listings.iter().find_map(|listing| part.sighting(*listing))?;
        let index = self.index_of(*shown.numbers.first()?)?;
        self.agrees(part, index).then_some(index)
    }

    /// Takes note that somebody was shown this version at this time.
    pub(crate) fn was_seen(&mut self, index: usize, at: Duration) {
        let known = &mut self.versions[index].known;
        *known = at.min(*known);
    }

    /// What was known of a version was true of all before it.
    pub(crate) fn settle(&mut self) {
        let mut later = Duration::MAX;
        for version in self.versions.iter_mut().rev() {
            later = later.min(version.known);
            version.known = later;
        }
    }

    /// Whether a part says anything about this lane.
    pub(crate) fn concerns(&self, part: &Part) -> bool {
        self.listings.iter().any(|listing| part.names_all(*listing) || part.sighting(*listing).is_some())
    }

    /// When the lane may have looked as the part shows it, latest first.
    pub(crate) fn spans(&self, part: &Part, own: Option<Own>, window: Window) -> Vec<Span> {
        let least = own.filter(|own| own.lane == self.lane).map_or(0, |own| own.number);
        let begun = self.versions.partition_point(|version| version.sent <= window.until);
        (0..begun)
            .rev()
            .map(|index| (index, self.span(index)))
            .take_while(|(_, span)| span.until >= window.from && span.number >= least)
            .filter(|(index, _)| self.agrees(part, *index))
            .map(|(_, span)| span)
            .collect()
    }

    fn span(&self, index: usize) -> Span {
        let version = self.versions[index];
        let until = self.versions.get(index + 1).map_or(Duration::MAX, |next| next.known);
        Span { number: version.number, from: version.sent, until }
    }

    fn agrees(&self, part: &Part, index: usize) -> bool {
        let states = self.versions[index].states;
        self.listings.iter().zip(states).all(|(listing, state)| part.agrees(*listing, state.as_ref()))
    }
}
