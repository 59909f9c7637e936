//! A larder: one node's cache over one database.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::cache::data::DataCache;
use crate::clock::Clock;
use crate::counts::{KindFigures, SharedFigures};
use crate::entry::Weigh;
use crate::envelope::Seal;
use crate::flow::follow::{Follow, Health, LedgerFigures, Pace};
use crate::flow::follower::{Follower, Keeper};
use crate::flow::read::Shelf;
use crate::flow::shared::Shared;
use crate::freshness::Xid;
use crate::key::Kind;
use crate::lifetime::Policy;
use crate::reading::Asked;
use crate::shelve::{Codec, Shelve};
use crate::source::Source;
use crate::tier::memory::{Memory, MemoryFigures};
use crate::tier::shared::{Keyspace, SharedTier, Trouble};
use crate::token::WriteToken;

/// What a larder is made with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes that everything kept may take.
    pub memory_bytes: usize,
    /// How the database is followed.
    pub pace: Pace,
    /// Where the time comes from.
    pub clock: Clock,
    /// A tier that all nodes share; none where each keeps what it has to itself.
    pub shared: Option<SharedOptions>,
}

/// A tier that all nodes share, and how they know one another.
#[derive(Debug, Clone)]
pub struct SharedOptions {
    /// The tier.
    pub tier: Arc<dyn SharedTier>,
    /// What all nodes of one build have in common, and nobody else.
    pub seal: Seal,
    /// What names in the tier begin with: `gable` makes `gable:page:/properties/`.
    pub prefix: String,
}

impl Default for Options {
    /// 256 MiB, the usual pace, and nothing shared.
    fn default() -> Options {
        Options { memory_bytes: 256 << 20, pace: Pace::default(), clock: Clock::default(), shared: None }
    }
}

/// One node's cache over one database. Cheap to clone; a clone is the same larder. When the last one is dropped, it ends.
#[derive(Debug, Clone)]
pub struct Larder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shelf: Arc<Shelf>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Larder {
    /// Begins to follow a database. `source` is called twice: polls have a connection to themselves.
    ///
    /// Returns after the first look at the database. Where that fails, nothing is kept until it can be followed, and it goes
    /// on trying.
    pub async fn start<S: Source>(source: impl Fn() -> S, options: Options) -> Larder {
        let follow = Arc::new(Follow::new(options.clock.clone(), options.pace));
        let keeper = Keeper::new(source(), Arc::clone(&follow));
        let poller = Follower::new(source(), Arc::clone(&follow));
        let mut poller = poller.with_history(options.shared.is_some());
        poller.poll().await;
        let tasks = vec![tokio::spawn(poller.run()), tokio::spawn(keeper.run())];
        let shared = options.shared.map(|shared| Shared::new(shared.tier, shared.seal, &shared.prefix));
        let shelf = Shelf::new(options.clock, follow, Memory::new(options.memory_bytes), shared);
        Larder(Arc::new(Inner { shelf: Arc::new(shelf), tasks }))
    }

    /// A cache of values of one type, in this node's memory.
    #[must_use]
    pub fn data<T: Weigh + Send + Sync + 'static>(&self, policy: Policy) -> DataCache<T> {
        DataCache::new(self.clone(), policy, None)
    }

    /// A cache of values of one type, in this node's memory and in the tier that all nodes share, if there is one.
    #[must_use]
    pub fn shared_data<T: Weigh + Shelve>(&self, policy: Policy) -> DataCache<T> {
        DataCache::new(self.clone(), policy, Some(Codec::new()))
    }

    /// Somebody who asks now.
    #[must_use]
    pub fn asked_now(&self) -> Asked {
        Asked::at_moment(self.0.shelf.clock.now())
    }

    /// The token of a transaction that has just been committed, by its `pg_current_xact_id()` (in SQLite, by the number of
    /// its last change). `None` before the database has been followed for the first time.
    #[must_use]
    pub fn write_token(&self, xid: Xid) -> Option<WriteToken> {
        self.0.shelf.follow.token(xid)
    }

    /// How it stands with the database.
    #[must_use]
    pub fn health(&self) -> Health {
        self.0.shelf.follow.health()
    }

    /// What has come of the reads so far, by kind.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let Shelf { clock, follow, memory, counts, shared, .. } = &**self.shelf();
        Figures {
            page: counts.figures(Kind::Page),
            data: counts.figures(Kind::Data),
            memory: memory.figures(),
            shared: shared.as_ref().map(|shared| shared.counts.figures(shared.tier.state())),
            ledger: follow.figures(),
            known_ms_ago: clock.now().since(follow.asked_at()).as_millis(),
        }
    }

    /// Whether the tier that all nodes share answers; none where there is none.
    pub async fn ping_shared(&self) -> Option<Result<(), Trouble>> {
        Some(self.shelf().shared.as_ref()?.tier.ping().await)
    }

    /// The shared tier's own count of hits and misses; none where there is none, or it does not say.
    pub async fn keyspace(&self) -> Option<Keyspace> {
        self.shelf().shared.as_ref()?.tier.keyspace().await.ok()?
    }

    /// Drops everything that this node keeps. What all nodes share stays: it is judged whenever somebody takes it.
    pub fn clear(&self) {
        self.0.shelf.memory.clear();
    }

    pub(crate) fn shelf(&self) -> &Arc<Shelf> {
        &self.0.shelf
    }
}

/// What a larder has done and holds.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Reads of whole pages.
    pub page: KindFigures,
    /// Reads of values.
    pub data: KindFigures,
    /// How full the memory is.
    pub memory: MemoryFigures,
    /// What has come of asking the tier that all nodes share, if there is one.
    pub shared: Option<SharedFigures>,
    /// What is remembered of changes; `None` before the database has been followed for the first time.
    pub ledger: Option<LedgerFigures>,
    /// Milliseconds since the last poll that came back was sent.
    pub known_ms_ago: u128,
}
