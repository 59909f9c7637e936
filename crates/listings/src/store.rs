//! Where listings are kept: one of two databases, chosen by its URL.

mod changes;
mod connect;
pub(crate) mod dependency;
mod dialect;
mod error;
mod postgres;
mod row;
mod sqlite;
pub mod statement;
pub mod writing;

use std::sync::Arc;
use std::time::Duration;

use larder::Reading;
use larder::freshness::Dependency;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{PgPool, SqlitePool};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

pub use changes::Changes;
pub use connect::{ConnectError, redacted};
pub use dialect::Dialect;
pub use error::StoreError;
use row::Stamped;
pub(crate) use row::{Fetch, PropertyRow};
pub(crate) use sqlite::arguments as bulk_arguments;
pub use statement::{Bind, Statement};
pub use writing::{Author, Writing, Written};

/// A pool of connections to one database of listings; cheap to clone.
///
/// Every read waits for a connection at most as long as [`Options::acquire_timeout`], in a waiting room of a fixed size:
/// whoever finds it full is turned away at once. So a database that is slow or gone costs a bounded number of waiting
/// requests, each for a bounded time.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: Pool,
    /// One connection beside the others: whether the database lives must be told even while all readers queue.
    lookout: Pool,
    waiting_room: Arc<Semaphore>,
    /// Who may write: in SQLite one at a time. Waited for before a connection is taken, so that those who wait for the file's
    /// one write lock hold up no reader.
    writers: Arc<Semaphore>,
    options: Options,
}

#[derive(Debug, Clone)]
pub(crate) enum Pool {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

impl Pool {
    /// A pool of one more connection to the same database, which is made when it is first used.
    fn of_one(&self) -> Pool {
        match self {
            Pool::Postgres(pool) => {
                let (options, connect) = (pool.options().clone(), pool.connect_options());
                Pool::Postgres(
                    options.max_connections(1).connect_lazy_with(PgConnectOptions::clone(&connect)),
                )
            }
            Pool::Sqlite(pool) => {
                let (options, connect) = (pool.options().clone(), pool.connect_options());
                Pool::Sqlite(
                    options.max_connections(1).connect_lazy_with(SqliteConnectOptions::clone(&connect)),
                )
            }
        }
    }

    async fn fetch<Row: Fetch>(&self, statement: &Statement) -> sqlx::Result<Vec<Row>> {
        match self {
            Pool::Postgres(pool) => postgres::fetch(pool.acquire().await?, statement).await,
            Pool::Sqlite(pool) => sqlite::fetch(pool.acquire().await?, statement).await,
        }
    }

    async fn close(&self) {
        match self {
            Pool::Postgres(pool) => pool.close().await,
            Pool::Sqlite(pool) => pool.close().await,
        }
    }
}

/// How a store uses its database.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections at the most, beside the one of [`Store::ping`].
    pub connections: u32,
    /// Reads that may be under way or wait for a connection, beyond which the next is turned away.
    pub waiting_room: usize,
    /// How long a read waits for a connection.
    pub acquire_timeout: Duration,
    /// How long PostgreSQL may work on one statement (`statement_timeout`); none for a command that takes its time.
    pub statement_timeout: Option<Duration>,
    /// Whether a SQLite file that does not exist is made. If not, an empty database in memory stands for it, and a file that
    /// does exist is left in the mode that it is in.
    pub creates_file: bool,
}

impl Default for Options {
    /// What a server uses: 8 connections, 64 in the waiting room, 2 s for a connection, 5 s for a statement.
    fn default() -> Options {
        Options {
            connections: 8,
            waiting_room: 64,
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Some(Duration::from_secs(5)),
            creates_file: true,
        }
    }
}

impl Options {
    /// How long a statement that was sent is waited for. A database that works hears of its own limit first; this one is
    /// for a database that says nothing at all.
    fn longest_statement(&self) -> Duration {
        const GRACE: Duration = Duration::from_secs(1);
        self.statement_timeout.map_or(Duration::MAX, |timeout| timeout + GRACE)
    }

    /// How long a read may take altogether, however often it is sent.
    fn longest_read(&self) -> Duration {
        self.longest_statement().saturating_add(self.acquire_timeout)
    }
}

/// A read's place in the waiting room: taken until nobody waits for the read and nothing works on it.
type Place = Arc<OwnedSemaphorePermit>;

/// Every dialect that a store may have: SQLite's and PostgreSQL's.
#[must_use]
pub fn dialects() -> [&'static Dialect; 2] {
    [&sqlite::DIALECT, &postgres::DIALECT]
}

/// How much of the pool is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolUse {
    /// Connections open.
    pub open: u32,
    /// Of these, waiting for work.
    pub idle: usize,
    /// Reads under way or waiting for a connection.
    pub reads: usize,
}

impl Store {
    /// Connects to the database at `url` (`sqlite:…`, `postgres://…` or `postgresql://…`) and checks that it answers.
    ///
    /// A SQLite file that does not exist is made, unless the options say no ([`Options::creates_file`]) or the URL says `mode=rw` or `mode=ro`.
    ///
    /// # Errors
    /// [`ConnectError`]: a URL of no known kind, or a database that does not answer. Its text never holds the password.
    pub async fn connect(url: &str, options: &Options) -> Result<Store, ConnectError> {
        let pool = connect::pool(url, options).await?;
        let writers = if matches!(pool, Pool::Sqlite(_)) { 1 } else { Semaphore::MAX_PERMITS };
        Ok(Store {
            writers: Arc::new(Semaphore::new(writers)),
            lookout: pool.of_one(),
            pool,
            waiting_room: Arc::new(Semaphore::new(options.waiting_room)),
            options: options.clone(),
        })
    }

    /// How this store's database spells things.
    #[must_use]
    pub fn dialect(&self) -> &'static Dialect {
        match self.pool {
            Pool::Postgres(_) => &postgres::DIALECT,
            Pool::Sqlite(_) => &sqlite::DIALECT,
        }
    }

    /// Asks the database for a sign of life, on a connection that no read uses: a crowd of readers does not hide it.
    ///
    /// # Errors
    /// [`StoreError`], as for any read.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let statement = Statement::fixed("select 1");
        let first = self.lookout.fetch::<(i32,)>(&statement).await;
        match first {
            // After a restart of the database the connection turns out dead once.
            Err(error) if error::is_dead_connection(&error) => self.lookout.fetch(&statement).await,
            outcome => outcome,
        }
        .map_or_else(|error| Err(error.into()), |_: Vec<(i32,)>| Ok(()))
    }

    /// How much of the pool is in use right now.
    #[must_use]
    pub fn pool_use(&self) -> PoolUse {
        let (open, idle) = match &self.pool {
            Pool::Postgres(pool) => (pool.size(), pool.num_idle()),
            Pool::Sqlite(pool) => (pool.size(), pool.num_idle()),
        };
        PoolUse { open, idle, reads: self.options.waiting_room - self.waiting_room.available_permits() }
    }

    /// The most connections that it opens.
    #[must_use]
    pub fn connections(&self) -> u32 {
        self.options.connections
    }

    /// Closes every connection and waits until they are closed.
    pub async fn close(&self) {
        self.lookout.close().await;
        self.pool.close().await;
    }

    /// Runs a read of listings, returns its rows, and notes in `reading` when they were read and what they depend on. Every
    /// answer that may be kept is read here and nowhere else, so none can be kept without its notes.
    pub(crate) async fn read<Row: Fetch, Answer: From<Row>>(
        &self,
        reading: &Reading,
        statement: Statement,
        dependencies: impl FnOnce(&[Answer]) -> Vec<Dependency>,
    ) -> Result<Vec<Answer>, StoreError> {
        let statement = Statement { sql: (self.dialect().stamped)(&statement.sql), ..statement };
        let mut stamped = self.fetch::<Stamped<Row>>(statement).await?;
        let stamp = stamped.first_mut().and_then(|first| first.stamp.take());
        let rows: Vec<Answer> =
            stamped.into_iter().filter_map(|stamped| stamped.row).map(Answer::from).collect();
        reading.note(stamp.as_deref(), dependencies(&rows));
        Ok(rows)
    }

    /// Runs a read that no cache keeps and returns its rows. A read that met a dead connection is sent again, on another: the pool does not
    /// test its connections beforehand, so after a restart of the database each of them may turn out dead once.
    pub(crate) async fn fetch<Row: Fetch>(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        self.fetch_at_most(1 + self.options.connections, statement).await
    }

    /// The same for a write that returns rows: never sent twice, since a dead connection does not tell whether the first
    /// was carried out.
    pub(crate) async fn fetch_unrepeated<Row: Fetch>(
        &self,
        statement: Statement,
    ) -> Result<Vec<Row>, StoreError> {
        let _turn = self.turn().await?;
        self.fetch_at_most(1, statement).await
    }

    /// The same for what need not be written if somebody else is just writing to the same file.
    pub(crate) async fn write_if_idle(&self, statement: Statement) -> Result<(), StoreError> {
        let Ok(_turn) = Arc::clone(&self.writers).try_acquire_owned() else { return Ok(()) };
        self.fetch_at_most::<(i64,)>(1, statement).await.map(drop)
    }

    /// Waits until one may write.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        let turn = timeout(self.options.acquire_timeout, Arc::clone(&self.writers).acquire_owned()).await;
        turn.map_err(|_| StoreError::Busy)?.map_err(|_| StoreError::Busy)
    }

    async fn fetch_at_most<Row: Fetch>(
        &self,
        times: u32,
        statement: Statement,
    ) -> Result<Vec<Row>, StoreError> {
        let (place, statement) = (self.enter()?, Arc::new(statement));
        let sending = async {
            for _ in 1..times {
                match self.send(&place, &statement).await {
                    Err(StoreError::Unavailable(error)) if error::is_dead_connection(&error) => {}
                    outcome => return outcome,
                }
            }
            self.send(&place, &statement).await
        };
        timeout(self.options.longest_read(), sending).await.unwrap_or(Err(StoreError::TooSlow))
    }

    /// Waits for a connection and sends a statement.
    ///
    /// A reader who goes away while waiting has left the queue. What was sent is a task of its own, which nobody's going
    /// away ends: a connection left in the middle of an answer is of no use before the rest has come, so what is begun is
    /// finished, or given up together with its connection.
    async fn send<Row: Fetch>(
        &self,
        place: &Place,
        statement: &Arc<Statement>,
    ) -> Result<Vec<Row>, StoreError> {
        let statement = Arc::clone(statement);
        match &self.pool {
            Pool::Postgres(pool) => {
                let connection = pool.acquire().await?;
                self.finish(place, async move { postgres::fetch(connection, &statement).await }).await
            }
            Pool::Sqlite(pool) => {
                let connection = pool.acquire().await?;
                self.finish(place, async move { sqlite::fetch(connection, &statement).await }).await
            }
        }
    }

    /// Sees a statement to its end, or to the end of its time.
    async fn finish<Row: Fetch>(
        &self,
        place: &Place,
        read: impl Future<Output = sqlx::Result<Vec<Row>>> + Send + 'static,
    ) -> Result<Vec<Row>, StoreError> {
        let (place, limit) = (Arc::clone(place), self.options.longest_statement());
        let task = tokio::spawn(async move {
            let _place = place;
            timeout(limit, read).await.map_err(|_| StoreError::TooSlow)?.map_err(StoreError::from)
        });
        task.await.unwrap_or_else(|ended| match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)),
        })
    }

    fn enter(&self) -> Result<Place, StoreError> {
        let place = Arc::clone(&self.waiting_room).try_acquire_owned();
        place.map(Arc::new).map_err(|_| StoreError::Busy)
    }
}
