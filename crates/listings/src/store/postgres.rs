//! Listings in PostgreSQL.

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments, AssertSqlSafe, PgConnection, Postgres};

use super::dialect::{Dialect, SortKey};
use super::{Bind, Fetch, Statement};

pub(super) const DIALECT: Dialect = Dialect {
    columns: "id::bigint as id, title, description, (nullif(price, 'NaN') * 100)::bigint as price_cents, location, created_at, \
              updated_at, version, status, kind, bedrooms, bathrooms, floor_area, latitude, longitude",
    location: "lower(location collate \"C\")",
    price: SortKey {
        ascending: "coalesce(price, 10000000000)",
        above_all: "10000000000",
        descending: "coalesce(price, -1)",
    },
    floor_area: SortKey {
        ascending: "coalesce(floor_area, 1000000000000)",
        above_all: "1000000000000",
        descending: "coalesce(floor_area, -100)",
    },
    text: ("search_text @@ to_tsquery('simple', ", ")"),
    terms: |terms| terms.words().iter().map(|word| format!("{word}:*")).collect::<Vec<_>>().join(" & "),
    money: |price| Bind::Decimal(price.decimal()),
    time: Bind::Timestamp,
    price_column: "price",
    words_column: Some("search_text"),
    watched: &[
        "status",
        "kind",
        "location",
        "price",
        "floor_area",
        "bedrooms",
        "bathrooms",
        "latitude",
        "longitude",
        "created_at",
        "search_text",
    ],
    stamped: larder::source::postgres::stamped,
    locking: " for update",
    ids: ("id = any(string_to_array(", ", ',')::bigint[])"),
    // As an array that is made once: so it is looked up in the index, however many there are.
    one_of_numbers: ("= any(array(select jsonb_array_elements_text(", "::jsonb)::bigint))"),
    one_of_texts: ("= any(array(select jsonb_array_elements_text(", "::jsonb)))"),
};

/// Statements are not kept prepared: PostgreSQL then plans each for the values that it is asked with, which matters
/// where one status holds nearly every row.
pub(super) async fn fetch<Row: Fetch>(
    connection: PoolConnection<Postgres>,
    statement: &Statement,
) -> sqlx::Result<Vec<Row>> {
    let arguments = arguments(&statement.binds)?;
    let mut connection = Occupied(Some(connection));
    let rows = sqlx::query_as_with(AssertSqlSafe(statement.sql.clone()), arguments)
        .persistent(false)
        .fetch_all(connection.get())
        .await;
    connection.give_back();
    rows
}

/// A connection in the middle of an answer. Dropped there, because nothing comes any more, it leaves the pool: going
/// back to it would mean to wait for the rest.
struct Occupied(Option<PoolConnection<Postgres>>);

impl Occupied {
    fn get(&mut self) -> &mut PgConnection {
        self.0.as_mut().expect("only giving it back takes it")
    }

    fn give_back(mut self) {
        self.0 = None;
    }
}

impl Drop for Occupied {
    fn drop(&mut self) {
        drop(self.0.take().map(PoolConnection::detach));
    }
}

pub(crate) fn arguments(binds: &[Bind]) -> sqlx::Result<PgArguments> {
    let mut arguments = PgArguments::default();
    for bind in binds {
        match bind {
            Bind::Text(text) => arguments.add(text),
            Bind::Integer(number) => arguments.add(number),
            Bind::Float(number) => arguments.add(number),
            Bind::Decimal(number) => arguments.add(number),
            Bind::Timestamp(time) => arguments.add(time),
            Bind::Bytes(bytes) => arguments.add(bytes),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
