//! The HTTP server: takes requests from the network to the routes, whatever clients do.
//!
//! It is an accept loop of our own on hyper's HTTP/1, because `axum::serve` has no limits of time
//! or number, and its shutdown waits for a request that is only half sent. Each connection is one
//! task; [`Limits`] says what it may take. What is wrong with a request as such (its host, its
//! encoding, its size) is refused here, so that the routes see only requests that make sense.
//!
//! ```text
//! accept ── connection ── front ── routes
//!           ├ stream      ├ target, host, request_body   (refusal)
//!           ├ watchdog    └ activity
//!           └ closing
//! drain ── lifecycle
//! ```

mod accept;
mod activity;
mod allowed_hosts;
mod closing;
mod connection;
mod counts;
mod drain;
mod front;
mod host;
mod lifecycle;
mod limits;
mod refusal;
mod request_body;
mod stream;
mod target;
mod watchdog;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, Method, Response, Uri};
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use self::allowed_hosts::{AllowedHosts, AllowedHostsError};
pub use self::counts::ServerCounts;
pub use self::drain::Drained;
pub use self::lifecycle::{Lifecycle, signals};
pub use self::limits::{BodyLimits, Limits};
pub use self::refusal::{Page, Reason, Refusal, RefusalPage, plain_page};

use self::accept::{Arrival, Gate};
use self::connection::attend;

/// A server before its start.
#[derive(Clone)]
pub struct Server {
    limits: Limits,
    allowed_hosts: AllowedHosts,
    lifecycle: Lifecycle,
    counts: Arc<ServerCounts>,
    refusal_page: RefusalPage,
    open_paths: &'static [&'static str],
    large_bodies: &'static [BodyLimits],
    shortcut: Shortcut,
}

/// Answers a request before the routes see it, or leaves it to them. It must not wait.
pub type Shortcut = Arc<dyn Fn(&Method, &Uri, &HeaderMap) -> Option<Response<Bytes>> + Send + Sync>;

/// What all connections have in common.
struct Shared {
    limits: Limits,
    allowed_hosts: AllowedHosts,
    lifecycle: Lifecycle,
    counts: Arc<ServerCounts>,
    refusal_page: RefusalPage,
    open_paths: &'static [&'static str],
    large_bodies: &'static [BodyLimits],
    shortcut: Shortcut,
    routes: Router,
}

impl Server {
    /// A server that refuses with [`plain_page`].
    #[must_use]
    pub fn new(limits: Limits, allowed_hosts: AllowedHosts, lifecycle: Lifecycle) -> Self {
        Self {
            limits,
            allowed_hosts,
            lifecycle,
            counts: ServerCounts::new(),
            refusal_page: plain_page,
            open_paths: &[],
            large_bodies: &[],
            shortcut: Arc::new(|_, _, _| None),
        }
    }

    /// The same with another answer to refused requests.
    #[must_use]
    pub fn with_refusal_page(self, refusal_page: RefusalPage) -> Self {
        Self { refusal_page, ..self }
    }

    /// The same with paths that may be asked for under any host: those who watch over many nodes call each by its address.
    #[must_use]
    pub fn with_open_paths(self, open_paths: &'static [&'static str]) -> Self {
        Self { open_paths, ..self }
    }

    /// The same with paths at which a body may be larger, or take longer, than elsewhere.
    #[must_use]
    pub fn with_large_bodies(self, large_bodies: &'static [BodyLimits]) -> Self {
        Self { large_bodies, ..self }
    }

    /// The same with answers for what need not go all the way to the routes. A request that is wrong as such never gets there.
    #[must_use]
    pub fn with_shortcut(self, shortcut: Shortcut) -> Self {
        Self { shortcut, ..self }
    }

    /// The counters of this server, to be read while it runs.
    #[must_use]
    pub fn counts(&self) -> Arc<ServerCounts> {
        Arc::clone(&self.counts)
    }

    /// Serves `routes` to whoever connects, until the lifecycle says that it ends.
    ///
    /// Then it accepts nobody more, lets idle connections go, finishes every request whose head
    /// has come, with `Connection: close`, and cuts what is left after
    /// [`drain_time`](Limits::drain_time). With the default limits it returns within 8 s of the
    /// begin of the shutdown, whatever clients do. Errors of the network never end it.
    ///
    /// Routes get requests in origin form, with one `Host` header and with the client's address
    /// as the extension `ConnectInfo<SocketAddr>`.
    pub async fn serve(self, listener: TcpListener, routes: Router) -> Drained {
        let gate = Gate::new(listener, self.limits, self.counts());
        let shared = Arc::new(self.shared(routes));
        let connections = admit_until_shutdown(gate, &shared).await;
        drain::drain(connections, &shared.limits, &shared.lifecycle).await
    }

    fn shared(self, routes: Router) -> Shared {
        Shared {
            limits: self.limits,
            allowed_hosts: self.allowed_hosts,
            lifecycle: self.lifecycle,
            counts: self.counts,
            refusal_page: self.refusal_page,
            open_paths: self.open_paths,
            large_bodies: self.large_bodies,
            shortcut: self.shortcut,
            routes,
        }
    }
}

/// Closes the listener on its return, so that the kernel refuses who comes then.
async fn admit_until_shutdown(gate: Gate, shared: &Arc<Shared>) -> JoinSet<()> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = shared.lifecycle.draining() => return connections,
            Some(ended) = connections.join_next() => drain::note_end(ended),
            arrival = gate.next() => admit(arrival, shared, &mut connections),
        }
    }
}

fn admit(arrival: Arrival, shared: &Arc<Shared>, connections: &mut JoinSet<()>) {
    let Arrival { socket, peer, slot } = arrival;
    let shared = Arc::clone(shared);
    connections.spawn(async move {
        attend(shared, socket, peer).await;
        drop(slot);
    });
}
