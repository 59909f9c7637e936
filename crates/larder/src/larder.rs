//! A larder: one node's cache over one database.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::cache::data::DataCache;
use crate::clock::Clock;
use crate::counts::KindFigures;
use crate::entry::Weigh;
use crate::flow::follow::{Follow, Follower, Health, Keeper, LedgerFigures, Pace};
use crate::flow::read::Shelf;
use crate::freshness::Xid;
use crate::key::Kind;
use crate::lifetime::Policy;
use crate::reading::Asked;
use crate::source::Source;
use crate::tier::memory::{Memory, MemoryFigures};
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
}

impl Default for Options {
    /// 256 MiB, and the usual pace.
    fn default() -> Options {
        Options { memory_bytes: 256 << 20, pace: Pace::default(), clock: Clock::default() }
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
        let mut poller = Follower::new(source(), Arc::clone(&follow));
        poller.poll().await;
        let tasks = vec![tokio::spawn(poller.run()), tokio::spawn(keeper.run())];
        let shelf = Shelf::new(options.clock, follow, Memory::new(options.memory_bytes));
        Larder(Arc::new(Inner { shelf: Arc::new(shelf), tasks }))
    }

    /// A cache of values of one type.
    #[must_use]
    pub fn data<T: Weigh + Send + Sync + 'static>(&self, policy: Policy) -> DataCache<T> {
        DataCache::new(self.clone(), policy)
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
        let Shelf { clock, follow, memory, counts, .. } = &**self.shelf();
        Figures {
            page: counts.figures(Kind::Page),
            data: counts.figures(Kind::Data),
            memory: memory.figures(),
            ledger: follow.figures(),
            known_ms_ago: clock.now().since(follow.asked_at()).as_millis(),
        }
    }

    /// Drops everything kept.
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
    /// What is remembered of changes; `None` before the database has been followed for the first time.
    pub ledger: Option<LedgerFigures>,
    /// Milliseconds since the last poll that came back was sent.
    pub known_ms_ago: u128,
}
