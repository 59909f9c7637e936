//! PostgreSQL as the place where changes come from.

use sqlx::{AssertSqlSafe, PgConnection};

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

/// What [`install`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed;

/// Why the schema was not put up, or a table not watched.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A later build was here.
    #[error("the schema `larder` in this database has version {installed}; this build knows version {known}")]
    Newer {
        /// What is there.
        installed: i32,
        /// What this build makes.
        known: i32,
    },
    /// The table can't be watched, and why.
    #[error("{0}")]
    Refused(String),
    /// The database refused, or does not answer.
    #[error("the database refused: {0}")]
    Database(#[from] sqlx::Error),
}

/// Makes the schema that changes are written to, as far as it is not there.
///
/// # Errors
/// [`InstallError`].
pub async fn install(connection: &mut PgConnection) -> Result<Installed, InstallError> {
    sqlx::raw_sql(
        "select pg_advisory_xact_lock(hashtextextended('larder.install', 0));
         create schema if not exists larder;
         create or replace function larder.stand_in() returns trigger language plpgsql as 'begin return null; end'",
    )
    .execute(connection)
    .await?;
    Ok(Installed)
}

/// Has every change of a table written down, with these columns.
///
/// # Errors
/// [`InstallError`].
pub async fn watch(
    connection: &mut PgConnection,
    table: &str,
    _columns: &[&str],
) -> Result<(), InstallError> {
    let trigger = format!(
        "create or replace trigger larder_stand_in after truncate on {table} for each statement \
         execute function larder.stand_in()"
    );
    sqlx::raw_sql(AssertSqlSafe(trigger)).execute(connection).await?;
    Ok(())
}
