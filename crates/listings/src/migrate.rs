//! Bringing a database to this version, and adopting a table that Django made.

use std::collections::HashMap;

use larder::source;
use larder::source::postgres::EventTriggers;
use sqlx::error::DatabaseError;
use sqlx::migrate::{MigrateError as SqlxError, Migration, Migrator};
use sqlx::{PgPool, SqlitePool};

use crate::store::dependency::TABLE;
use crate::store::{Pool, Statement};
use crate::{Store, StoreError};

static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");
static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");

/// What a database still lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Number and name of each migration to come, in order.
    pub pending: Vec<(i64, String)>,
    /// Whether a table `properties_property` made by somebody else (Django) is there to be adopted.
    pub adopts: bool,
    /// Whether changes to listings are not written down yet: caches live by them.
    pub watches: bool,
    /// Why whoever alters the table is noticed only some seconds later, if that is so: in the database's words. Known after
    /// a migration only.
    pub late: Option<String>,
}

impl Plan {
    /// Whether nothing is lacking.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.pending.is_empty() && !self.watches
    }
}

/// Why a database could not be brought to this version. Nothing was changed by the step that failed.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer program was here.
    #[error(
        "the database is at version {found}, newer than this program, which knows {known}: run the newer gable"
    )]
    Newer {
        /// The highest migration in the database.
        found: i64,
        /// The highest migration of this program.
        known: i64,
    },
    /// A migration that was applied is not the one of this program.
    #[error("migration {0} in the database is not the one of this program: it was applied by another build")]
    Altered(i64),
    /// A table of that name is there, of another shape than Django's.
    #[error(
        "the table properties_property cannot be adopted: column {column} is {found}, expected {expected}"
    )]
    Foreign {
        /// The column that does not fit.
        column: &'static str,
        /// Its type, or "missing".
        found: String,
        /// What would fit.
        expected: &'static str,
    },
    /// Changes to listings cannot be written down.
    #[error("changes to {TABLE} cannot be watched: {0}")]
    Watch(#[source] WatchError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why changes cannot be written down, in the words of the one or the other database.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each is the error of the source of its name")]
pub enum WatchError {
    #[error(transparent)]
    Postgres(source::postgres::InstallError),
    #[error(transparent)]
    Sqlite(source::sqlite::InstallError),
}

/// `insufficient_privilege` (PostgreSQL, appendix A).
const LACK_OF_RIGHTS: &str = "42501";

impl MigrateError {
    fn is_of_who_may_not_write(&self) -> bool {
        match self {
            MigrateError::Store(StoreError::ReadOnly | StoreError::Busy) => true,
            MigrateError::Watch(WatchError::Postgres(source::postgres::InstallError::Database(error))) => {
                error.as_database_error().and_then(DatabaseError::code).as_deref() == Some(LACK_OF_RIGHTS)
            }
            _ => false,
        }
    }
}

impl From<source::postgres::InstallError> for MigrateError {
    fn from(error: source::postgres::InstallError) -> MigrateError {
        use source::postgres::InstallError;
        let watch = |error| MigrateError::Watch(WatchError::Postgres(error));
        match error {
            InstallError::Database(error) => match StoreError::from(error) {
                StoreError::Refused(error) => watch(InstallError::Database(error)),
                failed => MigrateError::Store(failed),
            },
            refused => watch(refused),
        }
    }
}

impl From<source::sqlite::InstallError> for MigrateError {
    fn from(error: source::sqlite::InstallError) -> MigrateError {
        match error {
            source::sqlite::InstallError::Database(error) => StoreError::from(error).into(),
            refused => MigrateError::Watch(WatchError::Sqlite(refused)),
        }
    }
}

/// What an adopted table must have: the columns of Django's model, in any of the types that Django gives them.
const NEEDED: [(&str, &[&str]); 6] = [
    ("id", &["bigint", "integer"]),
    ("title", &["character varying", "text"]),
    ("description", &["text", "character varying"]),
    ("price", &["numeric with 2 places and at most 12 digits"]),
    ("location", &["character varying", "text"]),
    ("created_at", &["timestamp with time zone"]),
];

/// What the migration adds. A column of that name that is there already must be the same; the first two, which everything
/// hangs on, must have been made by gable: another program's words for a status are not ours.
const ADDED: [(&str, &str); 10] = [
    ("status", "text, checked by gable"),
    ("kind", "text, checked by gable"),
    ("updated_at", "timestamp with time zone"),
    ("version", "bigint"),
    ("bedrooms", "integer"),
    ("bathrooms", "integer"),
    ("floor_area", "integer"),
    ("latitude", "double precision"),
    ("longitude", "double precision"),
    ("search_text", "tsvector"),
];

/// Name and type of each column of the table, the type in the words of the two lists above.
const COLUMNS: &str = "
    select column_name::text,
        case
            when data_type = 'numeric' and numeric_scale = 2 and numeric_precision <= 12
                then 'numeric with 2 places and at most 12 digits'
            when data_type = 'numeric' then format('numeric(%s, %s)', numeric_precision, numeric_scale)
            when exists (
                select from pg_constraint
                where conrelid = to_regclass('properties_property')
                    and conname = 'properties_property_' || column_name and column_name in ('status', 'kind')
            ) then data_type || ', checked by gable'
            else data_type
        end
    from information_schema.columns
    where format('%I.%I', table_schema, table_name)::regclass = to_regclass('properties_property')";

impl Store {
    /// What [`Store::migrate`] would do; changes nothing.
    ///
    /// # Errors
    /// [`MigrateError`], as `migrate` would return it before its first change.
    pub async fn migration_plan(&self) -> Result<Plan, MigrateError> {
        // In this order: a table that another program makes meanwhile, with its migration, is not one to be adopted.
        let is_there = self.table_exists(TABLE).await?;
        let applied = self.applied_migrations().await?;
        let known = self.migrations();
        let newest = known.last().map_or(0, |migration| migration.version);
        if let Some(&(found, _)) =
            applied.iter().max_by_key(|(version, _)| version).filter(|(version, _)| *version > newest)
        {
            return Err(MigrateError::Newer { found, known: newest });
        }
        let mut pending = Vec::new();
        for migration in known {
            match applied.iter().find(|(version, _)| *version == migration.version) {
                Some((version, checksum)) if checksum != &*migration.checksum => {
                    return Err(MigrateError::Altered(*version));
                }
                Some(_) => {}
                None => pending.push((migration.version, migration.description.to_string())),
            }
        }
        let adopts = applied.is_empty() && is_there;
        if adopts {
            self.check_adoptable().await?;
        }
        let watches = !pending.is_empty() || !self.is_watched().await?;
        Ok(Plan { pending, adopts, watches, late: None })
    }

    /// Applies what is pending, each migration in a transaction of its own, and has changes to listings written down; returns
    /// what was done. Several at once wait for each other (PostgreSQL: advisory lock).
    ///
    /// An index over millions of rows takes its time: the store should have been made without a statement timeout.
    ///
    /// # Errors
    /// [`MigrateError`].
    pub async fn migrate(&self) -> Result<Plan, MigrateError> {
        let plan = self.migration_plan().await?;
        if !plan.pending.is_empty() {
            self.apply_migrations(plan.pending.len()).await?;
        }
        match self.watch().await {
            // They are written down already. Whether as this program would, every cache checks for itself; whoever may not
            // alter the database, or not now, can still serve it.
            Err(error) if !plan.watches && error.is_of_who_may_not_write() => Ok(plan),
            outcome => outcome.map(|late| Plan { late, ..plan }),
        }
    }

    async fn apply_migrations(&self, mut pending: usize) -> Result<(), MigrateError> {
        loop {
            let outcome = match &self.pool {
                Pool::Postgres(pool) => POSTGRES.run(pool).await,
                Pool::Sqlite(pool) => SQLITE.run(pool).await,
            };
            let Err(error) = outcome.map_err(in_our_words) else { return Ok(()) };
            // SQLite has no lock for this: of two that begin at once, the second finds a step done that it was about to do.
            let left = self.migration_plan().await?.pending.len();
            if left == 0 {
                return Ok(());
            }
            if left >= pending {
                return Err(error);
            }
            pending = left;
        }
    }

    /// Has changes to listings written down, with the columns that searches are made of. Where they are already, this does
    /// nothing. Returns why whoever alters the table is noticed late, if that is so.
    async fn watch(&self) -> Result<Option<String>, MigrateError> {
        let columns = self.dialect().watched;
        match &self.pool {
            Pool::Postgres(pool) => watch_postgres(pool, columns).await,
            Pool::Sqlite(pool) => watch_sqlite(pool, columns).await.map(|()| None),
        }
    }

    /// Whether changes to listings are written down: whether the table has a trigger of larder's.
    async fn is_watched(&self) -> Result<bool, StoreError> {
        let sql = match &self.pool {
            Pool::Postgres(_) => {
                "select 1 from pg_trigger join pg_proc on pg_proc.oid = tgfoid
                 where tgrelid = to_regclass($1) and pronamespace = to_regnamespace('larder') limit 1"
            }
            Pool::Sqlite(_) => {
                "select 1 from sqlite_schema where type = 'trigger' and tbl_name = $1 and sql like '%larder%' limit 1"
            }
        };
        let statement = Statement { sql: sql.to_owned(), binds: vec![TABLE.into()] };
        Ok(!self.fetch::<(i32,)>(statement).await?.is_empty())
    }

    /// Whether no listing is there at all, of any status.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self
            .fetch::<(i64,)>(Statement::fixed("select cast(id as bigint) from properties_property limit 1"))
            .await?
            .is_empty())
    }

    fn migrations(&self) -> Vec<&'static Migration> {
        match &self.pool {
            Pool::Postgres(_) => POSTGRES.iter().collect(),
            Pool::Sqlite(_) => SQLITE.iter().collect(),
        }
    }

    async fn applied_migrations(&self) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        if !self.table_exists("_sqlx_migrations").await? {
            return Ok(Vec::new());
        }
        self.fetch(Statement::fixed(
            "select version, checksum from _sqlx_migrations where success order by version",
        ))
        .await
    }

    async fn table_exists(&self, table: &str) -> Result<bool, StoreError> {
        let sql = match &self.pool {
            Pool::Postgres(_) => "select 1 where to_regclass($1) is not null",
            Pool::Sqlite(_) => "select 1 from sqlite_schema where type = 'table' and name = $1",
        };
        let statement = Statement { sql: sql.to_owned(), binds: vec![table.into()] };
        Ok(!self.fetch::<(i32,)>(statement).await?.is_empty())
    }

    async fn check_adoptable(&self) -> Result<(), MigrateError> {
        let Pool::Postgres(_) = &self.pool else {
            let found = "in a table that gable did not make".to_owned();
            return Err(MigrateError::Foreign { column: "id", found, expected: "no such table in SQLite" });
        };
        let columns: HashMap<String, String> =
            self.fetch::<(String, String)>(Statement::fixed(COLUMNS)).await?.into_iter().collect();
        for (column, types) in NEEDED {
            let found = columns.get(column).map_or("missing", String::as_str);
            if !types.contains(&found) {
                return Err(MigrateError::Foreign { column, found: found.to_owned(), expected: types[0] });
            }
        }
        for (column, expected) in ADDED {
            if let Some(found) = columns.get(column).filter(|found| *found != expected) {
                return Err(MigrateError::Foreign { column, found: found.clone(), expected });
            }
        }
        Ok(())
    }
}

/// All or nothing. The schema's own lock is held until the end, so several programs that watch do it one by one.
async fn watch_postgres(pool: &PgPool, columns: &[&str]) -> Result<Option<String>, MigrateError> {
    let mut transaction = pool.begin().await.map_err(StoreError::from)?;
    let installed = source::postgres::install(&mut transaction).await?;
    source::postgres::watch(&mut transaction, TABLE, columns).await?;
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(match installed.event_triggers {
        EventTriggers::Installed => None,
        EventTriggers::Refused(why) => Some(why),
    })
}

async fn watch_sqlite(pool: &SqlitePool, columns: &[&str]) -> Result<(), MigrateError> {
    let mut connection = pool.acquire().await.map_err(StoreError::from)?;
    source::sqlite::install(&mut connection).await?;
    Ok(source::sqlite::watch(&mut connection, TABLE, columns).await?)
}

fn in_our_words(error: SqlxError) -> MigrateError {
    match error {
        SqlxError::VersionMissing(found) => MigrateError::Newer { found, known: 0 },
        SqlxError::VersionMismatch(version) => MigrateError::Altered(version),
        SqlxError::Execute(error) | SqlxError::ExecuteMigration(error, _) => StoreError::from(error).into(),
        other => StoreError::Refused(sqlx::Error::Migrate(Box::new(other))).into(),
    }
}
