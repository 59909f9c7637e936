//! Puts up what reports changes, and takes it down.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use super::table::Table;
use super::triggers::{identifier, names, triggers};

/// Of the tables that `install.sql` makes.
const VERSION: i64 = 1;

/// Why a table cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The database does not answer, or refuses.
    #[error("the database does not do it: {0}")]
    Database(#[from] sqlx::Error),
    /// The file has tables of a later version.
    #[error("the file's tables of changes are of version {0}, which this program does not know")]
    Newer(i64),
    /// `install` comes first.
    #[error("the file has no table of changes yet")]
    NotInstalled,
    /// There is none of exactly this name.
    #[error("there is no table `{0}`")]
    NoSuchTable(String),
    /// Only tables have row triggers: a view shows rows of others, and a virtual table is kept by a program.
    #[error("`{name}` is a {kind}, and only tables can be watched")]
    NotATable {
        /// What was to be watched.
        name: String,
        /// What it is.
        kind: String,
    },
    /// A change names its row by one value.
    #[error("the table `{0}` has no primary key of one column")]
    NoPrimaryKey(String),
    /// A change would name its row by another text than the reader.
    #[error("the primary key of `{table}` is compared by {collation}, and only BINARY tells texts apart")]
    Collation {
        /// The table.
        table: String,
        /// How its primary key is compared.
        collation: String,
    },
    /// There is none of exactly this name.
    #[error("the table `{table}` has no column `{column}`")]
    NoSuchColumn {
        /// The table.
        table: String,
        /// The column that it does not have.
        column: String,
    },
}

/// From its begin on the only writer: whoever reads first and writes then is refused where another has written in between.
const AS_WRITER: &str = "begin immediate";

/// Makes the tables of changes, unless they are there.
///
/// # Errors
/// [`InstallError::Newer`], [`InstallError::Database`].
pub async fn install(connection: &mut SqliteConnection) -> Result<(), InstallError> {
    let mut transaction = connection.begin_with(AS_WRITER).await?;
    match version(&mut transaction).await? {
        None => {
            sqlx::raw_sql(include_str!("install.sql")).execute(&mut *transaction).await?;
        }
        Some(version) if version > VERSION => return Err(InstallError::Newer(version)),
        Some(_) => {}
    }
    Ok(transaction.commit().await?)
}

/// Has the changes of a table reported, with the values of these columns: those that queries filter and sort by. Whatever
/// was watched of it before is replaced.
///
/// Whenever this alters something, everything cached becomes worthless, as after any other change of the schema. Once the
/// table is altered or gets another unique index, it is to be watched again; until then nothing is served from a cache.
///
/// # Errors
/// [`InstallError`].
pub async fn watch(
    connection: &mut SqliteConnection,
    table: &str,
    columns: &[&str],
) -> Result<(), InstallError> {
    let mut transaction = connection.begin_with(AS_WRITER).await?;
    if version(&mut transaction).await?.is_none() {
        return Err(InstallError::NotInstalled);
    }
    let described = Table::describe(&mut transaction, table).await?;
    let columns = known_columns(&described, columns)?;
    let list = serde_json::Value::from(columns.clone()).to_string();
    if recorded(&mut transaction, table).await?.as_ref() == Some(&list)
        && missing_trigger(&mut transaction, &described, &columns).await?.is_none()
    {
        return Ok(());
    }
    drop_triggers(&mut transaction, table).await?;
    for trigger in triggers(&described, &columns) {
        sqlx::raw_sql(AssertSqlSafe(trigger.sql)).execute(&mut *transaction).await?;
    }
    sqlx::query("insert or replace into larder_watch (relation, columns) values (?1, ?2)")
        .bind(table)
        .bind(list)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// Ends the reports of a table's changes. The table may be gone already.
///
/// # Errors
/// [`InstallError::Database`].
pub async fn unwatch(connection: &mut SqliteConnection, table: &str) -> Result<(), InstallError> {
    let mut transaction = connection.begin_with(AS_WRITER).await?;
    drop_triggers(&mut transaction, table).await?;
    sqlx::query("delete from larder_watch where relation = ?1")
        .bind(table)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// Why changes go unreported; `None` where every trigger stands as it was put up.
pub(super) async fn unwatched(connection: &mut SqliteConnection) -> Result<Option<String>, sqlx::Error> {
    let watched: Vec<(String, String)> =
        sqlx::query_as("select relation, columns from larder_watch").fetch_all(&mut *connection).await?;
    for (table, columns) in watched {
        let columns: Vec<String> = serde_json::from_str(&columns).unwrap_or_default();
        let described = match Table::describe(connection, &table).await {
            Ok(described) => described,
            Err(InstallError::Database(error)) => return Err(error),
            Err(error) => return Ok(Some(error.to_string())),
        };
        if let Some(missing) = missing_trigger(connection, &described, &columns).await? {
            return Ok(Some(format!(
                "the trigger `{missing}` does not stand as it should; watch `{table}` again"
            )));
        }
    }
    Ok(None)
}

async fn missing_trigger(
    connection: &mut SqliteConnection,
    table: &Table,
    columns: &[String],
) -> Result<Option<String>, sqlx::Error> {
    let standing: Vec<(String, String)> =
        sqlx::query_as("select name, sql from sqlite_schema where type = 'trigger' and tbl_name = ?1")
            .bind(&table.name)
            .fetch_all(connection)
            .await?;
    let standing: HashMap<String, String> = standing.into_iter().collect();
    let is_missing = |sql: Option<&String>, wanted: &String| sql != Some(wanted);
    Ok(triggers(table, columns)
        .into_iter()
        .find(|trigger| is_missing(standing.get(&trigger.name), &trigger.sql))
        .map(|trigger| trigger.name))
}

/// The version of the tables of changes, if they are there.
async fn version(connection: &mut SqliteConnection) -> Result<Option<i64>, sqlx::Error> {
    let tables: i64 = sqlx::query_scalar("select count(*) from sqlite_schema where name = 'larder_state'")
        .fetch_one(&mut *connection)
        .await?;
    if tables == 0 {
        return Ok(None);
    }
    sqlx::query_scalar("select version from larder_state").fetch_optional(connection).await
}

fn known_columns(table: &Table, columns: &[&str]) -> Result<Vec<String>, InstallError> {
    let mut known: Vec<String> = Vec::new();
    for &column in columns {
        if !table.columns.iter().any(|name| name == column) {
            let (table, column) = (table.name.clone(), column.to_owned());
            return Err(InstallError::NoSuchColumn { table, column });
        }
        if !known.iter().any(|name| name == column) {
            known.push(column.to_owned());
        }
    }
    Ok(known)
}

async fn recorded(connection: &mut SqliteConnection, table: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select columns from larder_watch where relation = ?1")
        .bind(table)
        .fetch_optional(connection)
        .await
}

async fn drop_triggers(connection: &mut SqliteConnection, table: &str) -> Result<(), sqlx::Error> {
    for name in names(table) {
        let drop = format!("drop trigger if exists {}", identifier(&name));
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut *connection).await?;
    }
    Ok(())
}
