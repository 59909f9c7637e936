//! What all parts of a schedule share: the database, chance, the gates where something waits, and the checker.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use larder::clock::{Clock, Moment};
use larder::freshness::{Dependency, Poll, PolledChanges, Snapshot, Xid};
use larder::source::{Source, SourceError};
use larder::{Asked, How, Level};
use tokio::sync::oneshot;

use crate::asking::{ALL, Outcome, Seen, Shown};
use crate::database::{Database, Homes, Question};
use crate::random::Random;
use crate::shared_tier::Shelves;

pub(crate) const NODES: usize = 2;

#[derive(Debug, Clone)]
pub(crate) struct Shared(Arc<Mutex<World>>);

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    /// What the tier that all nodes share has been given.
    pub(crate) shelves: Shelves,
    /// Where something waits until it is let on; `false` makes it fail.
    gates: Vec<oneshot::Sender<bool>>,
    /// One of so many statements and polls waits at a gate.
    pub(crate) gates_are_rare: u64,
    pub(crate) polls_fail: bool,
    /// When, on each node, the last poll that failed or was given up had been sent.
    poll_failed: [Moment; NODES],
    /// When the last poll that came back had been sent, and what the runtime's clock said when it came back.
    polled_at: [Moment; NODES],
    polled_elapsed: [Moment; NODES],
    /// By node: the crashes and the floor that it has heard of.
    heard: [(u64, Xid); NODES],
    loads: [[u32; ALL.len()]; NODES],
    /// By node: how often something happened after which a load may have to be made again.
    pub(crate) disturbances: u64,
    /// In which state of things each answer was loaded last, and kept.
    loaded_at: [[u64; ALL.len()]; NODES],
    kept_at: [[Option<u64>; ALL.len()]; NODES],
    pub(crate) patience: Duration,
    /// Requests that have no answer yet.
    pub(crate) open: Vec<Claim>,
    pub(crate) lifetime: Duration,
    /// What the runtime's clock says: unlike the nodes' clock, it stands still while they are paused.
    pub(crate) elapsed: Moment,
    pub(crate) violation: Option<String>,
    pub(crate) tally: Tally,
    trace: Option<String>,
}

/// What the schedules met with, to see that they go everywhere.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) hits: u64,
    /// Out of the tier that all nodes share.
    pub(crate) borrowed: u64,
    pub(crate) loaded: u64,
    pub(crate) joined: u64,
    pub(crate) stale: u64,
    pub(crate) not_kept: u64,
    pub(crate) failed: u64,
    pub(crate) torn_and_not_kept: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Tally) {
        self.hits += other.hits;
        self.borrowed += other.borrowed;
        self.loaded += other.loaded;
        self.joined += other.joined;
        self.stale += other.stale;
        self.not_kept += other.not_kept;
        self.failed += other.failed;
        self.torn_and_not_kept += other.torn_and_not_kept;
    }
}

/// What an answer is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) node: usize,
    pub(crate) what: usize,
    pub(crate) asked: Asked,
    pub(crate) lease: Duration,
    /// The commit, by its place in the history, that whoever asks has made.
    pub(crate) own: usize,
    /// What the runtime's clock said.
    pub(crate) elapsed: Moment,
}

/// A load under way; dropped, it has ended.
#[derive(Debug)]
pub(crate) struct Loading {
    world: Shared,
    node: usize,
    what: usize,
}

impl Drop for Loading {
    fn drop(&mut self) {
        self.world.lock().loads[self.node][self.what] -= 1;
    }
}

impl Shared {
    pub(crate) fn new(seed: u64, is_traced: bool) -> Shared {
        Shared(Arc::new(Mutex::new(World {
            random: Random::new(seed),
            clock: Clock::manual(),
            database: Database::new(),
            shelves: Shelves::default(),
            gates: Vec::new(),
            gates_are_rare: 3,
            polls_fail: false,
            poll_failed: [Moment::default(); NODES],
            polled_at: [Moment::default(); NODES],
            polled_elapsed: [Moment::default(); NODES],
            heard: [(0, Xid(0)); NODES],
            loads: [[0; ALL.len()]; NODES],
            disturbances: 0,
            loaded_at: [[0; ALL.len()]; NODES],
            kept_at: [[None; ALL.len()]; NODES],
            patience: Duration::ZERO,
            open: Vec::new(),
            lifetime: Duration::ZERO,
            elapsed: Moment::default(),
            violation: None,
            tally: Tally::default(),
            trace: is_traced.then(String::new),
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    pub(crate) fn crashes(&self) -> u64 {
        self.lock().database.crashes
    }

    /// Waits at a gate, or goes past it.
    pub(crate) async fn pass_gate(&self) -> Result<(), ()> {
        let gate = self.lock().gate();
        match gate {
            Some(gate) => gate.await.unwrap_or(false).then_some(()).ok_or(()),
            None => Ok(()),
        }
    }

    pub(crate) fn begin_load(&self, node: usize, what: usize) -> Loading {
        let mut world = self.lock();
        world.tell(|| format!("node {node} loads {:?}", ALL[what].name));
        world.loads[node][what] += 1;
        world.check_load(node, what);
        world.loaded_at[node][what] = world.disturbances;
        Loading { world: self.clone(), node, what }
    }

    /// What a statement finds: its stamp, what it depends on, its answer. Nothing where a crash has broken the connection.
    pub(crate) fn read(&self, question: Question, crashes: u64) -> Option<(String, Dependency, Homes)> {
        let mut world = self.lock();
        let stamp = world.database.snapshot().to_string();
        world.tell(|| format!("a statement reads {question:?} in {stamp}"));
        let database = &world.database;
        let answer = question.of(database.homes());
        (database.crashes == crashes).then(|| (stamp, question.dependency(&database.table), answer))
    }
}

impl World {
    pub(crate) fn tell(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            writeln!(trace, "{:>12} {}", self.clock.now().nanoseconds(), what()).unwrap();
        }
    }

    pub(crate) fn trace(&self) -> &str {
        self.trace.as_deref().unwrap_or_default()
    }

    pub(crate) fn violate(&mut self, what: &str) {
        self.tell(|| format!("VIOLATION: {what}"));
        self.violation.get_or_insert_with(|| what.to_owned());
    }

    fn gate(&mut self) -> Option<oneshot::Receiver<bool>> {
        if self.gates_are_rare == 0 || !self.random.one_in(self.gates_are_rare) {
            return None;
        }
        let (gate, waiting) = oneshot::channel();
        self.gates.push(gate);
        Some(waiting)
    }

    /// Lets one of those on who wait at a gate.
    pub(crate) fn open_a_gate(&mut self) {
        if self.gates.is_empty() {
            return;
        }
        let place = self.random.place_in(self.gates.len());
        let goes_on = !self.random.one_in(12);
        self.disturbances += u64::from(!goes_on);
        self.tell(|| format!("a gate opens{}", if goes_on { "" } else { " to a failure" }));
        // Nobody may be there any more.
        let _ = self.gates.swap_remove(place).send(goes_on);
    }

    pub(crate) fn open_all_gates(&mut self) {
        self.gates_are_rare = 0;
        for gate in self.gates.drain(..) {
            // Nobody may be there any more.
            let _ = gate.send(true);
        }
    }

    pub(crate) fn close(&mut self, claim: &Claim) {
        if let Some(place) = self.open.iter().position(|open| open == claim) {
            self.open.swap_remove(place);
        }
    }

    /// Nothing is loaded twice while nothing happens and all can be known.
    fn check_load(&mut self, node: usize, what: usize) {
        let is_known = self.poll_failed[node] < self.polled_at[node]
            && self.elapsed.since(self.polled_elapsed[node]) < self.patience;
        // Whoever has waited for a poll in vain asks the database instead.
        let is_impatient = |claim: &Claim| self.elapsed.since(claim.elapsed) >= self.patience;
        let is_known = is_known && !self.open.iter().any(is_impatient);
        if !is_known || !self.database.is_watched || ALL[what].is_unstamped() {
            return;
        }
        // Whoever can't take what two others have loaded loads a page alone.
        if !ALL[what].is_page && self.loads[node][what] > 1 && self.loaded_at[node][what] == self.disturbances
        {
            self.violate(&format!("{:?} is loaded twice at the same time", ALL[what].name));
        }
        if self.kept_at[node][what] == Some(self.disturbances) {
            self.violate(&format!("{:?} is loaded again though nothing happened", ALL[what].name));
        }
    }

    /// Whether the answer is one that may be given.
    pub(crate) fn check(&mut self, claim: &Claim, outcome: &Outcome) {
        let answer = match outcome {
            Ok(answer) => answer,
            Err(error) => return self.check_failure(claim, error),
        };
        let Shown(shown) = &*answer.value;
        let how = answer.how;
        self.tell(|| format!("node {} answers {:?}: {how:?} {shown:?}", claim.node, ALL[claim.what].name));
        self.count(how);
        if !shown.iter().map(|(question, _)| *question).eq(ALL[claim.what].questions()) {
            self.violate(&format!("{:?} is another answer", ALL[claim.what].name));
        }
        if matches!(how, How::Hit(_))
            && answer.value.entry().made_at().plus(self.lifetime) <= claim.asked.at()
        {
            self.violate(&format!("{:?} has outlived its lifetime", ALL[claim.what].name));
        }
        let latest = self.database.history.len();
        match how {
            How::Stale => {
                self.check_staleness(claim);
                self.check_parts(claim, shown, 0..latest);
            }
            How::Hit(_) | How::Loaded { not_kept: None, .. } => {
                let earliest = self.earliest(claim);
                self.check_parts(claim, shown, earliest..latest);
                self.check_whole(claim, shown, earliest..latest);
            }
            How::Loaded { not_kept: Some(_), .. } => {
                let earliest = self.earliest(claim);
                self.check_parts(claim, shown, earliest..latest);
                let is_whole = self.is_whole(shown, earliest..latest);
                self.tally.torn_and_not_kept += u64::from(!is_whole);
            }
        }
        let is_under_way = self.loads[claim.node][claim.what] > 0;
        if let How::Loaded { not_kept: None, collapsed: false, .. } = how
            && !is_under_way
        {
            self.kept_at[claim.node][claim.what] = Some(self.loaded_at[claim.node][claim.what]);
        }
    }

    fn count(&mut self, how: How) {
        let tally = &mut self.tally;
        match how {
            How::Hit(Level::Memory) => tally.hits += 1,
            How::Hit(Level::Shared) => tally.borrowed += 1,
            How::Stale => tally.stale += 1,
            How::Loaded { not_kept: Some(_), .. } => tally.not_kept += 1,
            How::Loaded { collapsed: true, .. } => tally.joined += 1,
            How::Loaded { .. } => tally.loaded += 1,
        }
    }

    fn check_failure(&mut self, claim: &Claim, error: &larder::Failed<crate::asking::Broken>) {
        self.tell(|| format!("node {} fails: {error:?}", claim.node));
        match error {
            larder::Failed::Load(_) | larder::Failed::Unreachable => self.tally.failed += 1,
            larder::Failed::Lost => self.violate("an answer is lost"),
        }
    }

    /// The first state that the answer may be from: all that was committed longer than the lease before it was asked for is
    /// in it, and so is what whoever asks has written.
    fn earliest(&self, claim: &Claim) -> usize {
        let by_lease = self
            .database
            .history
            .iter()
            .rposition(|committed| committed.at.plus(claim.lease) < claim.asked.at())
            .unwrap_or(0);
        by_lease.max(claim.own)
    }

    fn check_parts(&mut self, claim: &Claim, shown: &[Seen], states: std::ops::Range<usize>) {
        for &(question, answer) in shown {
            let history = &self.database.history[states.clone()];
            if !history.iter().any(|committed| question.of(&committed.homes) == answer) {
                let was_true = self.database.history[..states.start]
                    .iter()
                    .rposition(|committed| question.of(&committed.homes) == answer);
                let why = was_true.map_or("a value that was never committed".into(), |place| {
                    format!("outdated: it was true in state {place}, and {} had to be seen", states.start)
                });
                return self.violate(&format!("{:?}, {question:?}: {why}", ALL[claim.what].name));
            }
        }
    }

    fn is_whole(&self, shown: &[Seen], states: std::ops::Range<usize>) -> bool {
        self.database.history[states]
            .iter()
            .any(|committed| shown.iter().all(|(question, answer)| question.of(&committed.homes) == *answer))
    }

    fn check_whole(&mut self, claim: &Claim, shown: &[Seen], states: std::ops::Range<usize>) {
        if !self.is_whole(shown, states) {
            self.violate(&format!("{:?} is torn", ALL[claim.what].name));
        }
    }

    /// Stale is what nobody could be asked about: a poll failed that was sent after the request came, or patience ended.
    fn check_staleness(&mut self, claim: &Claim) {
        let has_failed = self.poll_failed[claim.node] >= claim.asked.at();
        if !has_failed && self.elapsed.since(claim.elapsed) < self.patience {
            self.violate(&format!("{:?} is stale though the database can be asked", ALL[claim.what].name));
        }
    }
}

/// The database as one node follows it.
#[derive(Debug)]
pub(crate) struct Simulated {
    pub(crate) world: Shared,
    pub(crate) node: usize,
}

/// A poll under way; dropped before its end, it was given up.
struct Polling<'a> {
    source: &'a Simulated,
    sent_at: Moment,
    has_ended: bool,
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            let mut world = self.source.world.lock();
            let node = self.source.node;
            world.tell(|| format!("node {node}: a poll fails or is given up"));
            world.disturbances += 1;
            world.poll_failed[node] = world.poll_failed[node].max(self.sent_at);
        }
    }
}

fn unreachable_database() -> SourceError {
    SourceError::Senseless("it is out of reach".into())
}

impl Source for Simulated {
    async fn poll(&mut self, seen: Option<&Snapshot>) -> Result<Poll, SourceError> {
        let (sent_at, sent_elapsed) = {
            let world = self.world.lock();
            (world.clock.now(), world.elapsed)
        };
        let mut polling = Polling { source: self, sent_at, has_ended: false };
        self.world.pass_gate().await.map_err(|()| unreachable_database())?;
        if self.world.lock().polls_fail {
            return Err(unreachable_database());
        }
        let (poll, crashes) = {
            let mut world = self.world.lock();
            let poll = world.database.poll(seen);
            world.tell(|| format!("node {} polls: {poll:?}", self.node));
            (poll, world.database.crashes)
        };
        self.world.pass_gate().await.map_err(|()| unreachable_database())?;
        polling.has_ended = true;
        let mut world = self.world.lock();
        let heard = (crashes, poll.floor);
        let is_new_life_or_floor = std::mem::replace(&mut world.heard[self.node], heard) != heard;
        let is_news = is_new_life_or_floor || poll.changes != PolledChanges::All(Vec::new());
        world.disturbances += u64::from(is_news);
        world.polled_at[self.node] = sent_at;
        // Whoever came after it was sent waits for the next, and after patience asks the database instead.
        world.polled_elapsed[self.node] = sent_elapsed;
        Ok(poll)
    }

    async fn check(&mut self) -> Result<(), SourceError> {
        let mut world = self.world.lock();
        world.disturbances += 1;
        let is_watched = world.database.is_watched;
        is_watched.then_some(()).ok_or_else(|| SourceError::Unwatched("the triggers are gone".into()))
    }

    async fn remembers(&mut self) -> Result<bool, SourceError> {
        Ok(false)
    }

    async fn prune(&mut self, _: Duration) -> Result<(), SourceError> {
        Ok(())
    }
}
