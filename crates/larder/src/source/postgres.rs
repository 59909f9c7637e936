//! PostgreSQL as the place where changes come from.

/// The stamp of a statement: the snapshot that it reads in, or null where it must not be kept: in a transaction that writes
/// (it sees its own rows, and its snapshot does not tell), and on a standby (its snapshots do not name open transactions).
pub const STAMP: &str = "case when pg_current_xact_id_if_assigned() is null and not pg_is_in_recovery() \
                         then pg_current_snapshot()::text end";

/// A query that gives the rows of `query` in their order, each with its stamp in the column `larder_stamp`; where there are
/// no rows, one row of nulls with the stamp.
#[must_use]
pub fn stamped(query: &str) -> String {
    format!(
        "select larder_rows.*, larder_stamp.larder_stamp from (select {STAMP} as larder_stamp) as larder_stamp \
         left join ({query}) as larder_rows on true"
    )
}
