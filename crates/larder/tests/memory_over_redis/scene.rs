//! Nodes over one Redis and a database of counters.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use larder::clock::Clock;
use larder::freshness::{Change, Dependency, Happened, Poll, PolledChanges, Snapshot, Xid};
use larder::incarnation::Incarnation;
use larder::source::{Source, SourceError};
use larder::tier::redis::{Address, Redis};
use larder::tier::shared::SharedTier;
use larder::{
    Answer, DataCache, How, Larder, Level, Options, Pace, Policy, Reading, Seal, SharedFigures,
    SharedOptions, Weigh,
};
use serde::{Deserialize, Serialize};

pub(crate) const LEASE: Duration = Duration::from_millis(100);
pub(crate) const LIFETIME: Duration = Duration::from_secs(1000);
/// Where nothing is slow, nothing runs out of time, however busy the machine is.
pub(crate) const AMPLE: Duration = Duration::from_secs(10);
/// For how long what fails is left alone.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);

/// A database whose rows are counters: a write adds one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Database(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    counters: [i64; 8],
    changes: Vec<Change>,
    life: u32,
    /// Whether changes may have gone unreported.
    forgets: bool,
    /// Whether nobody can ask it.
    is_gone: bool,
    /// Whether it has become a standby, which nobody may rely on.
    is_standby: bool,
}

impl Database {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn write(&self, id: usize) {
        let mut state = self.lock();
        state.counters[id] += 1;
        let xid = Xid(state.changes.len() as u64 + 1);
        let happened = Happened::Row { id: row(id), old: None, new: None };
        state.changes.push(Change { xid, table: "counters".into(), happened });
    }

    /// From now on nobody can tell what happened before they came.
    pub(crate) fn forget(&self) {
        self.lock().forgets = true;
    }

    /// From now on nobody can ask what happened.
    pub(crate) fn go(&self) {
        self.lock().is_gone = true;
    }

    /// From now on nobody may rely on what it says.
    pub(crate) fn stand_by(&self) {
        self.lock().is_standby = true;
    }

    /// Numbers of transactions are given out again.
    pub(crate) fn crash(&self) {
        let mut state = self.lock();
        state.life += 1;
        state.changes.clear();
    }

    pub(crate) fn ask(&self, reading: &Reading, id: usize) -> Shown {
        let state = self.lock();
        let dependency = Dependency::Row { table: "counters".into(), id: row(id) };
        let stamp = Snapshot::up_to(state.changes.len() as u64).to_string();
        reading.note(Some(&stamp), vec![dependency]);
        Shown { count: state.counters[id], text: "a jar ".repeat(20) }
    }

    pub(crate) fn truth(&self, id: usize) -> i64 {
        self.lock().counters[id]
    }
}

fn row(id: usize) -> larder::freshness::Value {
    i64::try_from(id).unwrap().into()
}

impl Source for Database {
    async fn poll(&mut self, seen: Option<&Snapshot>) -> Result<Poll, SourceError> {
        let state = self.lock();
        if state.is_gone {
            return Err(SourceError::Senseless("it is gone".into()));
        }
        if state.is_standby {
            return Err(SourceError::Standby);
        }
        let is_new = |change: &&Change| seen.is_some_and(|seen| !seen.sees(change.xid));
        Ok(Poll {
            incarnation: Incarnation::of([state.life.to_string()]),
            snapshot: Snapshot::up_to(state.changes.len() as u64),
            floor: Xid(0),
            changes: PolledChanges::All(state.changes.iter().filter(is_new).cloned().collect()),
        })
    }

    async fn check(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    async fn remembers(&mut self) -> Result<bool, SourceError> {
        Ok(!self.lock().forgets)
    }

    async fn prune(&mut self, _: Duration) -> Result<(), SourceError> {
        Ok(())
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shown {
    pub(crate) count: i64,
    text: String,
}

impl Weigh for Shown {
    fn bytes(&self) -> usize {
        size_of::<Shown>() + self.text.capacity()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Broken;

/// What nodes have in common, and where they find one another.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) address: Address,
    pub(crate) budget: Duration,
    pub(crate) build: &'static str,
    pub(crate) secret: &'static str,
}

impl Scene {
    pub(crate) fn over(url: &str) -> Scene {
        let clock = Clock::manual();
        // Late enough for a clock that is an hour behind.
        clock.advance(Duration::from_hours(10));
        let address = Address::parse(url).unwrap();
        Scene { database: Database::default(), clock, address, budget: AMPLE, build: "1", secret: "secret" }
    }

    /// The same for nodes that wait for Redis no longer than this.
    pub(crate) fn with_budget(self, budget: Duration) -> Scene {
        Scene { budget, ..self }
    }

    pub(crate) async fn node(&self) -> Node {
        let tier = Redis::new(self.address.clone(), self.budget, self.clock.clone()).unwrap();
        self.node_over(Arc::new(tier)).await
    }

    pub(crate) async fn node_over(&self, tier: Arc<dyn SharedTier>) -> Node {
        let seal = Seal::new(self.secret.as_bytes(), [self.build]);
        let shared = SharedOptions { tier, seal, prefix: "gable".to_owned() };
        let options = Options {
            memory_bytes: 1 << 20,
            pace: Pace { patience: AMPLE, longest_poll: AMPLE, ..Pace::default() },
            clock: self.clock.clone(),
            shared: Some(shared),
        };
        let larder = Larder::start(|| self.database.clone(), options).await;
        let policy = Policy { lifetime: LIFETIME, lease: LEASE, stale_if_error: Duration::ZERO };
        let cache = larder.shared_data(policy);
        Node { scene: self.clone(), larder, cache, loads: Arc::default() }
    }

    /// So much later, nobody knows what has happened since.
    pub(crate) fn outlast_the_lease(&self) {
        self.clock.advance(LEASE * 2);
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) scene: Scene,
    pub(crate) larder: Larder,
    pub(crate) cache: DataCache<Shown>,
    loads: Arc<AtomicU32>,
}

impl Node {
    pub(crate) fn asked_now(&self) -> Reading {
        self.scene.clock.advance(Duration::from_nanos(1));
        Reading::of(self.larder.asked_now())
    }

    pub(crate) async fn answer(&self, id: usize) -> Answer<Shown> {
        let (database, loads) = (self.scene.database.clone(), Arc::clone(&self.loads));
        let load = move |reading: Reading| {
            loads.fetch_add(1, Ordering::SeqCst);
            std::future::ready(Ok::<_, Broken>(database.ask(&reading, id)))
        };
        self.cache.answer(&self.asked_now(), &name(id), load).await.unwrap()
    }

    /// Reads a counter, which must show every write so far, and says how it was come by.
    pub(crate) async fn read(&self, id: usize) -> How {
        self.scene.outlast_the_lease();
        let truth = self.scene.database.truth(id);
        let answer = self.answer(id).await;
        assert_eq!(answer.value.count, truth, "{:?}", answer.how);
        assert_ne!(answer.how, How::Stale);
        answer.how
    }

    /// The same, and waits until other nodes have it too, if it was loaded.
    pub(crate) async fn read_and_give(&self, id: usize) -> How {
        let before = self.shared().written;
        let how = self.read(id).await;
        if !matches!(how, How::Hit(_)) {
            until(|| self.shared().written > before).await;
        }
        how
    }

    pub(crate) fn loads(&self) -> u32 {
        self.loads.load(Ordering::SeqCst)
    }

    pub(crate) fn shared(&self) -> SharedFigures {
        self.larder.figures().shared.unwrap()
    }
}

pub(crate) fn name(id: usize) -> String {
    format!("counter_{id}")
}

pub(crate) fn redis_name(id: usize) -> String {
    format!("gable:data:{}", name(id))
}

pub(crate) const FROM_MEMORY: How = How::Hit(Level::Memory);
pub(crate) const FROM_REDIS: How = How::Hit(Level::Shared);

pub(crate) fn is_loaded(how: How) -> bool {
    matches!(how, How::Loaded { .. })
}

/// Waits for what happens in the background.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(AMPLE, waiting).await.expect("it happens in time");
}

/// What lies under a name, and puts it there.
pub(crate) struct Hands(redis::Connection);

impl Hands {
    pub(crate) fn on(url: &str) -> Hands {
        Hands(redis::Client::open(url).unwrap().get_connection().unwrap())
    }

    pub(crate) fn take(&mut self, name: &str) -> Vec<u8> {
        redis::cmd("GET").arg(name).query::<Option<Vec<u8>>>(&mut self.0).unwrap().expect("it is there")
    }

    pub(crate) fn is_there(&mut self, name: &str) -> bool {
        redis::cmd("EXISTS").arg(name).query(&mut self.0).unwrap()
    }

    pub(crate) fn put(&mut self, name: &str, bytes: &[u8]) {
        redis::cmd("SET").arg(name).arg(bytes).exec(&mut self.0).unwrap();
    }

    pub(crate) fn seconds_left(&mut self, name: &str) -> i64 {
        redis::cmd("TTL").arg(name).query(&mut self.0).unwrap()
    }

    /// How often a command has been asked for.
    pub(crate) fn calls(&mut self, command: &str) -> u64 {
        let said: String = redis::cmd("INFO").arg("commandstats").query(&mut self.0).unwrap();
        let line = said.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.and_then(|line| line.split(',').next()).map_or(0, |calls| calls.parse().unwrap())
    }

    pub(crate) fn run(&mut self, words: &[&str]) {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]).exec(&mut self.0).unwrap();
    }
}
