//! A SQLite file for one test.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::path::PathBuf;
use std::process::Command;

use larder::freshness::{Change, Happened, PolledChanges, Snapshot, Value};
use larder::source::sqlite::{Sqlite, install, watch};
use larder::source::{Source as _, SourceError};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use testkit::Folder;

/// A file with the table `homes`, which is watched.
pub(crate) struct Database {
    folder: Folder,
    journal_mode: SqliteJournalMode,
}

pub(crate) const HOMES: &str =
    "create table homes (id integer primary key, price integer, place text, note text, slug text unique)";

impl Database {
    pub(crate) async fn new() -> Database {
        Database::with(SqliteJournalMode::Wal, &[HOMES]).await.watching("homes", &["price", "place"]).await
    }

    /// A file with these tables, none of which is watched yet.
    pub(crate) async fn with(journal_mode: SqliteJournalMode, statements: &[&str]) -> Database {
        let database = Database { folder: Folder::new(), journal_mode };
        let mut connection = database.connect().await;
        install(&mut connection).await.unwrap();
        for statement in statements {
            database.sql_on(&mut connection, statement).await;
        }
        database
    }

    pub(crate) async fn watching(self, table: &str, columns: &[&str]) -> Database {
        watch(&mut self.connect().await, table, columns).await.unwrap();
        self
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("homes.db")
    }

    pub(crate) fn options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(self.path())
            .create_if_missing(true)
            .journal_mode(self.journal_mode)
    }

    /// A connection of the application.
    pub(crate) async fn connect(&self) -> SqliteConnection {
        SqliteConnection::connect_with(&self.options()).await.unwrap()
    }

    /// Runs statements on a connection of their own.
    pub(crate) async fn sql(&self, statements: &str) {
        let mut connection = self.connect().await;
        self.sql_on(&mut connection, statements).await;
        connection.close().await.unwrap();
    }

    pub(crate) async fn sql_on(&self, connection: &mut SqliteConnection, statements: &str) {
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(connection).await.unwrap();
    }

    /// Runs statements in another process, as somebody at a command line does.
    pub(crate) fn sql_from_another_process(&self, statements: &str) {
        let finished = Command::new("sqlite3").arg(self.path()).arg(statements).output();
        let finished = finished.expect("`sqlite3` is installed (Debian package sqlite3)");
        assert!(finished.status.success(), "{}", String::from_utf8_lossy(&finished.stderr));
    }

    pub(crate) fn follower(&self) -> Follower {
        Follower { source: Sqlite::new(self.options()), seen: None }
    }
}

/// Who polls, each time from where the last poll ended.
pub(crate) struct Follower {
    pub(crate) source: Sqlite,
    pub(crate) seen: Option<Snapshot>,
}

impl Follower {
    pub(crate) async fn poll(&mut self) -> Result<larder::freshness::Poll, SourceError> {
        let poll = self.source.poll(self.seen.as_ref()).await?;
        self.seen = Some(poll.snapshot.clone());
        Ok(poll)
    }

    /// What has happened since the last time.
    pub(crate) async fn changes(&mut self) -> Vec<Change> {
        match self.poll().await.unwrap().changes {
            PolledChanges::All(changes) => changes,
            PolledChanges::TooMany => panic!("so few changes are not too many"),
        }
    }

    /// The same in short: `7: 100 -> 250`, with the values of one column.
    pub(crate) async fn told(&mut self, column: &str) -> Vec<String> {
        self.changes().await.iter().map(|change| told(change, column)).collect()
    }
}

fn told(change: &Change, column: &str) -> String {
    let Happened::Row { id, old, new } = &change.happened else { return format!("all {}", change.table) };
    let shown = |row: &Option<larder::freshness::RowValues>| {
        row.as_ref().map_or("-".to_owned(), |row| row.value(column).map_or("?".to_owned(), text))
    };
    format!("{}: {} -> {}", text(id), shown(old), shown(new))
}

pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.normalize().to_string(),
        Value::Text(text) => text.to_string(),
        Value::Words(_) | Value::Unknown => "unknown".to_owned(),
    }
}
