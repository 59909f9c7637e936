//! How connections come in: at most so many at once, and no error ends it.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tracing::{debug, warn};

use super::counts::{OpenConnection, ServerCounts};
use super::limits::Limits;

/// Hands over one connection after another.
pub(super) struct Gate {
    listener: TcpListener,
    slots: Arc<Semaphore>,
    limits: Limits,
    counts: Arc<ServerCounts>,
}

/// A client, with the slot that it takes while the connection lasts.
pub(super) struct Arrival {
    pub(super) socket: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) slot: Slot,
}

/// A place among the connections that may be open at once; free again when dropped.
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
    _open: OpenConnection,
}

impl Gate {
    pub(super) fn new(listener: TcpListener, limits: Limits, counts: Arc<ServerCounts>) -> Self {
        Self {
            listener,
            slots: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
            limits,
            counts,
        }
    }

    /// The next connection. The slot comes first: while none is free, clients wait in the kernel,
    /// where they cost next to nothing. Loses no connection when it is cancelled.
    pub(super) async fn next(&self) -> Arrival {
        let permit = Arc::clone(&self.slots).acquire_owned().await.expect("the semaphore is never closed");
        let (socket, peer) = self.accepted().await;
        Arrival { socket, peer, slot: Slot { _permit: permit, _open: self.counts.open_connection() } }
    }

    async fn accepted(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((socket, peer)) => {
                    send_small_writes_at_once(&socket);
                    return (socket, peer);
                }
                Err(error) => self.get_over(&error).await,
            }
        }
    }

    async fn get_over(&self, error: &io::Error) {
        self.counts.count_accept_error();
        if concerns_one_client(error) {
            debug!(%error, "a client left before it was accepted");
            return;
        }
        warn!(%error, "accepting connections fails; resting");
        // The client that could not be accepted is still there, so accept would fail again at
        // once: without a rest this loop would take a whole processor.
        sleep(self.limits.accept_rest_time).await;
    }
}

/// accept(2) reports errors of the new connection as its own.
fn concerns_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}

/// Without this, Nagle's algorithm keeps the end of an answer back until the client acknowledges
/// the begin, which takes up to 40 ms.
fn send_small_writes_at_once(socket: &TcpStream) {
    if let Err(error) = socket.set_nodelay(true) {
        debug!(%error, "TCP_NODELAY was refused");
    }
}
