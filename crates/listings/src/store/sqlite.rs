//! Listings in a SQLite file.

use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Sqlite};

use super::dialect::{Dialect, SortKey};
use super::{Bind, Fetch, Statement};

/// Times are text of this one form, whoever writes them (a check constraint sees to that), so that their order as text
/// is their order in time.
const TIME_FORMAT: &str = "%Y-%m-%dT%H:%M:%S%.6fZ";

pub(super) const DIALECT: Dialect = Dialect {
    columns: "id, title, description, price_cents, location, created_at, updated_at, version, status, kind, \
              bedrooms, bathrooms, floor_area, latitude, longitude",
    location: "lower(location)",
    price: SortKey {
        ascending: "coalesce(price_cents, 1000000000000)",
        above_all: "1000000000000",
        descending: "coalesce(price_cents, -100)",
    },
    floor_area: SortKey {
        ascending: "coalesce(floor_area, 1000000000000)",
        above_all: "1000000000000",
        descending: "coalesce(floor_area, -100)",
    },
    text: ("id in (select rowid from properties_text where properties_text match ", ")"),
    terms: |terms| terms.words().iter().map(|word| format!("\"{word}\"*")).collect::<Vec<_>>().join(" "),
    money: |price| Bind::Integer(price.cents()),
    time: |time| Bind::Text(time.format(TIME_FORMAT).to_string()),
    price_column: "price_cents",
    // They are in a table of their own.
    words_column: None,
    watched: &[
        "status",
        "kind",
        "location",
        "price_cents",
        "floor_area",
        "bedrooms",
        "bathrooms",
        "latitude",
        "longitude",
        "created_at",
    ],
    stamped: larder::source::sqlite::stamped,
    locking: "",
    ids: ("id in (select value from json_each('[' || ", " || ']'))"),
    one_of_numbers: ("in (select value from json_each(", "))"),
    one_of_texts: ("in (select value from json_each(", "))"),
};

pub(super) async fn fetch<Row: Fetch>(
    mut connection: PoolConnection<Sqlite>,
    statement: &Statement,
) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as_with(AssertSqlSafe(statement.sql.clone()), arguments(&statement.binds)?)
        .fetch_all(&mut *connection)
        .await
}

pub(crate) fn arguments(binds: &[Bind]) -> sqlx::Result<SqliteArguments> {
    let mut arguments = SqliteArguments::default();
    for bind in binds {
        match bind {
            Bind::Text(text) => arguments.add(text.clone()),
            Bind::Integer(number) => arguments.add(*number),
            Bind::Float(number) => arguments.add(*number),
            // This dialect makes neither: money is bound as hundredths, a time as its text.
            Bind::Decimal(number) => arguments.add(number.to_string()),
            Bind::Timestamp(time) => arguments.add(time.format(TIME_FORMAT).to_string()),
            Bind::Bytes(bytes) => arguments.add(bytes.clone()),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
