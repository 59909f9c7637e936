//! Another program that writes listings, and tells of each change what the database's own triggers would.

use std::collections::HashMap;
use std::sync::Arc;

use larder::freshness::{Change, Dependency, Happened, RowValues, Xid};
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};

use crate::stores::TestStore;

pub(crate) struct Writer {
    database: Database,
    rows: HashMap<i64, Row>,
}

enum Database {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

/// A row's version, and its watched columns as JSON.
type Row = (i64, String);

const IN_POSTGRES: &str = "select id::bigint, version, jsonb_build_object('status', status, 'kind', kind, \
    'location', location, 'price', price, 'floor_area', floor_area, 'bedrooms', bedrooms, 'bathrooms', bathrooms, \
    'latitude', latitude, 'longitude', longitude, \
    'created_at', (extract(epoch from created_at) * 1000000)::bigint, \
    'search_text', tsvector_to_array(search_text))::text from properties_property";

const IN_SQLITE: &str = "select id, version, json_object('status', status, 'kind', kind, 'location', location, \
    'price_cents', price_cents, 'floor_area', floor_area, 'bedrooms', bedrooms, 'bathrooms', bathrooms, \
    'latitude', latitude, 'longitude', longitude, 'created_at', created_at) from properties_property";

impl Writer {
    pub(crate) async fn of(test: &TestStore) -> Writer {
        let database = if test.is_sqlite() {
            Database::Sqlite(SqlitePool::connect(&test.url).await.unwrap())
        } else {
            Database::Postgres(PgPool::connect(&test.url).await.unwrap())
        };
        Writer { rows: rows(&database).await, database }
    }

    pub(crate) fn ids(&self) -> Vec<i64> {
        let mut ids: Vec<i64> = self.rows.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// Runs a statement and returns what it changed.
    pub(crate) async fn write(&mut self, sql: &str) -> Vec<Change> {
        let statement = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match &self.database {
            Database::Postgres(pool) => statement.execute(pool).await.map(drop),
            Database::Sqlite(pool) => statement.execute(pool).await.map(drop),
        }
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
        let before = std::mem::replace(&mut self.rows, rows(&self.database).await);
        let mut ids: Vec<i64> = before.keys().chain(self.rows.keys()).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|id| before.get(id) != self.rows.get(id));
        ids.into_iter().map(|id| change(id, before.get(&id), self.rows.get(&id))).collect()
    }

    /// A price as the column has it.
    pub(crate) fn price(&self, cents: i64) -> String {
        match self.database {
            Database::Postgres(_) => format!("{cents} / 100.0"),
            Database::Sqlite(_) => cents.to_string(),
        }
    }

    pub(crate) fn price_column(&self) -> &'static str {
        match self.database {
            Database::Postgres(_) => "price",
            Database::Sqlite(_) => "price_cents",
        }
    }

    /// Only PostgreSQL can hold a price below 0, or one that is no number; other programs may have written such.
    pub(crate) fn has_odd_prices(&self) -> bool {
        matches!(self.database, Database::Postgres(_))
    }
}

async fn rows(database: &Database) -> HashMap<i64, Row> {
    let rows: Vec<(i64, i64, String)> = match database {
        Database::Postgres(pool) => sqlx::query_as(IN_POSTGRES).fetch_all(pool).await.unwrap(),
        Database::Sqlite(pool) => sqlx::query_as(IN_SQLITE).fetch_all(pool).await.unwrap(),
    };
    rows.into_iter().map(|(id, version, json)| (id, (version, json))).collect()
}

fn change(id: i64, old: Option<&Row>, new: Option<&Row>) -> Change {
    let values = |row: &Row| RowValues::of_json(&serde_json::from_str(&row.1).unwrap()).unwrap();
    let happened = Happened::Row { id: id.into(), old: old.map(values), new: new.map(values) };
    Change { xid: Xid(1), table: Arc::from("properties_property"), happened }
}

pub(crate) fn touch(changes: &[Change], dependencies: &[Dependency]) -> bool {
    dependencies.iter().any(|dependency| changes.iter().any(|change| dependency.is_touched_by(change)))
}
