//! What can go wrong between a request and its database.

use sqlx::postgres::PgDatabaseError;

/// Why a read or write of listings failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Every connection is in use and the waiting room is full, or the wait was too long. Trying again later helps.
    #[error("the database is busy: no connection became free in time")]
    Busy,
    /// The database took longer than it may. Trying again later may help.
    #[error("the database took too long to answer")]
    TooSlow,
    /// The database does not answer. Trying again helps once it is back.
    #[error("the database does not answer: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The database went away while it was asked to keep a change. Whether it has is not known.
    #[error("the database went away while it kept a change: it may have been kept or not")]
    Unknown,
    /// The database may only be read.
    #[error("the database may only be read")]
    ReadOnly,
    /// The database refused, or its answer makes no sense: an error of ours or a damaged database.
    #[error("the database refused: {0}")]
    Refused(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return StoreError::Busy;
        }
        if is_dead_connection(&error) || matches!(error, sqlx::Error::PoolClosed | sqlx::Error::Tls(_)) {
            return StoreError::Unavailable(error);
        }
        match code(&error).as_deref() {
            // query_canceled: what `statement_timeout` does
            Some("57014") => StoreError::TooSlow,
            // too_many_connections, cannot_connect_now, lock_not_available, serialization_failure, deadlock_detected;
            // SQLITE_BUSY and its kinds
            Some("53300" | "57P03" | "55P03" | "40001" | "40P01" | "5" | "261" | "517" | "773") => {
                StoreError::Busy
            }
            // read_only_sql_transaction; SQLITE_READONLY and its kinds
            Some("25006" | "8" | "264" | "520" | "776" | "1032" | "1288" | "1544") => StoreError::ReadOnly,
            _ => StoreError::Refused(error),
        }
    }
}

/// Whether the connection died, so that another may do better: cut, or its server process was ended.
/// Codes: PostgreSQL, appendix A, class 57 (operator intervention) and 08 (connection exception).
pub(super) fn is_dead_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.try_downcast_ref::<PgDatabaseError>().is_some_and(|error| {
            matches!(error.code(), "57P01" | "57P02" | "57P05") || error.code().starts_with("08")
        }),
        _ => false,
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}
