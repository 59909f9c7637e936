//! The schema `larder`: putting it up, watching tables, and the rights that serving takes.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

/// The version of the schema that this build makes and understands. A build that makes another one alters what is there in
/// `install/tables.sql`.
const VERSION: i32 = 2;

/// The schema, in the order in which one thing needs another.
const SCRIPT: &str = concat!(
    include_str!("install/tables.sql"),
    include_str!("install/poll.sql"),
    include_str!("install/report.sql"),
    include_str!("install/watch.sql"),
    include_str!("install/faults.sql"),
    include_str!("install/ddl.sql"),
    include_str!("install/grants.sql"),
);

/// The rights that the role lacks to serve from a cache, in one text; null where it has them all.
pub(super) const LACKING_RIGHTS: &str =
    concat!("select string_agg(lack, ' ') from (", include_str!("rights.sql"), ") lacking (lack)");

/// What keeps changes from being reported, the version that is installed, and the rights that the role lacks.
pub(super) const CHECK: &str = concat!(
    "select (select string_agg(fault, '; ') from larder.faults() fault), \
     (select max(version)::text from larder.installation), \
     (select string_agg(lack, ' ') from (",
    include_str!("rights.sql"),
    ") lacking (lack))"
);

/// Why the schema was not put up, or a table not watched.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A later build was here.
    #[error(
        "the schema `larder` in this database has version {installed}; this build knows version {known}: use the newer build"
    )]
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

/// What [`install`] could do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Whether this call changed anything.
    pub changed: bool,
    /// Whether DDL on a watched table is noticed at once.
    pub event_triggers: EventTriggers,
}

/// Whether DDL on a watched table is noticed at once, or only by the next check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventTriggers {
    /// At once.
    Installed,
    /// By the check every few seconds, because the role may not create event triggers: the database's words.
    Refused(String),
}

/// Puts up the schema `larder`, or brings it to this version. Does nothing where it is as it should be; one transaction.
///
/// # Errors
/// [`InstallError::Newer`], and [`InstallError::Database`] where the role may not create a schema.
pub async fn install(connection: &mut PgConnection) -> Result<Installed, InstallError> {
    let mut transaction = connection.begin().await?;
    // One installer at a time: `create … if not exists` of two at once can fail.
    sqlx::raw_sql("select pg_advisory_xact_lock(hashtextextended('larder.install', 0))")
        .execute(&mut *transaction)
        .await?;
    let found = found(&mut transaction).await?;
    if let Some((installed, _)) = found
        && installed > VERSION
    {
        return Err(InstallError::Newer { installed, known: VERSION });
    }
    let changed = found.is_none_or(|(version, script)| version != VERSION || script != digest());
    if changed {
        sqlx::raw_sql(SCRIPT).execute(&mut *transaction).await?;
        note_version(&mut transaction).await?;
    }
    let event_triggers = event_triggers(&mut transaction).await?;
    transaction.commit().await?;
    Ok(Installed { changed, event_triggers })
}

/// The version that is there, and which script made it.
async fn found(connection: &mut PgConnection) -> sqlx::Result<Option<(i32, String)>> {
    let is_there: bool = sqlx::query_scalar("select to_regclass('larder.installation') is not null")
        .fetch_one(&mut *connection)
        .await?;
    if !is_there {
        return Ok(None);
    }
    sqlx::query_as("select version, script from larder.installation").fetch_optional(connection).await
}

fn digest() -> String {
    crate::incarnation::Incarnation::of([SCRIPT]).to_string()
}

async fn note_version(connection: &mut PgConnection) -> sqlx::Result<()> {
    let noted = sqlx::query("update larder.installation set version = $1, script = $2")
        .bind(VERSION)
        .bind(digest())
        .execute(&mut *connection)
        .await?;
    if noted.rows_affected() == 0 {
        sqlx::query("insert into larder.installation (version, script) values ($1, $2)")
            .bind(VERSION)
            .bind(digest())
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// In a savepoint: being refused must not undo the rest.
async fn event_triggers(connection: &mut PgConnection) -> sqlx::Result<EventTriggers> {
    let mut savepoint = connection.begin().await?;
    match sqlx::raw_sql(include_str!("event_triggers.sql")).execute(&mut *savepoint).await {
        Ok(_) => savepoint.commit().await.map(|()| EventTriggers::Installed),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => {
            savepoint.rollback().await?;
            Ok(EventTriggers::Refused(error.message().to_owned()))
        }
        Err(error) => Err(error),
    }
}

/// Watches a table: from now on every change to it is reported, with the old and new values of these columns. Again, with
/// other columns, replaces; with the same, does nothing.
///
/// The table is named as SQL names it, with its schema where that is not on the search path, and so do changes name it. It
/// must have a primary key of one column. Needs the rights of the table's owner and of the schema's; waits for transactions
/// that have written to the table.
///
/// # Errors
/// [`InstallError::Refused`] says why this table can't be watched.
pub async fn watch(connection: &mut PgConnection, table: &str, columns: &[&str]) -> Result<(), InstallError> {
    let watched =
        sqlx::query("select larder.watch($1, $2)").bind(table).bind(columns).execute(connection).await;
    watched.map(drop).map_err(refused)
}

/// Watches a table no longer. What was made from it before is worthless from then on, like all that is kept.
///
/// # Errors
/// [`InstallError::Database`].
pub async fn unwatch(connection: &mut PgConnection, table: &str) -> Result<(), InstallError> {
    let unwatched = sqlx::query("select larder.unwatch($1)").bind(table).execute(connection).await;
    unwatched.map(drop).map_err(refused)
}

/// The refusals of `larder.refuse` have a code of their own.
fn refused(error: sqlx::Error) -> InstallError {
    match error {
        sqlx::Error::Database(error) if error.code().as_deref() == Some("LARDR") => {
            InstallError::Refused(error.message().to_owned())
        }
        error => InstallError::Database(error),
    }
}

/// Which rights the connection's role lacks to serve from a cache: a sentence each, with the GRANT that mends it. All of them
/// at once: `select larder.grant_to('role')`.
///
/// # Errors
/// The database's.
pub async fn rights(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(AssertSqlSafe(include_str!("rights.sql"))).fetch_all(connection).await
}

/// Whether the schema is the one that this build reads; the sentence that says otherwise.
pub(super) fn is_of_this_version(installed: Option<String>) -> Result<(), String> {
    match installed.and_then(|version| version.parse::<i32>().ok()) {
        Some(version) if version == VERSION => Ok(()),
        installed => Err(format!(
            "the schema `larder` has version {}, and this build needs {VERSION}",
            installed.map_or("none".to_owned(), |version| version.to_string())
        )),
    }
}
