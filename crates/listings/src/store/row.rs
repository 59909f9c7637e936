//! From a database row, the same in both databases, to a listing.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, FromRow, Row as DatabaseRow, Type};

use crate::{Kind, Price, Property, Status};

/// A row type that both databases can be read into.
pub(crate) trait Fetch:
    for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin + 'static
{
}

impl<T> Fetch for T where
    T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin + 'static
{
}

/// A row of a stamped statement ([`super::Dialect::stamped`]).
pub(crate) struct Stamped<Row> {
    /// The snapshot that the statement read in; `None` where its answer must not be kept.
    pub(super) stamp: Option<String>,
    /// `None` where the statement found nothing: its one row is there for the stamp.
    pub(super) row: Option<Row>,
}

impl<'r, Source, Row> FromRow<'r, Source> for Stamped<Row>
where
    Source: DatabaseRow,
    Row: FromRow<'r, Source>,
    &'static str: ColumnIndex<Source>,
    Option<String>: Decode<'r, Source::Database> + Type<Source::Database>,
    Option<bool>: Decode<'r, Source::Database> + Type<Source::Database>,
{
    fn from_row(source: &'r Source) -> sqlx::Result<Self> {
        let is_row: Option<bool> = source.try_get("larder_row")?;
        Ok(Stamped {
            stamp: source.try_get("larder_stamp")?,
            row: is_row.map(|_| Row::from_row(source)).transpose()?,
        })
    }
}

/// The columns of [`super::Dialect::columns`], in the types that both databases have.
#[derive(FromRow)]
pub(crate) struct PropertyRow {
    id: i64,
    title: String,
    description: String,
    price_cents: Option<i64>,
    location: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
    status: String,
    kind: String,
    bedrooms: Option<i32>,
    bathrooms: Option<i32>,
    floor_area: Option<i32>,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

impl From<PropertyRow> for Property {
    fn from(row: PropertyRow) -> Property {
        Property {
            id: row.id,
            title: row.title,
            description: row.description,
            price: row.price_cents.map(Price::from_cents),
            location: row.location,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
            // Check constraints keep both columns to our words; a word from nowhere must not be shown to the public.
            status: Status::named(&row.status).unwrap_or(Status::Withdrawn),
            kind: Kind::named(&row.kind).unwrap_or(Kind::Other),
            bedrooms: row.bedrooms,
            bathrooms: row.bathrooms,
            floor_area: row.floor_area,
            latitude: row.latitude,
            longitude: row.longitude,
        }
    }
}
