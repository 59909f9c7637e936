//! A transaction that writes, in either database.

use std::path::PathBuf;
use std::time::Duration;

use larder::WriteToken;
use larder::source;
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Sqlite, SqliteConnection};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::{Dialect, Fetch, Place, Pool, Statement, Store, StoreError, error, postgres, sqlite};

/// Who writes, and from where: for the history that triggers write in the same transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// A user's name; or what has no user, such as `gable seed`.
    pub name: String,
    /// `admin`, `api`, `import`, `command line`.
    pub origin: &'static str,
}

/// A transaction that writes. Committed, all of it is kept; in every other case nothing.
///
/// On SQLite it holds the one write lock from its beginning. Dropped in the middle, it takes its connection with it, which ends
/// the transaction as soon as the statement that is under way has ended: whoever means to go back says [`Writing::rollback`], and keeps the connection in the pool.
#[derive(Debug)]
pub struct Writing {
    /// Taken by what ends the transaction.
    connection: Option<Connection>,
    dialect: &'static Dialect,
    /// How long the database may say nothing to one statement.
    longest_statement: Duration,
    _place: Place,
    _turn: OwnedSemaphorePermit,
}

#[derive(Debug)]
enum Connection {
    Postgres(PoolConnection<Postgres>),
    Sqlite(PoolConnection<Sqlite>, PathBuf),
}

/// What has been committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// By which readers see it; none while nobody writes down what changes.
    pub token: Option<WriteToken>,
}

impl Store {
    /// Begins a transaction that writes as that author.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was written.
    pub async fn write(&self, author: &Author) -> Result<Writing, StoreError> {
        let (mut place, mut turn) = (self.enter()?, self.turn().await?);
        let mut attempts_left = self.options.connections;
        loop {
            let mut writing = Writing {
                connection: Some(self.connection().await?),
                dialect: self.dialect(),
                longest_statement: self.options.longest_statement(),
                _place: place,
                _turn: turn,
            };
            match writing.begin(author).await {
                // The pool does not test its connections: after a restart of the database each may be dead once.
                Err(StoreError::Unavailable(error))
                    if attempts_left > 0 && error::is_dead_connection(&error) =>
                {
                    attempts_left -= 1;
                }
                outcome => return outcome.map(|()| writing),
            }
            drop(writing);
            (place, turn) = (self.enter()?, self.turn().await?);
        }
    }

    async fn connection(&self) -> Result<Connection, StoreError> {
        Ok(match &self.pool {
            Pool::Postgres(pool) => Connection::Postgres(pool.acquire().await?),
            Pool::Sqlite(pool) => {
                let file = pool.connect_options().get_filename().to_owned();
                Connection::Sqlite(pool.acquire().await?, file)
            }
        })
    }
}

impl Writing {
    /// How the database spells things.
    pub(crate) fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    async fn begin(&mut self, author: &Author) -> Result<(), StoreError> {
        let tell = match self.connected() {
            Connection::Postgres(_) => {
                self.run("begin").await?;
                "select set_config('gable.author', $1, true), set_config('gable.origin', $2, true)"
            }
            Connection::Sqlite(..) => {
                // The write lock at once: a transaction that began as a read could not get it later.
                self.run("begin immediate").await?;
                "insert or replace into gable_author (only, author, origin) values (1, $1, $2)"
            }
        };
        let binds = vec![author.name.as_str().into(), author.origin.into()];
        self.execute(Statement { sql: tell.to_owned(), binds }).await.map(drop)
    }

    /// Runs a statement and returns its rows.
    pub(crate) async fn fetch<Row: Fetch>(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let limit = self.longest_statement;
        let sql = AssertSqlSafe(statement.sql);
        let rows = match self.connected() {
            Connection::Postgres(connection) => {
                let query =
                    sqlx::query_as_with(sql, postgres::arguments(&statement.binds)?).persistent(false);
                timeout(limit, query.fetch_all(&mut **connection)).await
            }
            Connection::Sqlite(connection, _) => {
                let query = sqlx::query_as_with(sql, sqlite::arguments(&statement.binds)?);
                timeout(limit, query.fetch_all(&mut **connection)).await
            }
        };
        rows.map_err(|_| StoreError::TooSlow)?.map_err(StoreError::from)
    }

    /// Runs a statement and returns how many rows it wrote.
    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64, StoreError> {
        let limit = self.longest_statement;
        let sql = AssertSqlSafe(statement.sql);
        let done = match self.connected() {
            Connection::Postgres(connection) => {
                let query = sqlx::query_with(sql, postgres::arguments(&statement.binds)?).persistent(false);
                timeout(limit, query.execute(&mut **connection))
                    .await
                    .map(|it| it.map(|it| it.rows_affected()))
            }
            Connection::Sqlite(connection, _) => {
                let query = sqlx::query_with(sql, sqlite::arguments(&statement.binds)?);
                timeout(limit, query.execute(&mut **connection))
                    .await
                    .map(|it| it.map(|it| it.rows_affected()))
            }
        };
        done.map_err(|_| StoreError::TooSlow)?.map_err(StoreError::from)
    }

    /// Runs a statement without values.
    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let limit = self.longest_statement;
        let done = match self.connected() {
            Connection::Postgres(connection) => {
                timeout(limit, sqlx::raw_sql(sql).execute(&mut **connection)).await.map(|it| it.map(drop))
            }
            Connection::Sqlite(connection, _) => {
                timeout(limit, sqlx::raw_sql(sql).execute(&mut **connection)).await.map(|it| it.map(drop))
            }
        };
        done.map_err(|_| StoreError::TooSlow)?.map_err(StoreError::from)
    }

    /// Lifts the limits of time that are meant for what somebody waits for. One transaction at a time does it, so that no two that
    /// lock many rows wait for each other in a circle; the others wait before they begin.
    pub(crate) async fn take_time(&mut self) -> Result<(), StoreError> {
        if let Connection::Postgres(_) = self.connected() {
            self.run("select pg_advisory_xact_lock(hashtext('gable many'))").await?;
            self.run("set local statement_timeout = 0").await?;
        }
        self.longest_statement = Duration::MAX;
        Ok(())
    }

    /// The connection, where it leads to PostgreSQL: for what only that can do.
    pub(crate) fn postgres(&mut self) -> Option<&mut PgConnection> {
        match self.connected() {
            Connection::Postgres(connection) => Some(connection),
            Connection::Sqlite(..) => None,
        }
    }

    /// The connection, where it leads to a SQLite file.
    pub(crate) fn sqlite(&mut self) -> Option<&mut SqliteConnection> {
        match self.connected() {
            Connection::Sqlite(connection, _) => Some(connection),
            Connection::Postgres(_) => None,
        }
    }

    /// Keeps what was written.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] where the database went away in the middle: it may have been kept. With any other
    /// nothing was.
    pub async fn commit(mut self) -> Result<Written, StoreError> {
        if let Connection::Sqlite(..) = self.connected() {
            self.run("delete from gable_author").await?;
        }
        let token = self.token().await?;
        match self.run("commit").await {
            Ok(()) => {
                self.let_go();
                Ok(Written { token })
            }
            Err(StoreError::Unavailable(_) | StoreError::TooSlow) => Err(StoreError::Unknown),
            Err(error) => Err(error),
        }
    }

    /// Goes back to how it was before.
    ///
    /// # Errors
    /// [`StoreError`]; even then nothing is kept.
    pub async fn rollback(mut self) -> Result<(), StoreError> {
        self.run("rollback").await?;
        self.let_go();
        Ok(())
    }

    /// The token of this transaction. None where larder is not there, or not for this role: that is no reason not to write.
    async fn token(&mut self) -> Result<Option<WriteToken>, StoreError> {
        if let Connection::Sqlite(connection, file) = self.connected() {
            return Ok(source::sqlite::written(connection, file).await.ok());
        }
        self.run("savepoint gable_written").await?;
        let token = match self.connected() {
            Connection::Postgres(connection) => source::postgres::written(connection).await,
            Connection::Sqlite(..) => Ok(None),
        };
        match token {
            Ok(token) => Ok(token),
            Err(error) if error::is_dead_connection(&error) => Err(error.into()),
            Err(_) => self.run("rollback to savepoint gable_written").await.map(|()| None),
        }
    }

    /// The transaction is over: back into the pool.
    fn let_go(&mut self) {
        self.connection = None;
    }

    fn connected(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("only what ends the transaction takes it")
    }
}

/// Somewhere in the middle, and perhaps in the middle of an answer: of no use to anybody else.
impl Drop for Writing {
    fn drop(&mut self) {
        match self.connection.take() {
            Some(Connection::Postgres(connection)) => drop(connection.detach()),
            Some(Connection::Sqlite(connection, _)) => drop(connection.detach()),
            None => {}
        }
    }
}
