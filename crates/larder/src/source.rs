//! Who says what is true: the database, seen as the place where changes come from.

pub mod postgres;
pub mod sqlite;

use std::time::Duration;

use crate::freshness::{Poll, Snapshot};

/// A database that can say what happened in it.
///
/// The contract, which the tests hold every source to: a poll is one look at one moment. Its snapshot, its changes and its
/// incarnation are of that moment, and its changes are exactly those that its snapshot sees and `seen` did not. Whatever was
/// committed before the poll was sent, it sees.
pub trait Source: Send + 'static {
    /// Asks what happened since `seen`; with `None`, only where things stand. One poll is under way at a time. Whoever gives
    /// up waiting drops it; the next poll must then work all the same.
    fn poll(&mut self, seen: Option<&Snapshot>) -> impl Future<Output = Result<Poll, SourceError>> + Send;

    /// Whether everything that reports changes stands as it was put up. Costs more than a poll, and is asked for every few
    /// seconds.
    fn check(&mut self) -> impl Future<Output = Result<(), SourceError>> + Send;

    /// Whether every change since the floor of this life is sure to have been reported: whatever keeps changes from being
    /// reported for a while begins a new life. Then a node can judge what others kept before it started.
    fn remembers(&mut self) -> impl Future<Output = Result<bool, SourceError>> + Send;

    /// Deletes changes older than `age` and raises the floor with them.
    fn prune(&mut self, age: Duration) -> impl Future<Output = Result<(), SourceError>> + Send;
}

/// Why a source did not say what happened.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The database does not answer, or not this.
    #[error("the database cannot be asked what changed: {0}")]
    Unreachable(#[from] sqlx::Error),
    /// It answered what no source answers.
    #[error("the database's answer about its changes makes no sense: {0}")]
    Senseless(String),
    /// Changes may happen that nobody hears of: nothing can be served from a cache.
    #[error("changes are not reported: {0}")]
    Unwatched(String),
    /// This is a standby: its snapshots do not tell which transactions are open.
    #[error("the database is a standby; larder needs the primary")]
    Standby,
}

impl SourceError {
    /// Whether nobody has said anything at all.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(self, SourceError::Unreachable(error) if !matches!(error, sqlx::Error::Database(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_refuses_is_not_silent() {
        assert!(SourceError::from(sqlx::Error::PoolTimedOut).is_silence());
        assert!(
            SourceError::from(sqlx::Error::Io(std::io::ErrorKind::ConnectionRefused.into())).is_silence()
        );
        assert!(!SourceError::Senseless("odd".into()).is_silence());
        assert!(!SourceError::Unwatched("a trigger is gone".into()).is_silence());
    }
}
