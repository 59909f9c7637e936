//! A database in which nothing happens.

use std::time::Duration;

use larder::freshness::{Poll, PolledChanges, Snapshot, Xid};
use larder::incarnation::Incarnation;
use larder::source::{Source, SourceError};

/// A database in which nothing happens.
pub(crate) struct Silent;

impl Source for Silent {
    async fn poll(&mut self, _: Option<&Snapshot>) -> Result<Poll, SourceError> {
        Ok(Poll {
            incarnation: Incarnation::of(["one"]),
            snapshot: Snapshot::up_to(9),
            floor: Xid(0),
            changes: PolledChanges::All(Vec::new()),
        })
    }

    async fn check(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    async fn remembers(&mut self) -> Result<bool, SourceError> {
        Ok(false)
    }

    async fn prune(&mut self, _: Duration) -> Result<(), SourceError> {
        Ok(())
    }
}
