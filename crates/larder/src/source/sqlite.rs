//! SQLite as the place where changes come from.

/// The stamp of a statement: the snapshot that it reads in.
pub const STAMP: &str = "(select (last + 1) || ':' || (last + 1) || ':' from larder_state)";

/// A query that gives the rows of `query` in their order, each with its stamp in the column `larder_stamp`; where there are
/// no rows, one row of nulls with the stamp.
#[must_use]
pub fn stamped(query: &str) -> String {
    format!(
        "select larder_rows.*, larder_stamp.larder_stamp from (select {STAMP} as larder_stamp) as larder_stamp \
         left join ({query}) as larder_rows on true"
    )
}
