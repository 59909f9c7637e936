//! What the server counts, for the metrics page to read.

use std::array;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::refusal::Reason;

/// Counters of one server since its start.
///
/// Each is exact; two read one after the other need not belong to the same moment.
#[derive(Debug)]
pub struct ServerCounts {
    accepted: AtomicU64,
    open: AtomicU64,
    accept_errors: AtomicU64,
    write_stalls: AtomicU64,
    refused: [AtomicU64; Reason::ALL.len()],
}

impl ServerCounts {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            accepted: AtomicU64::new(0),
            open: AtomicU64::new(0),
            accept_errors: AtomicU64::new(0),
            write_stalls: AtomicU64::new(0),
            refused: array::from_fn(|_| AtomicU64::new(0)),
        })
    }

    /// Connections accepted.
    #[must_use]
    pub fn connections_accepted(&self) -> u64 {
        read(&self.accepted)
    }

    /// Connections open now (a gauge).
    #[must_use]
    pub fn connections_open(&self) -> u64 {
        read(&self.open)
    }

    /// Times that the operating system failed to hand over a connection.
    #[must_use]
    pub fn accept_errors(&self) -> u64 {
        read(&self.accept_errors)
    }

    /// Connections cut because the client did not take its answer.
    #[must_use]
    pub fn write_stalls(&self) -> u64 {
        read(&self.write_stalls)
    }

    /// Requests that the server itself answered with an error, by reason.
    pub fn refused(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        Reason::ALL.into_iter().zip(self.refused.iter().map(read))
    }

    pub(super) fn count_accept_error(&self) {
        add_one(&self.accept_errors);
    }

    pub(super) fn count_write_stall(&self) {
        add_one(&self.write_stalls);
    }

    pub(super) fn count_refusal(&self, reason: Reason) {
        add_one(&self.refused[reason as usize]);
    }

    pub(super) fn open_connection(self: &Arc<Self>) -> OpenConnection {
        add_one(&self.accepted);
        add_one(&self.open);
        OpenConnection(Arc::clone(self))
    }
}

/// Counts one connection as open for as long as it exists, however the connection ends.
#[derive(Debug)]
pub(super) struct OpenConnection(Arc<ServerCounts>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn add_one(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
