//! Keeping new listings: one, or a million at once.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::store::{Bind, Dialect, Pool, PropertyRow, Statement, bulk_arguments};
use crate::{NewProperty, Property, Store, StoreError};

/// Listings between two calls of a progress function, and in one message of a COPY.
const BATCH: usize = 1_000;

impl Store {
    /// Keeps one listing and returns it as the database has it.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is kept.
    pub async fn insert(&self, new: &NewProperty) -> Result<Property, StoreError> {
        let statement = insert(self.dialect(), new);
        let rows = self.fetch_unrepeated::<PropertyRow>(statement).await?;
        rows.into_iter().next().map(Property::from).ok_or(StoreError::Refused(sqlx::Error::RowNotFound))
    }

    /// Keeps many listings in one transaction, after deleting all that are there if `flush` says so; `progress` hears
    /// after each thousand how many were sent. A listing without a time gets `now`.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is kept and nothing deleted.
    pub async fn insert_many(
        &self,
        new: impl Iterator<Item = NewProperty> + Send,
        flush: bool,
        now: DateTime<Utc>,
        progress: impl Fn(u64) + Send + Sync,
    ) -> Result<u64, StoreError> {
        match &self.pool {
            Pool::Postgres(pool) => {
                let mut connection = pool.acquire().await?;
                // Asked before the transaction: of two that have looked at a table in theirs, neither gets it alone.
                let seems_empty = is_empty(&mut connection).await?;
                let mut transaction = connection.begin().await?;
                let indexes = if seems_empty { take_indexes(&mut transaction).await? } else { Vec::new() };
                let kept = copy_many(&mut transaction, new, indexes, flush, now, progress).await?;
                sqlx::query("analyze properties_property").execute(&mut *transaction).await?;
                transaction.commit().await?;
                Ok(kept)
            }
            Pool::Sqlite(pool) => {
                let mut connection = pool.acquire().await?;
                // Takes the write lock at once: a transaction that began as a read could not get it later.
                let mut transaction = connection.begin_with("begin immediate").await?;
                let kept = insert_each(&mut transaction, self.dialect(), new, flush, now, progress).await?;
                sqlx::query("analyze").execute(&mut *transaction).await?;
                transaction.commit().await?;
                Ok(kept)
            }
        }
    }

    /// Keeps listings, in one transaction, where there are none at all; returns how many. Of several that try it at once,
    /// one does it.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is kept.
    pub async fn insert_into_empty(
        &self,
        new: impl Iterator<Item = NewProperty> + Send,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        match &self.pool {
            Pool::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                let kept = copy_into_empty(&mut transaction, new, now).await?;
                transaction.commit().await?;
                Ok(kept)
            }
            Pool::Sqlite(pool) => {
                let mut transaction = pool.begin_with("begin immediate").await?;
                let kept = insert_each_into_empty(&mut transaction, self.dialect(), new, now).await?;
                transaction.commit().await?;
                Ok(kept)
            }
        }
    }
}

async fn copy_into_empty(
    connection: &mut PgConnection,
    new: impl Iterator<Item = NewProperty>,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    // Locked before it is looked at, so that no other writer comes in between.
    sqlx::query("lock table properties_property in share row exclusive mode")
        .execute(&mut *connection)
        .await?;
    if is_empty(connection).await? { copy(connection, new, now, |_| {}).await } else { Ok(0) }
}

/// In a transaction that holds the write lock.
async fn insert_each_into_empty(
    connection: &mut SqliteConnection,
    dialect: &Dialect,
    new: impl Iterator<Item = NewProperty>,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let (has_rows,): (bool,) = sqlx::query_as("select exists (select 1 from properties_property)")
        .fetch_one(&mut *connection)
        .await?;
    if has_rows { Ok(0) } else { insert_each(connection, dialect, new, false, now, |_| {}).await }
}

pub(crate) fn insert(dialect: &Dialect, new: &NewProperty) -> Statement {
    let given: Vec<(&str, Bind)> =
        values(dialect, new).into_iter().filter_map(|(name, bind)| Some((name, bind?))).collect();
    let names = given.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let places = (1..=given.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
    Statement {
        sql: format!(
            "insert into properties_property ({names}) values ({places}) returning {}",
            dialect.columns
        ),
        binds: given.into_iter().map(|(_, bind)| bind).collect(),
    }
}

/// Every column that a writer sets, with its value; `None` leaves it to the database.
pub(crate) fn values(dialect: &Dialect, new: &NewProperty) -> [(&'static str, Option<Bind>); 12] {
    let fields = new.fields();
    [
        ("title", Some(Bind::from(fields.title.as_str()))),
        ("description", Some(Bind::from(fields.description.as_str()))),
        (dialect.price_column, new.price().map(dialect.money)),
        ("location", Some(Bind::from(fields.location.as_str()))),
        ("created_at", fields.created_at.map(dialect.time)),
        ("status", Some(Bind::from(fields.status.name()))),
        ("kind", Some(Bind::from(new.kind().name()))),
        ("bedrooms", fields.bedrooms.map(Bind::from)),
        ("bathrooms", fields.bathrooms.map(Bind::from)),
        ("floor_area", fields.floor_area.map(Bind::from)),
        ("latitude", fields.latitude.map(Bind::from)),
        ("longitude", fields.longitude.map(Bind::from)),
    ]
}

async fn insert_each(
    connection: &mut SqliteConnection,
    dialect: &Dialect,
    new: impl Iterator<Item = NewProperty>,
    flush: bool,
    now: DateTime<Utc>,
    progress: impl Fn(u64),
) -> Result<u64, StoreError> {
    if flush {
        sqlx::query("delete from properties_property").execute(&mut *connection).await?;
    }
    let mut kept = 0;
    for new in new {
        let Statement { sql, binds } = insert(dialect, &new.created_by(now));
        sqlx::query_with(AssertSqlSafe(sql), bulk_arguments(&binds)?).execute(&mut *connection).await?;
        kept += 1;
        if kept % BATCH as u64 == 0 {
            progress(kept);
        }
    }
    progress(kept);
    Ok(kept)
}

async fn copy_many(
    connection: &mut PgConnection,
    new: impl Iterator<Item = NewProperty>,
    indexes: Vec<String>,
    flush: bool,
    now: DateTime<Utc>,
    progress: impl Fn(u64),
) -> Result<u64, StoreError> {
    // One long statement at its own pace: the time limit for a reader's statement is not meant for it.
    sqlx::query("set local statement_timeout = 0").execute(&mut *connection).await?;
    if flush {
        sqlx::query("delete from properties_property").execute(&mut *connection).await?;
    }
    let kept = copy(connection, new, now, progress).await?;
    for index in indexes {
        sqlx::raw_sql(AssertSqlSafe(index)).execute(&mut *connection).await?;
    }
    Ok(kept)
}

async fn is_empty(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let (has_rows,): (bool,) =
        sqlx::query_as("select exists (select from properties_property)").fetch_one(connection).await?;
    Ok(!has_rows)
}

/// Drops the indexes of a table without any row and returns the statements that make them again: made at once over a
/// million rows they cost a third of being kept row by row. It locks the table until the transaction ends, which nobody
/// feels where there is nothing to read; where there are listings after all, the indexes stay.
async fn take_indexes(connection: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    sqlx::query("set local statement_timeout = 0").execute(&mut *connection).await?;
    sqlx::query("lock table properties_property in access exclusive mode").execute(&mut *connection).await?;
    if !is_empty(connection).await? {
        return Ok(Vec::new());
    }
    sqlx::query("set local maintenance_work_mem = '256MB'").execute(&mut *connection).await?;
    let indexes: Vec<(String, String)> =
        sqlx::query_as(DROP_AND_MAKE_INDEXES).fetch_all(&mut *connection).await?;
    for (drop, _) in &indexes {
        sqlx::raw_sql(AssertSqlSafe(drop.clone())).execute(&mut *connection).await?;
    }
    Ok(indexes.into_iter().map(|(_, make)| make).collect())
}

/// For each index that no constraint needs: the statement that drops it, and those that make it again with what
/// `pg_get_indexdef` leaves out, the statistics targets of its expressions.
const DROP_AND_MAKE_INDEXES: &str = "
    select format('drop index %s', indexrelid::regclass),
        pg_get_indexdef(indexrelid) || coalesce((
            select string_agg(
                format('; alter index %s alter column %s set statistics %s', indexrelid::regclass, attnum, attstattarget), '')
            from pg_attribute where attrelid = indexrelid and attstattarget > 0
        ), '')
    from pg_index
    where indrelid = 'properties_property'::regclass and not indisunique";

async fn copy(
    connection: &mut PgConnection,
    new: impl Iterator<Item = NewProperty>,
    now: DateTime<Utc>,
    progress: impl Fn(u64),
) -> Result<u64, StoreError> {
    let mut copy = connection.copy_in_raw(&format!("copy properties_property ({COPIED}) from stdin")).await?;
    let mut lines = String::new();
    let mut sent = 0;
    for new in new {
        copy_line(&mut lines, &new, now);
        sent += 1;
        if sent % BATCH as u64 == 0 {
            copy.send(std::mem::take(&mut lines).into_bytes()).await?;
            progress(sent);
        }
    }
    copy.send(lines.into_bytes()).await?;
    let kept = copy.finish().await?;
    progress(kept);
    Ok(kept)
}

/// The columns of [`copy_line`].
pub(crate) const COPIED: &str = "title, description, price, location, created_at, status, kind, bedrooms, bathrooms, \
                                 floor_area, latitude, longitude";

/// A text in COPY's text format.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

/// One line of COPY's text format (PostgreSQL, `COPY`, "Text Format"), columns in the order of the statement.
pub(crate) fn copy_line(line: &mut String, new: &NewProperty, now: DateTime<Utc>) {
    let fields = new.fields();
    let _ = writeln!(
        line,
        "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
        escaped(&fields.title),
        escaped(&fields.description),
        or_null(new.price()),
        escaped(&fields.location),
        fields.created_at.unwrap_or(now).to_rfc3339(),
        fields.status.name(),
        new.kind().name(),
        or_null(fields.bedrooms),
        or_null(fields.bathrooms),
        or_null(fields.floor_area),
        or_null(fields.latitude),
        or_null(fields.longitude),
    );
}

fn or_null(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "\\N".to_owned(), |value| value.to_string())
}
