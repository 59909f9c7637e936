//! SQLite as the place where changes come from.
//!
//! Triggers write what is done to the watched tables into the table `larder_change` of the same file, in the same
//! transaction, whoever does it. There is one writer at a time, so the numbers of the changes are in the order of the commits:
//! a snapshot is the highest number, and sees all up to that.
//!
//! What this rests on, and what is therefore outside of the rule: triggers that somebody disables for a connection
//! (`SQLITE_DBCONFIG_ENABLE_TRIGGER`), and statements read inside a transaction that writes, which SQL cannot tell: a write
//! path never reads through the cache. A database in memory is none that another connection could look at, and is refused.

mod file;
mod install;
mod look;
mod table;
mod triggers;

use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use self::file::FileIdentity;
pub use self::install::{InstallError, install, unwatch, watch};
use self::look::State;
use super::{Source, SourceError};
use crate::freshness::{Poll, PolledChanges, Snapshot};
use crate::incarnation::Incarnation;
use crate::token::WriteToken;

/// The stamp of a statement: the snapshot that it reads in. The table has an index by number, so this takes no time.
pub const STAMP: &str = "(select (max(number) + 1) || ':' || (max(number) + 1) || ':' from larder_change)";

/// A query that gives the rows of `query` in their order, each with its stamp in the column `larder_stamp` (text, null where
/// the answer must not be kept) and true in the column `larder_row`; where there are no rows, one row of nulls with the
/// stamp. The columns of `query` come first, in their order.
#[must_use]
pub fn stamped(query: &str) -> String {
    format!(
        "select larder_rows.*, larder_stamp.larder_stamp from (select {STAMP} as larder_stamp) as larder_stamp \
         left join (select larder_query.*, true as larder_row from ({query}) as larder_query) as larder_rows on true"
    )
}

/// The token of the transaction that this connection to `file` is in, to be asked within it after its last write: so it names
/// the life of the file that the transaction belongs to. Its number is that of the last change so far. It means something once
/// the transaction has been committed.
///
/// # Errors
/// Where the file has no table of changes, or can't be looked at.
pub async fn written(connection: &mut SqliteConnection, file: &Path) -> Result<WriteToken, SourceError> {
    let identity = FileIdentity::of(file).map_err(|error| SourceError::from(sqlx::Error::Io(error)))?;
    let state = State::read(connection, None).await.map_err(named)?;
    Ok(WriteToken { incarnation: state.incarnation(identity), xid: state.newest() })
}

/// A SQLite file that says what happened in it. It has one connection of its own, opened when it is first asked.
///
/// A poll asks `PRAGMA data_version` (SQLite documentation, "PRAGMA Statements"), which tells whether any other connection,
/// of this process or another, has committed anything; and only then looks. So nothing may be written through this connection
/// but what is done here.
///
/// The incarnation is an id in the file, the file's device and inode, and the version of its schema. The id is another one as
/// soon as a process begins to look, as a server's start is: what a power failure or a restored copy took back while nobody
/// looked cannot be told. A file that is replaced, and a copy that is put back into it, are told at the next poll: the one by
/// its inode, the other by a random mark on the change that was the last.
#[derive(Debug)]
pub struct Sqlite {
    options: SqliteConnectOptions,
    /// Taken out while it is used, so that whoever gives up waiting leaves no connection behind in the middle of something.
    open: Option<Open>,
    /// What the last look saw.
    known: Option<State>,
}

#[derive(Debug)]
struct Open {
    connection: SqliteConnection,
    file: FileIdentity,
    /// `PRAGMA data_version` from before the last look.
    data_version: Option<i64>,
    /// The schema whose triggers were found to stand.
    checked_schema: Option<i64>,
}

impl Sqlite {
    /// The file that these options name; it must be there when it is first asked.
    #[must_use]
    pub fn new(options: SqliteConnectOptions) -> Sqlite {
        // A file that was deleted must not come back empty.
        let options = options.create_if_missing(false).disable_statement_logging();
        Sqlite { options, open: None, known: None }
    }

    /// The connection to the file that has the name now.
    async fn opened(&mut self) -> Result<Open, SourceError> {
        let file = self.file()?;
        if let Some(open) = self.open.take().filter(|open| open.file == file) {
            return Ok(open);
        }
        let connection = SqliteConnection::connect_with(&self.options).await?;
        if self.file()? != file {
            return Err(unreachable("the file was replaced while it was opened"));
        }
        Ok(Open { connection, file, data_version: None, checked_schema: None })
    }

    fn file(&self) -> Result<FileIdentity, SourceError> {
        FileIdentity::of(self.options.get_filename())
            .map_err(|error| SourceError::from(sqlx::Error::Io(error)))
    }

    /// The answer where nothing at all was committed since the last look, which is nearly always.
    fn unmoved(&self, open: &Open, data_version: i64, seen: Option<&Snapshot>) -> Option<Poll> {
        let known = self.known.as_ref().filter(|_| open.data_version == Some(data_version))?;
        (seen == Some(&known.snapshot())).then(|| answer(known, open.file, PolledChanges::All(Vec::new())))
    }

    async fn look(&mut self, open: &mut Open, seen: Option<&Snapshot>) -> Result<Poll, SourceError> {
        let known = self.known.as_ref();
        let (state, changes) = match look(open, known, seen).await? {
            (state, changes) if known.is_some_and(|known| state.continues(known)) => (state, changes),
            _ => {
                renew(&mut open.connection).await?;
                look(open, None, seen).await?
            }
        };
        let poll = answer(&state, open.file, changes);
        self.known = Some(state);
        Ok(poll)
    }
}

impl Source for Sqlite {
    async fn poll(&mut self, seen: Option<&Snapshot>) -> Result<Poll, SourceError> {
        let mut open = self.opened().await?;
        // Before the look: what is committed between the two is looked at twice rather than never.
        let data_version = data_version(&mut open.connection).await?;
        let poll = match self.unmoved(&open, data_version, seen) {
            Some(poll) => poll,
            None => self.look(&mut open, seen).await.map_err(named)?,
        };
        open.data_version = Some(data_version);
        self.open = Some(open);
        Ok(poll)
    }

    async fn check(&mut self) -> Result<(), SourceError> {
        let mut open = self.opened().await?;
        let mut transaction = open.connection.begin().await?;
        check(&mut transaction).await.map_err(named)?;
        transaction.commit().await?;
        self.open = Some(open);
        Ok(())
    }

    /// What is in a file is as quick to read as what others have kept: nobody needs to judge that.
    async fn remembers(&mut self) -> Result<bool, SourceError> {
        Ok(false)
    }

    async fn prune(&mut self, age: Duration) -> Result<(), SourceError> {
        let mut open = self.opened().await?;
        prune(&mut open.connection, age).await.map_err(|error| named(error.into()))?;
        // Of what this connection writes itself, `data_version` does not tell.
        open.data_version = None;
        self.open = Some(open);
        Ok(())
    }
}

/// One look in one transaction, which also sees to it that the triggers stand if the schema is not the one of the last time.
async fn look(
    open: &mut Open,
    known: Option<&State>,
    seen: Option<&Snapshot>,
) -> Result<(State, PolledChanges), SourceError> {
    let mut transaction = open.connection.begin().await?;
    let state = State::read(&mut transaction, known).await?;
    if open.checked_schema != Some(state.schema) {
        check(&mut transaction).await?;
        open.checked_schema = Some(state.schema);
    }
    let changes = look::changes(&mut transaction, &state, seen).await?;
    transaction.commit().await?;
    Ok((state, changes))
}

async fn check(connection: &mut SqliteConnection) -> Result<(), SourceError> {
    install::unwatched(connection).await?.map_or(Ok(()), |why| Err(SourceError::Unwatched(why)))
}

async fn data_version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("pragma data_version").fetch_one(connection).await
}

async fn renew(connection: &mut SqliteConnection) -> Result<(), SourceError> {
    let mut transaction = connection.begin_with("begin immediate").await?;
    sqlx::raw_sql(include_str!("sqlite/renew.sql")).execute(&mut *transaction).await?;
    Ok(transaction.commit().await?)
}

async fn prune(connection: &mut SqliteConnection, age: Duration) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("begin immediate").await?;
    let age_seconds = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
    let last: Option<i64> = sqlx::query_scalar(
        "select number from larder_change where at < unixepoch() - ?1 order by number desc limit 1",
    )
    .bind(age_seconds)
    .fetch_optional(&mut *transaction)
    .await?;
    let deleted = sqlx::query(include_str!("sqlite/prune.sql")).bind(last).execute(&mut *transaction).await?;
    if deleted.rows_affected() == 0 {
        return transaction.rollback().await;
    }
    sqlx::query("update larder_state set floor = max(floor, ?1 + 1)")
        .bind(last)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

fn answer(state: &State, file: FileIdentity, changes: PolledChanges) -> Poll {
    Poll { incarnation: state.incarnation(file), snapshot: state.snapshot(), floor: state.floor(), changes }
}

impl State {
    /// Which life of the file this is a state of.
    fn incarnation(&self, file: FileIdentity) -> Incarnation {
        let facts =
            [self.id.clone(), self.schema.to_string(), file.device.to_string(), file.inode.to_string()];
        Incarnation::of(facts)
    }
}

fn unreachable(why: &str) -> SourceError {
    SourceError::from(sqlx::Error::Io(io::Error::other(why)))
}

/// Says plainly what the lack of our tables means.
fn named(error: SourceError) -> SourceError {
    match &error {
        SourceError::Unreachable(sqlx::Error::Database(database))
            if database.message().starts_with("no such table: larder_") =>
        {
            SourceError::Unwatched("the file has no table of changes yet".to_owned())
        }
        _ => error,
    }
}
