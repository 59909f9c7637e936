//! From serving to the end: who may ask for it, and who waits for it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{info, warn};

/// How far the process has come. It only ever goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    /// Everybody is served, and told to go elsewhere.
    Leaving,
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

    /// Whether new requests are welcome: false from the very moment that the end is near.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self.stage.borrow() == Stage::Serving
    }

    /// Lets who sends requests here notice that it ends soon, while everything is still served: readiness is over, and each
    /// answer is the last on its connection.
    pub fn give_notice(&self) {
        self.advance(Stage::Leaving);
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

    /// Completes when the end is near, or has come.
    pub async fn leaving(&self) {
        self.reached(Stage::Leaving).await;
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
/// SIGTERM is a supervisor's: the service goes on for `notice`, so that balancers hear of it before anybody is refused. SIGINT is
/// a person's at a terminal, who is not kept waiting.
///
/// The signals are caught from this call on, not only once the future is polled: one that comes
/// in between must not kill the process. The future completes after the second signal.
///
/// # Errors
///
/// When the operating system refuses the signal handlers.
pub fn signals(lifecycle: Lifecycle, notice: Duration) -> io::Result<impl Future<Output = ()> + Send> {
    let mut both = Signals::new()?;
    Ok(async move {
        let name = both.next().await;
        info!("{name}: shutting down; once more ends at once");
        if name == TERMINATE && !notice.is_zero() {
            info!(?notice, "not ready any more; serving until balancers have noticed");
            lifecycle.give_notice();
            tokio::select! {
                () = sleep(notice) => {}
                name = both.next() => return end(&lifecycle, name),
            }
        }
        lifecycle.begin_shutdown();
        end(&lifecycle, both.next().await);
    })
}

fn end(lifecycle: &Lifecycle, name: &str) {
    warn!("{name} again: ending at once");
    lifecycle.end_now();
}

const TERMINATE: &str = "SIGTERM";

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Signals> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Signals { terminate, interrupt })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => TERMINATE,
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
