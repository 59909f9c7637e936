//! A batch written: by COPY and one UPDATE in PostgreSQL, in SQLite by statements of many rows.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::{AssertSqlSafe, PgConnection, SqliteConnection};

use super::plan::Step;
use crate::edit::update;
use crate::store::writing::Writing;
use crate::store::{Bind, Dialect, Statement, bulk_arguments};
use crate::write::{COPIED, copy_line, escaped, values};
use crate::{NewProperty, Price, StoreError};

/// The steps of a batch by their kind: their order among one another does not matter, since each is of another listing.
#[derive(Default)]
struct Sorted {
    inserts: Vec<(NewProperty, Option<String>)>,
    updates: Vec<(i64, NewProperty)>,
    names: Vec<(i64, String)>,
}

impl Sorted {
    fn of(steps: Vec<Step>) -> Sorted {
        let mut sorted = Sorted::default();
        for step in steps {
            match step {
                Step::Insert(new, reference) => sorted.inserts.push((new, reference)),
                Step::Update(id, with) => sorted.updates.push((id, with)),
                Step::Name(id, reference) => sorted.names.push((id, reference)),
            }
        }
        sorted
    }
}

impl Writing {
    /// Writes a batch.
    pub(super) async fn apply(&mut self, steps: Vec<Step>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sorted = Sorted::of(steps);
        match self.postgres() {
            Some(connection) => Ok(apply_together(connection, sorted, now).await?),
            None => self.apply_each(sorted, now).await,
        }
    }

    async fn apply_each(&mut self, sorted: Sorted, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut names = sorted.names;
        let dialect = self.dialect();
        if let Some(connection) = self.sqlite() {
            names.extend(insert_together(connection, dialect, sorted.inserts, now).await?);
        }
        for (id, with) in sorted.updates {
            let statement = update(self.dialect(), id, &with);
            self.execute(statement).await?;
        }
        if let Some(connection) = self.sqlite() {
            name_together(connection, &names).await?;
        }
        Ok(())
    }
}

/// Rows of one statement in SQLite: each statement is a way to its thread and back, which costs as much as some rows.
const ROWS_AT_ONCE: usize = 100;

/// Keeps new listings under ids that the table would give next, as nobody else writes meanwhile, and returns their references.
async fn insert_together(
    connection: &mut SqliteConnection,
    dialect: &Dialect,
    inserts: Vec<(NewProperty, Option<String>)>,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<(i64, String)>> {
    let first: i64 = sqlx::query_scalar(
        "select 1 + max(coalesce((select seq from sqlite_sequence where name = 'properties_property'), 0),
                        coalesce((select max(id) from properties_property), 0))",
    )
    .fetch_one(&mut *connection)
    .await?;
    let mut names = Vec::new();
    let rows: Vec<(i64, NewProperty)> = (first..)
        .zip(inserts)
        .map(|(id, (new, reference))| {
            names.extend(reference.map(|reference| (id, reference)));
            (id, new.created_by(now))
        })
        .collect();
    for chunk in rows.chunks(ROWS_AT_ONCE) {
        let Statement { sql, binds } = insert_rows(dialect, chunk);
        let query = sqlx::query_with(AssertSqlSafe(sql), bulk_arguments(&binds)?).persistent(false);
        query.execute(&mut *connection).await?;
    }
    Ok(names)
}

fn insert_rows(dialect: &Dialect, rows: &[(i64, NewProperty)]) -> Statement {
    let (mut sql, mut binds) = (String::from("insert into properties_property (id"), Vec::<Bind>::new());
    for (name, _) in rows.first().map(|(_, new)| values(dialect, new)).into_iter().flatten() {
        let _ = write!(sql, ", {name}");
    }
    sql.push_str(") values ");
    for (place, (id, new)) in rows.iter().enumerate() {
        binds.push((*id).into());
        let _ = write!(sql, "{}(${}", if place == 0 { "" } else { ", " }, binds.len());
        for (_, value) in values(dialect, new) {
            match value {
                Some(value) => {
                    binds.push(value);
                    let _ = write!(sql, ", ${}", binds.len());
                }
                None => sql.push_str(", null"),
            }
        }
        sql.push(')');
    }
    Statement { sql, binds }
}

async fn name_together(connection: &mut SqliteConnection, names: &[(i64, String)]) -> sqlx::Result<()> {
    for chunk in names.chunks(ROWS_AT_ONCE) {
        let rows: Vec<String> =
            (0..chunk.len()).map(|row| format!("(${}, ${})", 2 * row + 1, 2 * row + 2)).collect();
        let sql = format!("insert into gable_reference (property_id, reference) values {}", rows.join(", "));
        let binds: Vec<Bind> =
            chunk.iter().flat_map(|(id, name)| [(*id).into(), name.as_str().into()]).collect();
        let query = sqlx::query_with(AssertSqlSafe(sql), bulk_arguments(&binds)?).persistent(false);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn apply_together(
    connection: &mut PgConnection,
    sorted: Sorted,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let mut names = sorted.names;
    if !sorted.inserts.is_empty() {
        let ids = new_ids(connection, sorted.inserts.len()).await?;
        let mut lines = String::new();
        for (id, (new, reference)) in ids.into_iter().zip(sorted.inserts) {
            let _ = write!(lines, "{id}\t");
            copy_line(&mut lines, &new, now);
            names.extend(reference.map(|reference| (id, reference)));
        }
        copy(connection, &format!("copy properties_property (id, {COPIED}) from stdin"), lines).await?;
    }
    if !sorted.updates.is_empty() {
        update_together(connection, &sorted.updates).await?;
    }
    if !names.is_empty() {
        let mut lines = String::new();
        for (id, reference) in &names {
            let _ = writeln!(lines, "{}\t{id}", escaped(reference));
        }
        copy(connection, "copy gable_reference (reference, property_id) from stdin", lines).await?;
    }
    Ok(())
}

/// Ids that the table would give next: known before the rows are there, so that references can be kept with them.
async fn new_ids(connection: &mut PgConnection, count: usize) -> sqlx::Result<Vec<i64>> {
    let sql =
        "select nextval(pg_get_serial_sequence('properties_property', 'id')) from generate_series(1, $1)";
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    sqlx::query_scalar(sql).bind(count).persistent(false).fetch_all(connection).await
}

async fn copy(connection: &mut PgConnection, sql: &str, lines: String) -> sqlx::Result<()> {
    let mut copy = connection.copy_in_raw(sql).await?;
    copy.send(lines.into_bytes()).await?;
    copy.finish().await.map(drop)
}

async fn update_together(connection: &mut PgConnection, updates: &[(i64, NewProperty)]) -> sqlx::Result<()> {
    let texts =
        |text: fn(&NewProperty) -> &str| updates.iter().map(|(_, with)| text(with)).collect::<Vec<_>>();
    let counts = |count: fn(&NewProperty) -> Option<i32>| {
        updates.iter().map(|(_, with)| count(with)).collect::<Vec<_>>()
    };
    let degrees = |degree: fn(&NewProperty) -> Option<f64>| {
        updates.iter().map(|(_, with)| degree(with)).collect::<Vec<_>>()
    };
    let prices: Vec<Option<Decimal>> =
        updates.iter().map(|(_, with)| with.price().map(Price::decimal)).collect();
    sqlx::query(
        "update properties_property p
         set title = v.title, description = v.description, price = v.price, location = v.location, status = v.status,
             kind = v.kind, bedrooms = v.bedrooms, bathrooms = v.bathrooms, floor_area = v.floor_area,
             latitude = v.latitude, longitude = v.longitude
         from unnest($1::bigint[], $2::text[], $3::text[], $4::numeric[], $5::text[], $6::text[], $7::text[],
                     $8::integer[], $9::integer[], $10::integer[], $11::float8[], $12::float8[])
             as v(id, title, description, price, location, status, kind, bedrooms, bathrooms, floor_area, latitude, longitude)
         where p.id = v.id",
    )
    .bind(updates.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind(texts(|with| &with.fields().title))
    .bind(texts(|with| &with.fields().description))
    .bind(prices)
    .bind(texts(|with| &with.fields().location))
    .bind(texts(|with| with.fields().status.name()))
    .bind(texts(|with| with.kind().name()))
    .bind(counts(|with| with.fields().bedrooms))
    .bind(counts(|with| with.fields().bathrooms))
    .bind(counts(|with| with.fields().floor_area))
    .bind(degrees(|with| with.fields().latitude))
    .bind(degrees(|with| with.fields().longitude))
    .persistent(false)
    .execute(connection)
    .await
    .map(drop)
}
