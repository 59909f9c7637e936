//! PostgreSQL as the place where changes come from.

mod install;
mod poll;

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};

pub use install::{EventTriggers, InstallError, Installed, install, rights, unwatch, watch};
use poll::Answer;

use super::{Source, SourceError};
use crate::freshness::{Poll, Snapshot, Xid};
use crate::incarnation::Incarnation;
use crate::token::WriteToken;

/// The stamp of a statement: the snapshot that it reads in, or null where it must not be kept: in a transaction that writes
/// (it sees its own rows, and its snapshot does not tell), and on a standby (its snapshots do not name open transactions).
pub const STAMP: &str = "case when pg_current_xact_id_if_assigned() is null and not pg_is_in_recovery() \
                         then pg_current_snapshot()::text end";

/// A query that gives the rows of `query` in their order, each with its stamp in the column `larder_stamp` (text, null where
/// the answer must not be kept) and true in the column `larder_row`; where there are no rows, one row of nulls with the
/// stamp. The columns of `query` come first, in their order.
#[must_use]
pub fn stamped(query: &str) -> String {
    // `offset 0` has the stamp made once: without it, PostgreSQL would write it out again for each row.
    format!(
        "select larder_rows.*, larder_stamp.larder_stamp from (select {STAMP} as larder_stamp offset 0) as larder_stamp \
         left join (select larder_query.*, true as larder_row from ({query}) as larder_query) as larder_rows on true"
    )
}

/// The token of the transaction that this connection is in, to be asked within it: so it names the life of the server that the
/// transaction belongs to, whatever comes after. It means something once the transaction has been committed. `None` where no
/// changes are reported yet.
///
/// # Errors
/// Whatever the database says.
pub async fn written(connection: &mut PgConnection) -> Result<Option<WriteToken>, sqlx::Error> {
    let statement = "select incarnation, pg_current_xact_id()::text from larder.poll(null, '{}', 0)";
    let row = sqlx::raw_sql(statement).fetch_one(connection).await?;
    let incarnation: Option<&str> = row.try_get(0)?;
    let xid: &str = row.try_get(1)?;
    let xid = xid.parse().map(Xid).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(incarnation.map(|incarnation| WriteToken { incarnation: Incarnation::of([incarnation]), xid }))
}

/// A PostgreSQL database with the schema `larder` ([`install`]) in which tables are watched ([`watch`]).
///
/// It has one connection of its own, made when it is first needed and made anew after any error. Every statement goes out in
/// the simple query protocol, by itself and without state in the session, so that a pooler in transaction mode may stand
/// between. Limits of time are the caller's: whoever gives up drops the call, and with it the connection, since that is in
/// the middle of an answer.
#[derive(Debug)]
pub struct Postgres {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

impl Postgres {
    /// The database that these options lead to. Nothing is connected yet.
    #[must_use]
    pub fn new(options: PgConnectOptions) -> Postgres {
        // Poolers refuse a start-up setting that they don't know, and nothing here depends on this one.
        let options = options.extra_float_digits(None);
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name("larder"),
        };
        Postgres { options, connection: None }
    }

    /// The one row of a statement. Where it fails or is given up, the connection is gone.
    async fn row(&mut self, statement: String) -> Result<PgRow, sqlx::Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        let row = sqlx::raw_sql(AssertSqlSafe(statement)).fetch_one(&mut connection).await?;
        self.connection = Some(connection);
        Ok(row)
    }

    /// The refusal that an error is: a standby refuses to read unlogged tables, so there the poll itself fails.
    async fn refusal(&mut self, error: sqlx::Error) -> SourceError {
        let code = error.as_database_error().and_then(|error| error.code().map(String::from));
        match code.as_deref() {
            Some("0A000" | "25006") if self.is_standby().await => SourceError::Standby,
            // No such schema, table or function.
            Some("3F000" | "42P01" | "42883") => SourceError::Unwatched(format!(
                "larder is not installed in this database, or not as this build needs it ({error})"
            )),
            // The database is there, and goes on changing: what is kept must not be taken for the best that can be had.
            Some("42501") => SourceError::Unwatched(self.lacking_rights().await.unwrap_or(error.to_string())),
            _ => SourceError::Unreachable(error),
        }
    }

    /// The rights that the role lacks.
    async fn lacking_rights(&mut self) -> Option<String> {
        let row = self.row(install::LACKING_RIGHTS.into()).await.ok()?;
        row.try_get(0).ok().flatten()
    }

    async fn is_standby(&mut self) -> bool {
        let row = self.row("select pg_is_in_recovery()::text".into()).await;
        row.and_then(|row| row.try_get::<String, _>(0)).is_ok_and(|answer| answer == "true")
    }

    async fn ask(&mut self, seen: Option<&Snapshot>) -> Result<Answer, SourceError> {
        match self.row(poll::statement(seen)).await {
            Ok(row) => poll::answer(&row),
            Err(error) => Err(self.refusal(error).await),
        }
    }

    async fn run(&mut self, statement: String) -> Result<PgRow, SourceError> {
        match self.row(statement).await {
            Ok(row) => Ok(row),
            Err(error) => Err(self.refusal(error).await),
        }
    }
}

impl Source for Postgres {
    async fn poll(&mut self, seen: Option<&Snapshot>) -> Result<Poll, SourceError> {
        if let Answer::Poll(poll) = self.ask(seen).await? {
            return Ok(poll);
        }
        self.run("select larder.renew_epoch(only_if_missing => true)::text".into()).await?;
        match self.ask(seen).await? {
            Answer::Poll(poll) => Ok(poll),
            Answer::NoEpoch => {
                Err(SourceError::Senseless("the epoch that was just begun is not there".into()))
            }
        }
    }

    async fn check(&mut self) -> Result<(), SourceError> {
        let row = self.run(install::CHECK.into()).await?;
        let faults: Option<String> = row.try_get(0)?;
        install::is_of_this_version(row.try_get(1)?).map_err(SourceError::Unwatched)?;
        let lacking: Option<String> = row.try_get(2)?;
        faults.or(lacking).map_or(Ok(()), |faults| Err(SourceError::Unwatched(faults)))
    }

    /// With the event triggers, a trigger that is disabled begins a new life. Without them it may go unnoticed.
    async fn remembers(&mut self) -> Result<bool, SourceError> {
        let standing = "select (count(*) = 2)::text from pg_catalog.pg_event_trigger \
                        where evtname in ('larder_ddl', 'larder_drop') and evtenabled = 'A'";
        let row = self.run(standing.into()).await?;
        Ok(row.try_get::<&str, _>(0)? == "true")
    }

    async fn prune(&mut self, age: Duration) -> Result<(), SourceError> {
        let statement = format!("select larder.prune(interval '{} milliseconds')::text", age.as_millis());
        self.run(statement).await.map(drop)
    }
}
