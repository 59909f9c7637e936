//! How much of everything one client may take.

use std::time::Duration;

const KIBIBYTE: usize = 1024;
const MEBIBYTE: usize = 1024 * KIBIBYTE;

/// The limits of the server, each with its default in [`Limits::default`].
///
/// Sizes are in bytes as they come over the wire. Each limit is for one connection or one
/// request, except [`connections`](Self::connections) and the two that concern the shutdown.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections open at once (1,024). Who comes later waits in the kernel's backlog.
    pub connections: usize,
    /// The request target, which is path and query (8 KiB). Longer: 414.
    pub target_bytes: usize,
    /// The head: request line and header lines together (64 KiB). Larger: 431.
    pub head_bytes: usize,
    /// Header lines in a request (100). More: 431.
    pub header_fields: usize,
    /// The body of a request (1 MiB). Larger: 413.
    pub body_bytes: usize,
    /// From the first byte of a request to the end of its head (10 s), then 408. A new connection
    /// has as long for sending its first byte, and is closed without an answer after that.
    pub head_time: Duration,
    /// Between an answer and the next request on the same connection (75 s).
    pub idle_time: Duration,
    /// The same when all connections are taken (1 s): who is idle makes room for who waits.
    pub crowded_idle_time: Duration,
    /// Between two pieces of a request's body (10 s), then 408.
    pub body_chunk_time: Duration,
    /// For the whole of a request's body (60 s), then 408: a byte now and then is no progress.
    pub body_time: Duration,
    /// Between two pieces of an answer that the client takes (30 s); then the connection is cut.
    pub write_stall_time: Duration,
    /// For the whole of an answer when all connections are taken (60 s): who takes it drop by drop, or has been taking it for
    /// long, makes room for who waits. While there is room, an answer may take as long as it goes on.
    pub crowded_answer_time: Duration,
    /// After the last answer, for the client to notice the end and close its side (5 s).
    pub linger_time: Duration,
    /// The same for a connection that the shutdown finds idle (300 ms): long enough for the last
    /// answer to arrive where the client has sent more already, and no delay worth mentioning.
    pub let_go_time: Duration,
    /// What is read and thrown away in either time (64 MiB).
    pub linger_bytes: usize,
    /// From the begin of the shutdown to the cutting of what isn't finished (7 s).
    pub drain_time: Duration,
    /// For connections that have been cut to be gone (1 s).
    pub abort_time: Duration,
    /// Rest after an accept that failed for want of descriptors or memory (100 ms).
    pub accept_rest_time: Duration,
}

/// What another body than most may take, at one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimits {
    /// The path, whole.
    pub path: &'static str,
    /// In place of [`Limits::body_bytes`].
    pub bytes: usize,
    /// In place of [`Limits::body_time`].
    pub time: Duration,
}

impl Limits {
    /// The limits at a path.
    pub(super) fn at(&self, path: &str, others: &[BodyLimits]) -> Limits {
        match others.iter().find(|other| other.path == path) {
            Some(other) => Limits { body_bytes: other.bytes, body_time: other.time, ..*self },
            None => *self,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            target_bytes: 8 * KIBIBYTE,
            head_bytes: 64 * KIBIBYTE,
            header_fields: 100,
            body_bytes: MEBIBYTE,
            head_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(75),
            crowded_idle_time: Duration::from_secs(1),
            body_chunk_time: Duration::from_secs(10),
            body_time: Duration::from_mins(1),
            write_stall_time: Duration::from_secs(30),
            crowded_answer_time: Duration::from_mins(1),
            linger_time: Duration::from_secs(5),
            let_go_time: Duration::from_millis(300),
            linger_bytes: 64 * MEBIBYTE,
            drain_time: Duration::from_secs(7),
            abort_time: Duration::from_secs(1),
            accept_rest_time: Duration::from_millis(100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_a_shutdown_is_over_within_ten_seconds() {
        let limits = Limits::default();
        // Half a second each for the pool of connections and for threads that nobody waits for.
        let afterwards = Duration::from_secs(1);
        let margin = Duration::from_secs(1);
        assert!(limits.drain_time + limits.abort_time + afterwards + margin <= Duration::from_secs(10));
    }
}
