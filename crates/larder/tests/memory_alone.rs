//! One node that keeps values in its memory, over a database of numbered writes.
#![expect(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use larder::clock::{Clock, Moment};
use larder::freshness::{Change, Dependency, Happened, Poll, PolledChanges, Snapshot, Xid};
use larder::incarnation::Incarnation;
use larder::source::{Source, SourceError};
use larder::{
    Answer, Asked, DataCache, Failed, Health, How, Larder, Level, Missed, NotKept, Options, Pace, Policy,
    Reading, WriteToken,
};
use tokio::sync::Semaphore;
use tokio::task::yield_now;

const LEASE: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);

/// A database whose rows are counters: a write adds one.
#[derive(Debug, Clone)]
struct Database(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    counters: [i64; 4],
    changes: Vec<Change>,
    floor: Xid,
    polls: u32,
    polls_fail: bool,
    is_watched: bool,
    /// Where polls wait for a permit.
    slow_polls: Option<Arc<Semaphore>>,
}

impl Database {
    fn new() -> Database {
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

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn write(&self, id: usize) -> Xid {
        let mut state = self.lock();
        state.counters[id] += 1;
        let xid = Xid(state.changes.len() as u64 + 1);
        let happened = Happened::Row { id: row(id), old: None, new: None };
        let table = if state.is_watched { "counters" } else { "unreported" };
        state.changes.push(Change { xid, table: table.into(), happened });
        xid
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::up_to(self.lock().changes.len() as u64)
    }

    fn ask(&self, reading: &Reading, id: usize) -> i64 {
        let dependency = Dependency::Row { table: "counters".into(), id: row(id) };
        reading.note(Some(&self.snapshot().to_string()), vec![dependency]);
        self.lock().counters[id]
    }

    fn polls(&self) -> u32 {
        self.lock().polls
    }
}

fn row(id: usize) -> larder::freshness::Value {
    i64::try_from(id).unwrap().into()
}

fn incarnation() -> Incarnation {
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
struct Shown(i64);

impl larder::Weigh for Shown {
    fn bytes(&self) -> usize {
        size_of::<Shown>()
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Broken;

type Outcome = Result<Answer<Shown>, Failed<Broken>>;

struct Node {
    database: Database,
    clock: Clock,
    larder: Larder,
    cache: DataCache<Shown>,
    loads: Arc<AtomicU32>,
}

fn policy() -> Policy {
    Policy { lifetime: 1000 * SECOND, lease: LEASE, stale_if_error: Duration::ZERO }
}

async fn node(policy: Policy) -> Node {
    let (database, clock) = (Database::new(), Clock::manual());
    clock.advance(SECOND);
    let options = Options { memory_bytes: 1 << 20, clock: clock.clone(), ..Options::default() };
    let larder = Larder::start(|| database.clone(), options).await;
    let cache = larder.data(policy);
    Node { database, clock, larder, cache, loads: Arc::default() }
}

impl Node {
    /// Time passes, for the node as for its timers.
    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        tokio::time::advance(time).await;
        settle().await;
    }

    fn asked_now(&self) -> Asked {
        self.clock.advance(Duration::from_nanos(1));
        self.larder.asked_now()
    }

    /// A load of one counter.
    fn counter(
        &self,
        id: usize,
    ) -> impl Fn(Reading) -> std::future::Ready<Result<Shown, Broken>> + Clone + use<> {
        let (database, loads) = (self.database.clone(), Arc::clone(&self.loads));
        move |reading| {
            loads.fetch_add(1, Ordering::Relaxed);
            std::future::ready(Ok(Shown(database.ask(&reading, id))))
        }
    }

    async fn read(&self, id: usize) -> Answer<Shown> {
        self.read_as(&Reading::of(self.asked_now()), id).await.unwrap()
    }

    async fn read_as(&self, reading: &Reading, id: usize) -> Outcome {
        self.cache.answer(reading, &format!("counter {id}"), self.counter(id)).await
    }

    fn loads(&self) -> u32 {
        self.loads.load(Ordering::Relaxed)
    }

    fn not_kept(&self, name: &str) -> u64 {
        self.larder.figures().data.not_kept.iter().find(|(known, _)| *known == name).unwrap().1
    }
}

/// Lets every task go on until it waits for something.
async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

fn missed(outcome: &Outcome) -> Missed {
    match outcome.as_ref().unwrap().how {
        How::Loaded { missed, .. } => missed,
        how => panic!("it was {how:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_read_once_is_a_hit_until_it_is_written() {
    let node = node(policy()).await;
    assert_eq!(*node.read(1).await.value, Shown(0));
    assert_eq!(node.read(1).await.how, How::Hit(Level::Memory));
    node.database.write(1);
    node.pass(2 * LEASE).await;
    assert_eq!(*node.read(1).await.value, Shown(1));
    assert_eq!(node.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn many_who_miss_at_the_same_time_cost_one_load() {
    let node = Arc::new(node(policy()).await);
    let readers = (0..50).map(|_| {
        let node = Arc::clone(&node);
        tokio::spawn(async move { node.read(1).await.how })
    });
    let readers: Vec<_> = readers.collect();
    let mut collapsed = 0;
    for reader in readers {
        collapsed +=
            u32::from(matches!(reader.await.unwrap(), How::Loaded { collapsed: true, .. } | How::Hit(_)));
    }
    assert_eq!((node.loads(), collapsed), (1, 49));
}

/// A load that waits for a permit between its statement and its end.
fn slow(
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

#[tokio::test(start_paused = true)]
async fn whoever_goes_away_does_not_take_the_load_along() {
    let node = node(policy()).await;
    let gate = Arc::new(Semaphore::new(0));
    let (cache, load, asked) = (node.cache.clone(), slow(&node, &gate), node.asked_now());
    let first = tokio::spawn(async move { cache.answer(&Reading::of(asked), "slow", load).await.map(drop) });
    settle().await;
    first.abort();
    gate.add_permits(1);
    settle().await;
    let load = slow(&node, &gate);
    assert_eq!(
        node.cache.answer(&Reading::of(node.asked_now()), "slow", load).await.unwrap().how,
        How::Hit(Level::Memory)
    );
    assert_eq!(node.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_loader_that_panics_leaves_the_others_able_to_load() {
    let node = node(policy()).await;
    let load = |_| async { panic!("a loader with a mistake") };
    let reading = Reading::of(node.asked_now());
    let lost: Outcome = node.cache.answer(&reading, "counter 1", load).await;
    assert_eq!(lost.unwrap_err(), Failed::Lost);
    assert_eq!(*node.read(1).await.value, Shown(0));
}

#[tokio::test(start_paused = true)]
async fn while_the_database_says_nothing_nobody_waits_for_it_longer_than_for_a_poll() {
    let node = node(policy()).await;
    let polls = Arc::new(Semaphore::new(0));
    node.database.lock().slow_polls = Some(Arc::clone(&polls));
    let gate = Arc::new(Semaphore::new(0));
    let asking = |name: &'static str| {
        let (cache, reading) = (node.cache.clone(), Reading::of(node.asked_now()));
        let load = slow(&node, &gate);
        tokio::spawn(async move { cache.answer(&reading, name, load).await })
    };
    node.pass(SECOND / 2).await;
    let patient = asking("slow");
    for _ in 0..30 {
        node.pass(SECOND / 10).await;
    }
    let told = asking("another");
    settle().await;
    node.pass(SECOND / 10).await;
    node.pass(SECOND / 10).await;
    assert!(told.is_finished(), "a poll's time for the poll, and one for the load");
    assert_eq!(told.await.unwrap().unwrap_err(), Failed::Unreachable);
    assert!(!patient.is_finished(), "whoever came before hopes on");
    polls.add_permits(100);
    node.pass(SECOND / 10).await;
    let hopeful = asking("a third");
    node.pass(SECOND).await;
    assert!(!hopeful.is_finished(), "it has answered a poll: it will answer this");
    gate.add_permits(3);
    assert!(hopeful.await.unwrap().is_ok() && patient.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_error_is_shared_by_who_waits_and_not_kept() {
    let node = node(policy()).await;
    let failures = Arc::new(AtomicU32::new(0));
    let fail = |failures: Arc<AtomicU32>| {
        move |_| {
            failures.fetch_add(1, Ordering::Relaxed);
            async {
                yield_now().await;
                Err::<Shown, _>(Broken)
            }
        }
    };
    let (one, other) = (Reading::of(node.asked_now()), Reading::of(node.asked_now()));
    let (one, other) = tokio::join!(
        node.cache.answer(&one, "counter 1", fail(Arc::clone(&failures))),
        node.cache.answer(&other, "counter 1", fail(Arc::clone(&failures))),
    );
    assert_eq!((one.unwrap_err(), other.unwrap_err()), (Failed::Load(Broken), Failed::Load(Broken)));
    assert_eq!(failures.load(Ordering::Relaxed), 1);
    assert_eq!(*node.read(1).await.value, Shown(0));
}

#[tokio::test(start_paused = true)]
async fn absence_is_kept_and_ends_with_the_insert() {
    let node = node(policy()).await;
    let cache: DataCache<Option<Shown>> = node.larder.data(policy());
    let read = || {
        let database = node.database.clone();
        let load = move |reading: Reading| {
            let found = database.ask(&reading, 3);
            std::future::ready(Ok::<_, Broken>((found > 0).then_some(Shown(found))))
        };
        let reading = Reading::of(node.asked_now());
        let cache = cache.clone();
        async move { cache.answer(&reading, "one that may be there", load).await.unwrap() }
    };
    assert_eq!(*read().await.value, None);
    assert_eq!(read().await.how, How::Hit(Level::Memory));
    node.database.write(3);
    node.pass(2 * LEASE).await;
    assert_eq!(*read().await.value, Some(Shown(1)));
}

#[tokio::test(start_paused = true)]
async fn what_was_made_without_reading_is_not_kept() {
    let node = node(policy()).await;
    for _ in 0..2 {
        let reading = Reading::of(node.asked_now());
        let load = |_| std::future::ready(Ok::<_, Broken>(Shown(7)));
        let answer = node.cache.answer(&reading, "made up", load).await.unwrap();
        assert!(matches!(answer.how, How::Loaded { not_kept: Some(NotKept::NothingRead), .. }));
    }
    assert_eq!(node.not_kept("nothing-read"), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_read_without_a_stamp_is_not_kept() {
    let node = node(policy()).await;
    let reading = Reading::of(node.asked_now());
    let load = |reading: Reading| {
        reading.note(None, Vec::new());
        std::future::ready(Ok::<_, Broken>(Shown(7)))
    };
    let answer = node.cache.answer(&reading, "unstamped", load).await.unwrap();
    assert!(matches!(answer.how, How::Loaded { not_kept: Some(NotKept::Unkeepable(_)), .. }));
    assert!(node.cache.find(&node.asked_now(), "unstamped").is_none());
}

#[tokio::test(start_paused = true)]
async fn what_changes_before_it_is_complete_is_served_and_not_kept() {
    let node = node(policy()).await;
    let gate = Arc::new(Semaphore::new(0));
    let (cache, load, asked) = (node.cache.clone(), slow(&node, &gate), node.asked_now());
    let first = tokio::spawn(async move { cache.answer(&Reading::of(asked), "slow", load).await.unwrap() });
    settle().await;
    node.database.write(1);
    node.pass(LEASE).await;
    gate.add_permits(1);
    let answer = first.await.unwrap();
    assert_eq!(*answer.value, Shown(0));
    assert!(matches!(answer.how, How::Loaded { not_kept: Some(NotKept::Outdated), .. }));
    assert!(node.cache.find(&node.asked_now(), "slow").is_none());
}

#[tokio::test(start_paused = true)]
async fn an_entry_lives_for_nine_tenths_of_its_lifetime_and_not_for_more_than_all_of_it() {
    let node = node(Policy { lifetime: 100 * SECOND, ..policy() }).await;
    node.read(1).await;
    let ends = |answer: &Answer<Shown>| answer.value.entry().fresh_until().nanoseconds() / 1_000_000_000;
    for id in 0..4 {
        assert!((91..=101).contains(&ends(&node.read(id).await)));
    }
    node.pass(89 * SECOND).await;
    assert_eq!(node.read(1).await.how, How::Hit(Level::Memory));
    node.pass(12 * SECOND).await;
    node.larder.clear();
    let outcome = node.read_as(&Reading::of(node.asked_now()), 1).await;
    assert_eq!(missed(&outcome), Missed::Absent);
    node.pass(101 * SECOND).await;
    let outcome = node.read_as(&Reading::of(node.asked_now()), 1).await;
    assert_eq!(missed(&outcome), Missed::Expired);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_use_is_made_again_ahead_of_its_end_while_it_still_serves() {
    let node = node(Policy { lifetime: 100 * SECOND, ..policy() }).await;
    let end = node.read(1).await.value.entry().fresh_until();
    let rest = end.since(node.clock.now());
    node.pass(rest.checked_sub(SECOND).unwrap()).await;
    assert_eq!(node.read(1).await.how, How::Hit(Level::Memory));
    settle().await;
    assert_eq!(node.loads(), 2);
    node.pass(2 * SECOND).await;
    assert_eq!((node.read(1).await.how, node.loads()), (How::Hit(Level::Memory), 2));
    assert_eq!(node.larder.figures().data.ahead, 1);
}

#[tokio::test(start_paused = true)]
async fn what_ends_by_itself_is_not_made_again_ahead_of_its_end() {
    let node = node(policy()).await;
    let end = node.clock.now().plus(10 * SECOND);
    let (database, loads) = (node.database.clone(), Arc::clone(&node.loads));
    let load = move |reading: Reading| {
        loads.fetch_add(1, Ordering::Relaxed);
        reading.note_until(end);
        std::future::ready(Ok::<_, Broken>(Shown(database.ask(&reading, 1))))
    };
    for _ in 0..5 {
        node.cache.answer(&Reading::of(node.asked_now()), "until then", load.clone()).await.unwrap();
        settle().await;
    }
    assert_eq!(node.loads(), 1);
    node.pass(11 * SECOND).await;
    node.cache.answer(&Reading::of(node.asked_now()), "until then", load).await.unwrap();
    assert_eq!(node.loads(), 2);
}

fn graceful() -> Policy {
    Policy { stale_if_error: 60 * SECOND, ..policy() }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_stale_only_while_polls_fail_and_says_so() {
    let node = node(graceful()).await;
    node.read(1).await;
    node.database.lock().polls_fail = true;
    node.database.write(1);
    node.pass(SECOND).await;
    let answer = node.read(1).await;
    assert_eq!((answer.how, &*answer.value), (How::Stale, &Shown(0)));
    assert!(matches!(node.larder.health(), Health::Unreachable(_)));
    node.database.lock().polls_fail = false;
    let answer = node.read(1).await;
    assert_eq!(*answer.value, Shown(1));
    assert_eq!(node.larder.figures().data.stale, 1);
}

#[tokio::test(start_paused = true)]
async fn without_grace_what_cannot_be_asked_about_is_loaded() {
    let node = node(policy()).await;
    node.read(1).await;
    node.database.lock().polls_fail = true;
    node.database.write(1);
    node.pass(SECOND).await;
    let outcome = node.read_as(&Reading::of(node.asked_now()), 1).await;
    assert_eq!((missed(&outcome), &*outcome.unwrap().value), (Missed::Unknown, &Shown(1)));
}

#[tokio::test(start_paused = true)]
async fn a_page_with_a_stale_part_is_stale_and_not_kept() {
    let node = Arc::new(node(graceful()).await);
    node.read(1).await;
    node.database.lock().polls_fail = true;
    node.pass(SECOND).await;
    let answer = node.cache.answer(&Reading::of(node.asked_now()), "page", page(&node)).await.unwrap();
    assert_eq!(answer.how, How::Stale);
    node.database.lock().polls_fail = false;
    let answer = node.cache.answer(&Reading::of(node.asked_now()), "page", page(&node)).await.unwrap();
    assert!(matches!(answer.how, How::Loaded { missed: Missed::Absent, .. }), "{:?}", answer.how);
}

/// A load that shows the first counter out of the cache, and the second.
fn page(
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

#[tokio::test(start_paused = true)]
async fn a_page_ends_with_what_its_cached_part_was_made_of() {
    let node = Arc::new(node(policy()).await);
    let read = || {
        let (load, reading, cache) = (page(&node), Reading::of(node.asked_now()), node.cache.clone());
        async move { cache.answer(&reading, "page", load).await.unwrap() }
    };
    read().await;
    assert_eq!(read().await.how, How::Hit(Level::Memory));
    node.database.write(1);
    node.pass(2 * LEASE).await;
    assert_eq!(*read().await.value, Shown(1));
}

#[tokio::test(start_paused = true)]
async fn while_changes_are_not_reported_nothing_is_served_and_afterwards_nothing_old() {
    let node = node(policy()).await;
    node.read(1).await;
    node.database.lock().is_watched = false;
    node.pass(11 * SECOND).await;
    assert!(matches!(node.larder.health(), Health::Unwatched(_)));
    node.database.write(1);
    assert_eq!(*node.read(1).await.value, Shown(1));
    node.database.write(1);
    assert_eq!(*node.read(1).await.value, Shown(2));
    node.database.write(1);
    node.database.lock().is_watched = true;
    node.pass(11 * SECOND).await;
    let outcome = node.read_as(&Reading::of(node.asked_now()), 1).await;
    assert_eq!((missed(&outcome), &*outcome.unwrap().value), (Missed::Forgotten, &Shown(3)));
    assert_eq!(node.read(1).await.how, How::Hit(Level::Memory));
    assert_eq!(node.larder.health(), Health::Well);
}

#[tokio::test(start_paused = true)]
async fn without_a_lease_a_write_is_seen_by_whoever_asks_after_it() {
    let node = node(Policy { lease: Duration::ZERO, ..policy() }).await;
    for expected in 0..20 {
        assert_eq!(*node.read(1).await.value, Shown(expected));
        assert_eq!(node.read(1).await.how, How::Hit(Level::Memory));
        node.database.write(1);
    }
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_share_one_poll() {
    let node = Arc::new(node(Policy { lease: Duration::ZERO, ..policy() }).await);
    node.read(1).await;
    settle().await;
    let before = node.database.polls();
    let asked = node.asked_now();
    let readers: Vec<_> = (0..50)
        .map(|_| {
            let node = Arc::clone(&node);
            tokio::spawn(async move { node.read_as(&Reading::of(asked), 1).await.unwrap().how })
        })
        .collect();
    settle().await;
    for reader in readers {
        assert_eq!(reader.await.unwrap(), How::Hit(Level::Memory));
    }
    assert_eq!(node.database.polls() - before, 1);
}

#[tokio::test(start_paused = true)]
async fn all_who_come_while_a_poll_is_under_way_share_the_next_one() {
    let node = Arc::new(node(Policy { lease: Duration::ZERO, ..policy() }).await);
    node.read(1).await;
    let gate = Arc::new(Semaphore::new(0));
    node.database.lock().slow_polls = Some(Arc::clone(&gate));
    node.pass(Pace::default().interval).await;
    let before = node.database.polls();
    let asked = node.asked_now();
    let readers: Vec<_> = (0..50)
        .map(|_| {
            let node = Arc::clone(&node);
            tokio::spawn(async move { node.read_as(&Reading::of(asked), 1).await.unwrap().how })
        })
        .collect();
    settle().await;
    gate.add_permits(1);
    settle().await;
    for reader in readers {
        assert_eq!(reader.await.unwrap(), How::Hit(Level::Memory));
    }
    assert_eq!(node.database.polls() - before, 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_shows_a_token_sees_their_write_within_the_lease() {
    let node = node(policy()).await;
    node.read(1).await;
    let xid = node.database.write(1);
    assert_eq!(*node.read(1).await.value, Shown(0), "the lease allows it");
    let asked = node.asked_now().with_token(node.larder.write_token(xid));
    assert_eq!(*node.read_as(&Reading::of(asked), 1).await.unwrap().value, Shown(1));
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_life_or_of_the_future_costs_one_shared_poll() {
    let node = Arc::new(node(policy()).await);
    node.read(1).await;
    let foreign = WriteToken { incarnation: Incarnation::of(["another"]), xid: Xid(1) };
    let forged = WriteToken { incarnation: incarnation(), xid: Xid(1_000_000) };
    for token in [foreign, forged] {
        settle().await;
        let before = node.database.polls();
        let asked = node.asked_now().with_token(Some(token));
        let readers: Vec<_> = (0..50)
            .map(|_| {
                let node = Arc::clone(&node);
                tokio::spawn(async move { node.read_as(&Reading::of(asked), 1).await.unwrap().how })
            })
            .collect();
        settle().await;
        for reader in readers {
            assert_eq!(reader.await.unwrap(), How::Hit(Level::Memory));
        }
        assert_eq!(node.database.polls() - before, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_poll_longer_than_patience() {
    let node = node(graceful()).await;
    node.read(1).await;
    let gate = Arc::new(Semaphore::new(0));
    node.database.lock().slow_polls = Some(gate);
    node.pass(Pace::default().interval).await;
    node.clock.advance(SECOND);
    // A database that answers nothing is stood in for by what is kept, labelled.
    let reading = Reading::of(node.asked_now());
    let unanswered = |_| std::future::pending::<Result<Shown, Broken>>();
    let waiting = node.cache.answer(&reading, "counter 1", unanswered);
    let limit = Pace::default().patience * 2 + Duration::from_millis(1);
    assert_eq!(tokio::time::timeout(limit, waiting).await.unwrap().unwrap().how, How::Stale);
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_late_is_no_reason_for_a_stale_answer_while_the_database_answers() {
    let node = node(graceful()).await;
    node.read(1).await;
    node.database.lock().slow_polls = Some(Arc::new(Semaphore::new(0)));
    node.pass(Pace::default().interval).await;
    node.clock.advance(SECOND);
    node.database.write(1);
    let outcome = node.read_as(&Reading::of(node.asked_now()), 1).await;
    assert_eq!((missed(&outcome), &*outcome.unwrap().value), (Missed::Unknown, &Shown(1)));
    // Nor is it one where the loader says that there is nothing any more.
    node.clock.advance(SECOND);
    let gone = |_| std::future::ready(Err::<Shown, _>(Broken));
    let outcome = node.cache.answer(&Reading::of(node.asked_now()), "counter 1", gone).await;
    assert_eq!(outcome.unwrap_err(), Failed::Load(Broken));
}

#[tokio::test(start_paused = true)]
async fn find_finds_what_read_would_have_served_without_waiting() {
    let node = node(policy()).await;
    assert!(node.cache.find(&node.asked_now(), "counter 1").is_none());
    node.read(1).await;
    assert_eq!(*node.cache.find(&node.asked_now(), "counter 1").unwrap(), Shown(0));
    node.database.write(1);
    assert!(node.cache.find(&node.asked_now().with_lease(Duration::ZERO), "counter 1").is_none());
    node.pass(LEASE).await;
    assert!(node.cache.find(&node.asked_now(), "counter 1").is_none());
    node.read(1).await;
    node.pass(2000 * SECOND).await;
    assert!(node.cache.find(&node.asked_now(), "counter 1").is_none());
}

#[tokio::test(start_paused = true)]
async fn what_a_page_without_a_lease_is_made_of_is_read_without_a_lease() {
    let node = Arc::new(node(policy()).await);
    let strict: DataCache<Shown> = node.larder.data(Policy { lease: Duration::ZERO, ..policy() });
    node.read(1).await;
    node.database.write(1);
    let reading = Reading::of(node.asked_now());
    let answer = strict.answer(&reading, "strict page", page(&node)).await.unwrap();
    assert_eq!(*answer.value, Shown(1));
}

#[tokio::test(start_paused = true)]
async fn what_an_unheard_change_may_have_touched_is_not_served() {
    let node = node(Policy { lease: Duration::ZERO, ..policy() }).await;
    node.read(1).await;
    let xid = node.database.write(1);
    // Pruned before this node has heard of it.
    node.database.lock().floor = Xid(xid.0 + 1);
    assert_eq!(*node.read(1).await.value, Shown(1));
}

#[tokio::test(start_paused = true)]
async fn whoever_can_ask_does_not_take_something_stale_from_whoever_could_not() {
    let node = Arc::new(node(graceful()).await);
    node.read(1).await;
    let gate = Arc::new(Semaphore::new(0));
    node.database.lock().polls_fail = true;
    node.database.write(1);
    node.pass(SECOND).await;
    let (cache, load, asked) = (node.cache.clone(), page_behind(&node, &gate), node.asked_now());
    let first = tokio::spawn(async move { cache.answer(&Reading::of(asked), "page", load).await.unwrap() });
    node.pass(SECOND).await;
    node.pass(SECOND).await;
    node.database.lock().polls_fail = false;
    node.pass(SECOND).await;
    let (cache, load, asked) = (node.cache.clone(), page_behind(&node, &gate), node.asked_now());
    let second = tokio::spawn(async move { cache.answer(&Reading::of(asked), "page", load).await.unwrap() });
    settle().await;
    gate.add_permits(2);
    assert_eq!(first.await.unwrap().how, How::Stale);
    let second = second.await.unwrap();
    assert_eq!((&*second.value, second.how == How::Stale), (&Shown(1), false));
}

/// The page, kept from its end until there is a permit.
fn page_behind(
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

#[tokio::test(start_paused = true)]
async fn before_the_first_poll_nothing_is_kept_and_nothing_is_taken_for_true() {
    let (database, clock) = (Database::new(), Clock::manual());
    clock.advance(SECOND);
    database.lock().polls_fail = true;
    let options = Options { memory_bytes: 1 << 20, clock: clock.clone(), ..Options::default() };
    let larder = Larder::start(|| database.clone(), options).await;
    let cache = larder.data(policy());
    let node = Node { database, clock, larder, cache, loads: Arc::default() };
    let gate = Arc::new(Semaphore::new(0));
    let (cache, load, asked) = (node.cache.clone(), slow(&node, &gate), node.asked_now());
    let first = tokio::spawn(async move { cache.answer(&Reading::of(asked), "slow", load).await.map(drop) });
    node.pass(LEASE).await;
    node.database.write(1);
    node.database.lock().polls_fail = false;
    node.pass(10 * LEASE).await;
    let (cache, load, asked) = (node.cache.clone(), slow(&node, &gate), node.asked_now());
    let second = tokio::spawn(async move { cache.answer(&Reading::of(asked), "slow", load).await.unwrap() });
    settle().await;
    gate.add_permits(2);
    first.await.unwrap().unwrap();
    assert_eq!(*second.await.unwrap().value, Shown(1));
    assert!(node.clock.now() > Moment::default());
}

#[tokio::test(start_paused = true)]
async fn a_page_of_what_others_began_to_load_is_not_taken_for_all_new() {
    let node = Arc::new(node(policy()).await);
    let (inner_gate, page_gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let ask = |what: Part| {
        let (node, gates) = (Arc::clone(&node), [Arc::clone(&inner_gate), Arc::clone(&page_gate)]);
        let reading = Reading::of(node.asked_now());
        tokio::spawn(async move { part_of(node, gates, what, &reading).await })
    };
    let inner = ask(Part::Inner);
    settle().await;
    node.pass(LEASE / 20).await;
    node.database.write(1);
    node.pass(LEASE / 20).await;
    let first = ask(Part::Page);
    settle().await;
    inner_gate.add_permits(2);
    // Now the write is older than the lease, and the beginning of the page is not.
    node.pass(39 * LEASE / 40).await;
    let second = ask(Part::Page);
    settle().await;
    page_gate.add_permits(2);
    assert_eq!((inner.await.unwrap(), first.await.unwrap(), second.await.unwrap()), (0, 0, 1));
}

#[derive(Clone, Copy)]
enum Part {
    Inner,
    Page,
}

/// A value without a stamp, and a page that is made of it; each waits at its gate when it has read.
async fn part_of(node: Arc<Node>, gates: [Arc<Semaphore>; 2], what: Part, reading: &Reading) -> i64 {
    let (cache, name) = (node.cache.clone(), if matches!(what, Part::Inner) { "inner" } else { "page" });
    let load = move |reading| load_part(Arc::clone(&node), gates.clone(), what, reading);
    cache.answer(reading, name, load).await.unwrap().value.0
}

fn load_part(
    node: Arc<Node>,
    gates: [Arc<Semaphore>; 2],
    what: Part,
    reading: Reading,
) -> std::pin::Pin<Box<dyn Future<Output = Result<Shown, Broken>> + Send>> {
    Box::pin(async move {
        let shown = match what {
            Part::Inner => {
                reading.note(None, Vec::new());
                node.database.lock().counters[1]
            }
            Part::Page => part_of(node, gates.clone(), Part::Inner, &reading).await,
        };
        let gate = if matches!(what, Part::Inner) { &gates[0] } else { &gates[1] };
        gate.acquire().await.unwrap().forget();
        Ok(Shown(shown))
    })
}
