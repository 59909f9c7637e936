//! The shutdown: waiting for what is in flight, but not for ever.

use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{interval, sleep, timeout};
use tracing::{error, info, warn};

use super::lifecycle::Lifecycle;
use super::limits::Limits;

/// How the connections that were open at the shutdown came to their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Ended in order, with every response that was in flight.
    pub finished: usize,
    /// Cut at the deadline, or at the second signal.
    pub cut: usize,
}

pub(super) async fn drain(mut connections: JoinSet<()>, limits: &Limits, lifecycle: &Lifecycle) -> Drained {
    let open = connections.len();
    info!(open, "no new connections; finishing what is in flight");
    tokio::select! {
        () = all_ended(&mut connections) => {}
        () = sleep(limits.drain_time) => {}
        () = lifecycle.ending() => {}
    }
    let cut = connections.len();
    cut_off(connections, limits).await;
    info!(finished = open - cut, cut, "all connections are closed");
    Drained { finished: open - cut, cut }
}

async fn all_ended(connections: &mut JoinSet<()>) {
    const REPORT_INTERVAL: Duration = Duration::from_secs(1);
    let mut report = interval(REPORT_INTERVAL);
    report.tick().await;
    loop {
        tokio::select! {
            ended = connections.join_next() => match ended {
                Some(ended) => note_end(ended),
                None => return,
            },
            _ = report.tick() => info!(open = connections.len(), "still in flight"),
        }
    }
}

/// A task can only be cut where it awaits, so this too has its limit.
async fn cut_off(mut connections: JoinSet<()>, limits: &Limits) {
    connections.abort_all();
    if timeout(limits.abort_time, all_ended(&mut connections)).await.is_err() {
        warn!(open = connections.len(), "handlers that never yield are left behind");
    }
}

/// A panic outside of a handler, such as in the body of a response, ends one connection alone.
pub(super) fn note_end(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        error!(%error, "a connection ended in a panic");
    }
}
