//! From serving to the end: who may ask for it, and who waits for it.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing::{info, warn};

/// How far the process has come. It only ever goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    Draining,
    Ending,
}

/// The state of the process that the server, the readiness page and the signals share.
///
/// Clones are the same lifecycle.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    stage: Arc<watch::Sender<Stage>>,
}

impl Lifecycle {
    /// A lifecycle at its begin: ready.
    #[must_use]
    pub fn new() -> Self {
        Self { stage: Arc::new(watch::Sender::new(Stage::Serving)) }
    }

    /// Whether new requests are welcome: false from the very moment that the shutdown begins.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self.stage.borrow() == Stage::Serving
    }

    /// Ends the service in an orderly way: what is in flight is finished, within
    /// [`drain_time`](super::Limits::drain_time).
    pub fn begin_shutdown(&self) {
        self.advance(Stage::Draining);
    }

    /// Ends the service at once: what is in flight is cut.
    pub fn end_now(&self) {
        self.advance(Stage::Ending);
    }

    /// Completes when the shutdown begins, or has begun.
    pub async fn draining(&self) {
        self.reached(Stage::Draining).await;
    }

    /// Completes when everything is to end at once.
    pub async fn ending(&self) {
        self.reached(Stage::Ending).await;
    }

    fn advance(&self, to: Stage) {
        self.stage.send_if_modified(|stage| {
            let forward = to > *stage;
            *stage = to.max(*stage);
            forward
        });
    }

    async fn reached(&self, stage: Stage) {
        // It fails only when the sender is gone, and `self` holds the sender.
        let _ = self.stage.subscribe().wait_for(|now| *now >= stage).await;
    }
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new()
    }
}

/// Lets SIGTERM and SIGINT end the service: the first in an orderly way, the second at once.
///
/// The signals are caught from this call on, not only once the future is polled: one that comes
/// in between must not kill the process. The future completes after the second signal.
///
/// # Errors
///
/// When the operating system refuses the signal handlers.
pub fn signals(lifecycle: Lifecycle) -> io::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let name = next(&mut terminate, &mut interrupt).await;
        info!("{name}: shutting down; once more ends at once");
        lifecycle.begin_shutdown();
        let name = next(&mut terminate, &mut interrupt).await;
        warn!("{name} again: ending at once");
        lifecycle.end_now();
    })
}

async fn next(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}
