//! Bringing a database to this version, and adopting a table that Django made.

use sqlx::migrate::{MigrateError as SqlxError, Migration, Migrator};

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
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an adopted table must have: the columns of Django's model, in any of the types that Django gives them.
const ADOPTABLE: [(&str, &str, &[&str]); 6] = [
    ("id", "bigint or integer", &["bigint", "integer"]),
    ("title", "character varying or text", &["character varying", "text"]),
    ("description", "text", &["text", "character varying"]),
    ("price", "numeric with at most two places", &["numeric"]),
    ("location", "character varying or text", &["character varying", "text"]),
    ("created_at", "timestamp with time zone", &["timestamp with time zone"]),
];

impl Store {
    /// What [`Store::migrate`] would do; changes nothing.
    ///
    /// # Errors
    /// [`MigrateError`], as `migrate` would return it before its first change.
    pub async fn migration_plan(&self) -> Result<Plan, MigrateError> {
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
        let adopts = applied.is_empty() && self.table_exists("properties_property").await?;
        if adopts {
            self.check_adoptable().await?;
        }
        Ok(Plan { pending, adopts })
    }

    /// Applies what is pending, each migration in a transaction of its own; returns what was done. Several at once wait
    /// for each other (PostgreSQL: advisory lock).
    ///
    /// An index over millions of rows takes its time: the store should have been made without a statement timeout.
    ///
    /// # Errors
    /// [`MigrateError`].
    pub async fn migrate(&self) -> Result<Plan, MigrateError> {
        let plan = self.migration_plan().await?;
        if plan.pending.is_empty() {
            return Ok(plan);
        }
        match &self.pool {
            Pool::Postgres(pool) => POSTGRES.run(pool).await,
            Pool::Sqlite(pool) => SQLITE.run(pool).await,
        }
        .map_err(in_our_words)?;
        Ok(plan)
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
        let columns: Vec<(String, String, Option<i32>)> = self
            .fetch(Statement::fixed(
                "select column_name::text, data_type::text, numeric_scale::int from information_schema.columns \
                 where (quote_ident(table_schema) || '.' || quote_ident(table_name))::regclass \
                 = to_regclass('properties_property')",
            ))
            .await?;
        for (column, expected, types) in ADOPTABLE {
            let found = columns.iter().find(|(name, ..)| name == column);
            let fits = found.is_some_and(|(_, kind, scale)| {
                types.contains(&kind.as_str()) && (column != "price" || scale.is_some_and(|scale| scale <= 2))
            });
            if !fits {
                let found = found.map_or("missing".to_owned(), |(_, kind, scale)| match scale {
                    Some(scale) if kind == "numeric" => format!("{kind} with {scale} places"),
                    _ => kind.clone(),
                });
                return Err(MigrateError::Foreign { column, found, expected });
            }
        }
        Ok(())
    }
}

fn in_our_words(error: SqlxError) -> MigrateError {
    match error {
        SqlxError::VersionMissing(found) => MigrateError::Newer { found, known: 0 },
        SqlxError::VersionMismatch(version) => MigrateError::Altered(version),
        SqlxError::Execute(error) | SqlxError::ExecuteMigration(error, _) => StoreError::from(error).into(),
        other => StoreError::Refused(sqlx::Error::Migrate(Box::new(other))).into(),
    }
}
