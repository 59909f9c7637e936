//! One connection, from its first byte to its end.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Shared;
use super::activity::Activity;
use super::closing;
use super::front::Front;
use super::host::AdmittedHost;
use super::limits::Limits;
use super::stream::ClientStream;
use super::watchdog::{Overdue, Watchdog};

type Connection = http1::Connection<TokioIo<ClientStream>, Front>;

/// Why a connection ends.
#[derive(Debug)]
pub(super) enum Ended {
    /// hyper is done with it.
    Finished(hyper::Result<()>),
    /// The client took too long.
    Overdue(Overdue),
    /// The server shuts down, and nothing was in flight here.
    LetGo,
}

/// Serves the requests of one client until one of the two, or the shutdown, ends the connection.
pub(super) async fn attend(shared: Arc<Shared>, socket: TcpStream, peer: SocketAddr) {
    let activity = Activity::new();
    let mut connection = protocol(&shared.limits).serve_connection(
        TokioIo::new(ClientStream::new(socket, Arc::clone(&activity))),
        Front {
            shared: Arc::clone(&shared),
            activity: Arc::clone(&activity),
            peer,
            host: AdmittedHost::default(),
        },
    );
    let ended = drive(&shared, &activity, &mut connection).await;
    let parts = connection.into_parts();
    closing::close(&shared, ended, parts.io.into_inner(), &parts.read_buf).await;
}

fn protocol(limits: &Limits) -> http1::Builder {
    /// hyper's own default, for which it has room on the stack.
    const DEFAULT_HEADER_FIELDS: usize = 100;
    /// Room for a body after a head of the largest size.
    const BODY_BUFFER_BYTES: usize = 16 * 1024;
    let mut protocol = http1::Builder::new();
    protocol
        .header_read_timeout(None)
        .max_header_size(limits.head_bytes)
        .max_buf_size(limits.head_bytes + BODY_BUFFER_BYTES);
    if limits.header_fields != DEFAULT_HEADER_FIELDS {
        protocol.max_headers(limits.header_fields);
    }
    protocol
}

async fn drive(shared: &Shared, activity: &Arc<Activity>, connection: &mut Connection) -> Ended {
    let counts = Arc::clone(&shared.counts);
    let mut watchdog = Watchdog::new(Arc::clone(activity), counts, shared.limits);
    let mut draining = pin!(shared.lifecycle.draining());
    let mut told = false;
    loop {
        // In this order: a request that is there already is taken before the shutdown is noticed,
        // and the watchdog sees the moment that the connection has just reached.
        tokio::select! {
            biased;
            outcome = &mut *connection => return Ended::Finished(outcome),
            () = &mut draining, if !told => {
                if activity.is_waiting() {
                    return Ended::LetGo;
                }
                finish_what_is_in_flight(connection);
                told = true;
            }
            overdue = poll_fn(|context| watchdog.poll_overdue(context)) => {
                return Ended::Overdue(overdue);
            }
        }
    }
}

/// The response in the making says `Connection: close`; after it, hyper is done.
fn finish_what_is_in_flight(connection: &mut Connection) {
    Pin::new(connection).graceful_shutdown();
}
