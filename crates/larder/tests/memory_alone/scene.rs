//! One node over a database of numbered writes.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use larder::clock::Clock;
use larder::freshness::{Change, Dependency, Happened, Poll, PolledChanges, Snapshot, Xid};
use larder::incarnation::Incarnation;
use larder::source::{Source, SourceError};
use larder::{Answer, Asked, DataCache, Failed, How, Larder, Missed, Options, Policy, Reading};
use tokio::sync::Semaphore;
use tokio::task::yield_now;

pub(crate) const LEASE: Duration = Duration::from_millis(100);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A database whose rows are counters: a write adds one.
#[derive(Debug, Clone)]
pub(crate) struct Database(Arc<Mutex<State>>);

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) counters: [i64; 4],
    pub(crate) changes: Vec<Change>,
    pub(crate) floor: Xid,
    pub(crate) polls: u32,
    pub(crate) polls_fail: bool,
    pub(crate) is_watched: bool,
    /// Where polls wait for a permit.
    pub(crate) slow_polls: Option<Arc<Semaphore>>,
}

impl Database {
    pub(crate) fn new() -> Database {
        Database(Arc::new(Mutex::new(State {
            counters: [0; 4],
            changes: Vec::new(),
            floor: Xid(0),
            polls: 0,
            polls_fail: false,
            is_watched: true,
            slow_polls: None,
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn write(&self, id: usize) -> Xid {
        let mut state = self.lock();
        state.counters[id] += 1;
        let xid = Xid(state.changes.len() as u64 + 1);
        let happened = Happened::Row { id: row(id), old: None, new: None };
        let table = if state.is_watched { "counters" } else { "unreported" };
        state.changes.push(Change { xid, table: table.into(), happened });
        xid
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot::up_to(self.lock().changes.len() as u64)
    }

    pub(crate) fn ask(&self, reading: &Reading, id: usize) -> i64 {
        let dependency = Dependency::Row { table: "counters".into(), id: row(id) };
        reading.note(Some(&self.snapshot().to_string()), vec![dependency]);
        self.lock().counters[id]
    }

    pub(crate) fn polls(&self) -> u32 {
        self.lock().polls
    }
}

pub(crate) fn row(id: usize) -> larder::freshness::Value {
    i64::try_from(id).unwrap().into()
}

pub(crate) fn incarnation() -> Incarnation {
    Incarnation::of(["one"])
}

impl Source for Database {
    async fn poll(&mut self, seen: Option<&Snapshot>) -> Result<Poll, SourceError> {
        self.lock().polls += 1;
        let slow = self.lock().slow_polls.clone();
        let _permit = match &slow {
            Some(slow) => Some(slow.acquire().await.unwrap()),
            None => None,
        };
        if self.lock().polls_fail {
            return Err(SourceError::Senseless("out of reach".into()));
        }
        let snapshot = self.snapshot();
        let state = self.lock();
        let is_new =
            |change: &&Change| seen.is_some_and(|seen| !seen.sees(change.xid)) && change.xid >= state.floor;
        let changes = PolledChanges::All(state.changes.iter().filter(is_new).cloned().collect());
        Ok(Poll { incarnation: incarnation(), snapshot, floor: state.floor, changes })
    }

    async fn check(&mut self) -> Result<(), SourceError> {
        let is_watched = self.lock().is_watched;
        is_watched.then_some(()).ok_or_else(|| SourceError::Unwatched("a trigger is gone".into()))
    }

    async fn remembers(&mut self) -> Result<bool, SourceError> {
        Ok(false)
    }

    async fn prune(&mut self, _: Duration) -> Result<(), SourceError> {
        Ok(())
    }
}

/// A value that is somewhat larger than a number.
#[derive(Debug, PartialEq)]
pub(crate) struct Shown(pub(crate) i64);

impl larder::Weigh for Shown {
    fn bytes(&self) -> usize {
        size_of::<Shown>()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Broken;

pub(crate) type Outcome = Result<Answer<Shown>, Failed<Broken>>;

pub(crate) struct Node {
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) larder: Larder,
    pub(crate) cache: DataCache<Shown>,
    pub(crate) loads: Arc<AtomicU32>,
}

pub(crate) fn policy() -> Policy {
    Policy { lifetime: 1000 * SECOND, lease: LEASE, stale_if_error: Duration::ZERO }
}

pub(crate) async fn node(policy: Policy) -> Node {
    let (database, clock) = (Database::new(), Clock::manual());
    clock.advance(SECOND);
    let options = Options { memory_bytes: 1 << 20, clock: clock.clone(), ..Options::default() };
    let larder = Larder::start(|| database.clone(), options).await;
    let cache = larder.data(policy);
    Node { database, clock, larder, cache, loads: Arc::default() }
}

impl Node {
    /// Time passes, for the node as for its timers.
    pub(crate) async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        tokio::time::advance(time).await;
        settle().await;
    }

    pub(crate) fn asked_now(&self) -> Asked {
        self.clock.advance(Duration::from_nanos(1));
        self.larder.asked_now()
    }

    /// A load of one counter.
    pub(crate) fn counter(
        &self,
        id: usize,
    ) -> impl Fn(Reading) -> std::future::Ready<Result<Shown, Broken>> + Clone + use<> {
        let (database, loads) = (self.database.clone(), Arc::clone(&self.loads));
        move |reading| {
            loads.fetch_add(1, Ordering::Relaxed);
            std::future::ready(Ok(Shown(database.ask(&reading, id))))
        }
    }

    pub(crate) async fn read(&self, id: usize) -> Answer<Shown> {
        self.read_as(&Reading::of(self.asked_now()), id).await.unwrap()
    }

    pub(crate) async fn read_as(&self, reading: &Reading, id: usize) -> Outcome {
        self.cache.answer(reading, &format!("counter {id}"), self.counter(id)).await
    }

    pub(crate) fn loads(&self) -> u32 {
        self.loads.load(Ordering::Relaxed)
    }

    pub(crate) fn not_kept(&self, name: &str) -> u64 {
        self.larder.figures().data.not_kept.iter().find(|(known, _)| *known == name).unwrap().1
    }
}

/// Lets every task go on until it waits for something.
pub(crate) async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

pub(crate) fn missed(outcome: &Outcome) -> Missed {
    match outcome.as_ref().unwrap().how {
        How::Loaded { missed, .. } => missed,
        how => panic!("it was {how:?}"),
    }
}

/// A load that waits for a permit between its statement and its end.
pub(crate) fn slow(
    node: &Node,
    gate: &Arc<Semaphore>,
) -> impl Fn(Reading) -> std::pin::Pin<Box<dyn Future<Output = Result<Shown, Broken>> + Send>> + Clone + use<>
{
    let (database, loads, gate) = (node.database.clone(), Arc::clone(&node.loads), Arc::clone(gate));
    move |reading| {
        let (database, loads, gate) = (database.clone(), Arc::clone(&loads), Arc::clone(&gate));
        Box::pin(async move {
            loads.fetch_add(1, Ordering::Relaxed);
            let shown = database.ask(&reading, 1);
            gate.acquire().await.unwrap().forget();
            Ok(Shown(shown))
        })
    }
}

pub(crate) fn graceful() -> Policy {
    Policy { stale_if_error: 60 * SECOND, ..policy() }
}

/// A load that shows the first counter out of the cache, and the second.
pub(crate) fn page(
    node: &Arc<Node>,
) -> impl Fn(Reading) -> std::pin::Pin<Box<dyn Future<Output = Result<Shown, Broken>> + Send>> + Clone + use<>
{
    let node = Arc::clone(node);
    move |reading| {
        let node = Arc::clone(&node);
        Box::pin(async move {
            let inner = node.read_as(&reading, 1).await.map_err(|_| Broken)?;
            Ok(Shown(inner.value.0 + node.database.ask(&reading, 2)))
        })
    }
}

/// The page, kept from its end until there is a permit.
pub(crate) fn page_behind(
    node: &Arc<Node>,
    gate: &Arc<Semaphore>,
) -> impl Fn(Reading) -> std::pin::Pin<Box<dyn Future<Output = Result<Shown, Broken>> + Send>> + Clone + use<>
{
    let (load, gate) = (page(node), Arc::clone(gate));
    move |reading| {
        let (loading, gate) = (load(reading), Arc::clone(&gate));
        Box::pin(async move {
            let shown = loading.await;
            gate.acquire().await.unwrap().forget();
            shown
        })
    }
}
