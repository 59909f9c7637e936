//! SQLite as the place where changes come from.

use sqlx::{AssertSqlSafe, SqliteConnection};

/// The stamp of a statement: the snapshot that it reads in.
pub const STAMP: &str = "(select (last + 1) || ':' || (last + 1) || ':' from larder_state)";

/// A query that gives the rows of `query` in their order, each with its stamp in the column `larder_stamp` (text, null where
/// the answer must not be kept) and true in the column `larder_row`; where there are no rows, one row of nulls with the
/// stamp. The columns of `query` come first, in their order.
#[must_use]
pub fn stamped(query: &str) -> String {
    format!(
        "select larder_rows.*, larder_stamp.larder_stamp from (select {STAMP} as larder_stamp) as larder_stamp \
         left join (select larder_query.*, true as larder_row from ({query}) as larder_query) as larder_rows on true"
    )
}

/// Makes the tables that changes are written to, as far as they are not there.
///
/// # Errors
/// What the database says.
pub async fn install(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    sqlx::raw_sql(
        "create table if not exists larder_state (last integer not null);
         insert into larder_state select 0 where not exists (select 1 from larder_state);",
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Has every change of a table written down, with these columns.
///
/// # Errors
/// What the database says.
pub async fn watch(connection: &mut SqliteConnection, table: &str, _columns: &[&str]) -> sqlx::Result<()> {
    let trigger = format!(
        "create trigger if not exists larder_{table}_stand_in after insert on {table} when false begin select 1; end"
    );
    sqlx::raw_sql(AssertSqlSafe(trigger)).execute(connection).await?;
    Ok(())
}
