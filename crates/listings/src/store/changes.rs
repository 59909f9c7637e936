//! The database of listings as the place where a cache hears of changes.

use std::time::Duration;

use larder::freshness::{Poll, Snapshot};
use larder::source::postgres::Postgres;
use larder::source::sqlite::Sqlite;
use larder::source::{Source, SourceError};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use super::{Pool, Store};

/// What is told of changes, on a connection of its own.
#[derive(Debug)]
pub enum Changes {
    /// By PostgreSQL.
    Postgres(Box<Postgres>),
    /// By a SQLite file.
    Sqlite(Box<Sqlite>),
}

impl Store {
    /// What a cache over this store follows. Connects when it is first asked.
    #[must_use]
    pub fn changes(&self) -> Changes {
        match &self.pool {
            Pool::Postgres(pool) => {
                let options = PgConnectOptions::clone(&pool.connect_options());
                Changes::Postgres(Box::new(Postgres::new(options)))
            }
            Pool::Sqlite(pool) => {
                let options = SqliteConnectOptions::clone(&pool.connect_options());
                Changes::Sqlite(Box::new(Sqlite::new(options)))
            }
        }
    }

    /// Whether to ask what has changed costs next to nothing, so that it can be asked for every request.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        matches!(self.pool, Pool::Sqlite(_))
    }
}

impl Source for Changes {
    async fn poll(&mut self, seen: Option<&Snapshot>) -> Result<Poll, SourceError> {
        match self {
            Changes::Postgres(source) => source.poll(seen).await,
            Changes::Sqlite(source) => source.poll(seen).await,
        }
    }

    async fn check(&mut self) -> Result<(), SourceError> {
        match self {
            Changes::Postgres(source) => source.check().await,
            Changes::Sqlite(source) => source.check().await,
        }
    }

    async fn remembers(&mut self) -> Result<bool, SourceError> {
        match self {
            Changes::Postgres(source) => source.remembers().await,
            Changes::Sqlite(source) => source.remembers().await,
        }
    }

    async fn prune(&mut self, age: Duration) -> Result<(), SourceError> {
        match self {
            Changes::Postgres(source) => source.prune(age).await,
            Changes::Sqlite(source) => source.prune(age).await,
        }
    }
}
