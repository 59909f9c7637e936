//! A node's memory of the polls: how far it knows what happened, and what happened.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::{Change, Dependency, Happened, Part, Snapshot, Value, Xid};
use crate::clock::Moment;
use crate::incarnation::Incarnation;

/// What a source answered when it was asked what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// Which life of the server this is.
    pub incarnation: Incarnation,
    /// What the poll itself saw.
    pub snapshot: Snapshot,
    /// Changes of transactions below this one may have been forgotten.
    pub floor: Xid,
    /// Every change that this snapshot sees and the previous poll's did not.
    pub changes: PolledChanges,
}

/// The changes of a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolledChanges {
    /// All of them.
    All(Vec<Change>),
    /// More than a poll carries: whatever was kept before this snapshot is worthless.
    TooMany,
}

/// How much a ledger remembers.
#[derive(Debug, Clone, Copy)]
pub struct LedgerLimits {
    /// Bytes that the changes may take. Beyond, everything kept is given up rather than a change forgotten.
    pub bytes: usize,
    /// Changes that may be compared to tell whether one entry is true; where more would have to be, the entry is given up.
    pub comparisons: usize,
}

impl Default for LedgerLimits {
    fn default() -> LedgerLimits {
        LedgerLimits { bytes: 32 << 20, comparisons: 20_000 }
    }
}

/// A poll that cannot be: it is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PollRefused {
    /// Time runs forwards in one life of one server; another server has answered.
    #[error("the poll saw {polled}, which is before {known} of an earlier poll of the same server")]
    Backwards {
        /// What the refused poll saw.
        polled: Snapshot,
        /// What an earlier one had seen.
        known: Snapshot,
    },
}

/// What a node knows of what happened.
#[derive(Debug)]
pub struct Ledger {
    incarnation: Incarnation,
    generation: u64,
    snapshot: Snapshot,
    asked_at: Moment,
    floor: Xid,
    /// Where the knowledge of changes begins. What this sees and the snapshot of an entry does not cannot be compared. A number
    /// would not do: what is open keeps the least number of both snapshots where it is, while others end.
    since: Snapshot,
    /// Changes may have gone unreported up to here: until a poll that was sent afterwards, nothing of other nodes is judged.
    unreported_until: Option<Moment>,
    /// What that poll saw. Another node may not have heard that changes went unreported, and kept what it read meanwhile.
    reported_since: Option<Snapshot>,
    limits: LedgerLimits,
    /// In the order of the polls; the first has the position `forgotten`.
    changes: VecDeque<Kept>,
    forgotten: u64,
    bytes: usize,
    by_row: HashMap<Arc<str>, HashMap<Value, Vec<u64>>>,
    /// The positions of changes to a table, in order; and of those to all of it.
    by_table: HashMap<Arc<str>, VecDeque<u64>>,
    of_whole_table: HashMap<Arc<str>, VecDeque<u64>>,
}

#[derive(Debug)]
struct Kept {
    change: Change,
    heard_at: Moment,
    /// The highest number of this change's transaction and of all before it.
    highest: Xid,
}

/// Whether something kept is still true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing up to this position of the ledger has touched it.
    True(u64),
    /// It is from another life of the server, or from before what this node remembers.
    Forgotten,
    /// A change has touched it.
    Changed,
    /// More happened since it was last looked at than is worth comparing.
    TooMuch,
}

impl Ledger {
    /// A ledger that begins with the first poll of a node, which was sent at `asked_at`. It knows nothing of before.
    #[must_use]
    pub fn new(poll: Poll, asked_at: Moment, limits: LedgerLimits) -> Ledger {
        let floor = poll.snapshot.xmin();
        Ledger {
            incarnation: poll.incarnation,
            generation: 0,
            since: poll.snapshot.clone(),
            snapshot: poll.snapshot,
            asked_at,
            floor,
            unreported_until: None,
            reported_since: None,
            limits,
            changes: VecDeque::new(),
            forgotten: 0,
            bytes: 0,
            by_row: HashMap::new(),
            by_table: HashMap::new(),
            of_whole_table: HashMap::new(),
        }
    }

    /// A ledger that has heard of nothing since `seen`, in that life of the server: its first poll brings all that has happened.
    #[must_use]
    pub fn since(seen: Snapshot, incarnation: Incarnation, asked_at: Moment) -> Ledger {
        let floor = seen.xmin();
        let poll = Poll { incarnation, snapshot: seen, floor, changes: PolledChanges::All(Vec::new()) };
        Ledger::new(poll, asked_at, LedgerLimits::default())
    }

    /// Takes in a poll that was sent at `asked_at`.
    ///
    /// # Errors
    /// [`PollRefused`]; the ledger then stays as it was, and its lease runs out.
    pub fn take(&mut self, poll: Poll, asked_at: Moment) -> Result<(), PollRefused> {
        if poll.incarnation != self.incarnation {
            self.begin_anew(poll, asked_at);
            return Ok(());
        }
        if !poll.snapshot.is_at_or_after(&self.snapshot) {
            return Err(PollRefused::Backwards { polled: poll.snapshot, known: self.snapshot.clone() });
        }
        if poll.floor > self.floor.max(self.snapshot.xmin()) {
            // Changes that this node has not heard of may be forgotten.
            self.give_up(&poll.snapshot);
        }
        if self.unreported_until.is_some_and(|until| asked_at >= until) {
            self.unreported_until = None;
            self.reported_since = Some(poll.snapshot.clone());
        }
        match poll.changes {
            PolledChanges::All(changes) => changes.into_iter().for_each(|change| self.keep(change, asked_at)),
            PolledChanges::TooMany => self.give_up(&poll.snapshot),
        }
        if self.bytes > self.limits.bytes {
            self.give_up(&poll.snapshot);
        }
        self.snapshot = poll.snapshot;
        self.floor = self.floor.max(poll.floor);
        self.asked_at = self.asked_at.max(asked_at);
        Ok(())
    }

    fn begin_anew(&mut self, poll: Poll, asked_at: Moment) {
        self.give_up(&poll.snapshot);
        self.incarnation = poll.incarnation;
        self.floor = poll.snapshot.xmin();
        if self.unreported_until.is_some_and(|until| asked_at >= until) {
            self.unreported_until = None;
        }
        self.reported_since = Some(poll.snapshot.clone());
        self.snapshot = poll.snapshot;
        self.asked_at = self.asked_at.max(asked_at);
    }

    /// Forgets everything, since changes may have happened up to `until` that nobody was told of.
    pub fn distrust(&mut self, until: Moment) {
        let snapshot = self.snapshot.clone();
        self.give_up(&snapshot);
        self.unreported_until = Some(until);
    }

    /// Forgets all changes up to `polled`, and with them every entry that was made before, here or on another node.
    fn give_up(&mut self, polled: &Snapshot) {
        self.generation += 1;
        self.since = polled.clone();
        // One more than there were, so that no entry counts as checked up to here.
        self.forgotten = self.head() + 1;
        self.changes.clear();
        self.bytes = 0;
        self.by_row.clear();
        self.by_table.clear();
        self.of_whole_table.clear();
    }

    fn keep(&mut self, change: Change, heard_at: Moment) {
        let position = self.head() + 1;
        self.bytes += change.bytes();
        let table = Arc::clone(&change.table);
        match &change.happened {
            Happened::Row { id, .. } => {
                let rows = self.by_row.entry(Arc::clone(&table)).or_default();
                rows.entry(id.clone()).or_default().push(position);
            }
            Happened::Table => {
                self.of_whole_table.entry(Arc::clone(&table)).or_default().push_back(position);
            }
        }
        self.by_table.entry(table).or_default().push_back(position);
        let highest = self.changes.back().map_or(change.xid, |last| last.highest.max(change.xid));
        self.changes.push_back(Kept { change, heard_at, highest });
    }

    /// Forgets changes that were heard of before `before`: entries live no longer than that. What an open transaction keeps
    /// new snapshots from seeing stays.
    pub fn forget(&mut self, before: Moment) {
        while let Some(kept) = self.changes.front() {
            let xid = kept.change.xid;
            if kept.heard_at >= before || xid >= self.snapshot.xmin() {
                break;
            }
            self.floor = self.floor.max(Xid(xid.0 + 1));
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        let Some(Kept { change, .. }) = self.changes.pop_front() else { return };
        self.forgotten += 1;
        self.bytes -= change.bytes();
        let forgotten = self.forgotten;
        let is_kept = |position: &u64| *position > forgotten;
        if let Happened::Row { id, .. } = &change.happened
            && let Some(rows) = self.by_row.get_mut(&change.table)
            && let Some(positions) = rows.get_mut(id)
        {
            positions.retain(is_kept);
            if positions.is_empty() {
                rows.remove(id);
            }
        }
        for index in [&mut self.by_table, &mut self.of_whole_table] {
            if let Some(positions) = index.get_mut(&change.table) {
                while positions.front().is_some_and(|position| !is_kept(position)) {
                    positions.pop_front();
                }
            }
        }
    }

    /// Whether what was made of `parts`, in this `generation`, is true; it had been up to the position `checked`.
    #[must_use]
    pub fn verdict(&self, parts: &[Arc<Part>], generation: u64, checked: u64) -> Verdict {
        if generation != self.generation || !parts.iter().all(|part| self.can_compare(&part.snapshot)) {
            return Verdict::Forgotten;
        }
        let mut budget = self.limits.comparisons;
        for part in parts {
            for dependency in &part.dependencies {
                match self.touched(dependency, checked, &mut budget, |xid| !part.snapshot.sees(xid)) {
                    Touched::Yes => return Verdict::Changed,
                    Touched::NotLookedAt => return Verdict::TooMuch,
                    Touched::No => {}
                }
            }
        }
        Verdict::True(self.head())
    }

    /// Whether what was made of `parts` on any node, in that life of the server, is true. All that is remembered is compared,
    /// but for the changes that every part's snapshot sees because all of them are from before its oldest open transaction.
    #[must_use]
    pub fn verdict_of_foreign(&self, parts: &[Arc<Part>], incarnation: Incarnation) -> Verdict {
        if incarnation != self.incarnation || self.unreported_until.is_some() {
            return Verdict::Forgotten;
        }
        let is_reported = |part: &Arc<Part>| {
            self.reported_since.as_ref().is_none_or(|since| part.snapshot.is_at_or_after(since))
        };
        if !parts.iter().all(is_reported) {
            return Verdict::Forgotten;
        }
        let seen = parts.iter().map(|part| self.seen_up_to(&part.snapshot)).min();
        self.verdict(parts, self.generation, seen.unwrap_or_default())
    }

    /// A position up to which the snapshot sees everything.
    fn seen_up_to(&self, snapshot: &Snapshot) -> u64 {
        self.forgotten + self.changes.partition_point(|kept| kept.highest < snapshot.xmin()) as u64
    }

    /// Whether every change that the snapshot does not see, and that has happened, is remembered.
    fn can_compare(&self, snapshot: &Snapshot) -> bool {
        snapshot.xmin() >= self.floor && snapshot.is_at_or_after(&self.since)
    }

    /// Whether the parts show one moment, although their snapshots differ: no change that the newest of them sees touches
    /// another part which does not see it.
    ///
    /// Each part is known to be true up to the position `since`. `None` where this cannot be told yet, since the ledger is
    /// behind the newest part.
    #[must_use]
    pub fn are_of_one_moment(&self, parts: &[Arc<Part>], since: u64) -> Option<bool> {
        let newest = parts
            .iter()
            .map(|part| &part.snapshot)
            .reduce(|one, other| if other.is_at_or_after(one) { other } else { one });
        let Some(newest) = newest else { return Some(true) };
        if !self.snapshot.is_at_or_after(newest) {
            return None;
        }
        let mut budget = self.limits.comparisons;
        let is_whole = |part: &Arc<Part>, budget: &mut usize| {
            self.can_compare(&part.snapshot)
                && part.dependencies.iter().all(|dependency| {
                    let between = |xid| newest.sees(xid) && !part.snapshot.sees(xid);
                    matches!(self.touched(dependency, since, budget, between), Touched::No)
                })
        };
        Some(parts.iter().filter(|part| part.snapshot != *newest).all(|part| is_whole(part, &mut budget)))
    }

    /// Whether one of the changes after the position `since`, of a transaction that `counts`, touches the dependency.
    fn touched(
        &self,
        dependency: &Dependency,
        since: u64,
        budget: &mut usize,
        counts: impl Fn(Xid) -> bool,
    ) -> Touched {
        let table = dependency.table();
        match dependency {
            Dependency::Row { id, .. } => {
                let of_row =
                    self.by_row.get(table).and_then(|rows| rows.get(id)).map_or(&[][..], Vec::as_slice);
                let of_row = of_row.iter().rev().take_while(|&&position| position > since);
                let of_table = newer_than(since, self.of_whole_table.get(table));
                let counted = |position| self.change(position).is_some_and(|change| counts(change.xid));
                Touched::of(of_row.copied().chain(of_table).any(counted))
            }
            Dependency::Query(_) | Dependency::Table(_) => {
                for position in newer_than(since, self.by_table.get(table)) {
                    if *budget == 0 {
                        return Touched::NotLookedAt;
                    }
                    *budget -= 1;
                    let change = self.change(position);
                    if change.is_some_and(|change| counts(change.xid) && dependency.is_touched_by(change)) {
                        return Touched::Yes;
                    }
                }
                Touched::No
            }
        }
    }

    fn change(&self, position: u64) -> Option<&Change> {
        let index = usize::try_from(position.checked_sub(self.forgotten + 1)?).ok()?;
        self.changes.get(index).map(|kept| &kept.change)
    }

    /// The position of the last change that was heard of. It grows with every change, and whenever the ledger begins anew.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.forgotten + self.changes.len() as u64
    }

    /// Which life of the server this is.
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// A number that grows whenever everything kept becomes worthless. What is loaded while it grows cannot be kept.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// What the last poll saw.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// When the last poll was sent, by this node's own clock, read before it was sent.
    #[must_use]
    pub fn asked_at(&self) -> Moment {
        self.asked_at
    }

    /// What a snapshot must see for its entry to be judged at all: everything below.
    #[must_use]
    pub fn floor(&self) -> Xid {
        self.floor
    }

    /// How many changes are remembered, and the bytes that they take.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.changes.len(), self.bytes)
    }
}

enum Touched {
    No,
    Yes,
    NotLookedAt,
}

impl Touched {
    fn of(touched: bool) -> Touched {
        if touched { Touched::Yes } else { Touched::No }
    }
}

/// The positions after `since`, newest first.
fn newer_than(since: u64, positions: Option<&VecDeque<u64>>) -> impl Iterator<Item = u64> {
    positions
        .into_iter()
        .flat_map(|positions| positions.iter().rev().copied())
        .take_while(move |&it| it > since)
}
