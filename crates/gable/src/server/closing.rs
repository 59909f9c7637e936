//! The end of a connection, so that the last answer arrives.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, sink};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tracing::debug;

use super::Shared;
use super::connection::Ended;
use super::limits::Limits;
use super::refusal::{self, Reason, Refusal};
use super::stream::ClientStream;
use super::target;
use super::watchdog::Overdue;

/// Says what is left to say, and closes. `unparsed` is what was read but not understood.
pub(super) async fn close(shared: &Shared, ended: Ended, stream: ClientStream, unparsed: &[u8]) {
    debug!(?ended, "connection ends");
    let (mut socket, swallowed) = stream.into_parts();
    if let Some(refusal) = late_refusal(&ended, swallowed, unparsed, &shared.limits) {
        say(shared, &refusal, &path_of(unparsed), &mut socket).await;
    }
    if let Some(time) = linger_time(&ended, swallowed, &shared.limits) {
        linger(&mut socket, time, shared.limits.linger_bytes).await;
    }
    if matches!(ended, Ended::Overdue(Overdue::TakingTheAnswer)) {
        shared.counts.count_write_stall();
    }
}

async fn say(shared: &Shared, refusal: &Refusal, path: &str, socket: &mut TcpStream) {
    shared.note_refusal(refusal);
    let answer = refusal::wire_format(refusal, path, shared.refusal_page);
    // Whether it arrives is the client's concern now.
    let _ = timeout(shared.limits.write_stall_time, socket.write_all(&answer)).await;
}

/// The answer to a request that never became one.
fn late_refusal(ended: &Ended, swallowed: bool, unparsed: &[u8], limits: &Limits) -> Option<Refusal> {
    match ended {
        Ended::Finished(Err(error)) if swallowed => Some(unparsable(error, unparsed, limits)),
        Ended::Overdue(Overdue::Head) if !is_blank(unparsed) => {
            Some(Refusal::new(Reason::HeadTimeout, "the head of the request did not come in time"))
        }
        Ended::Finished(_) | Ended::Overdue(_) | Ended::LetGo => None,
    }
}

/// Some clients send an empty line too many after a request: that is not half of another one.
fn is_blank(unparsed: &[u8]) -> bool {
    unparsed.trim_ascii().is_empty()
}

fn unparsable(error: &hyper::Error, unparsed: &[u8], limits: &Limits) -> Refusal {
    if !error.is_parse_too_large() {
        return Refusal::new(Reason::Malformed, format!("not an HTTP request: {error}"));
    }
    let limit = limits.target_bytes;
    let request_line = unparsed.split(|byte| *byte == b'\n').next();
    if request_line.is_some_and(|line| line.len() > limit) {
        return target::too_long(&format!("more than {limit} bytes"), limit);
    }
    let (bytes, fields) = (limits.head_bytes, limits.header_fields);
    Refusal::new(
        Reason::HeadTooLarge,
        format!("the head of the request has more than {bytes} bytes or {fields} fields"),
    )
}

/// What would have been the path, to tell programs from people.
fn path_of(unparsed: &[u8]) -> String {
    const ENOUGH_BYTES: usize = 200;
    let start = &unparsed[..unparsed.len().min(ENOUGH_BYTES)];
    let mut words = start.split(|byte| *byte == b' ');
    let path = words.nth(1).unwrap_or_default();
    let path = path.split(|byte| *byte == b'?').next().unwrap_or_default();
    String::from_utf8_lossy(path).into_owned()
}

/// How long to wait for the client's end, where an answer may still be under way or unread: a hard
/// close would destroy it.
fn linger_time(ended: &Ended, swallowed: bool, limits: &Limits) -> Option<Duration> {
    match ended {
        Ended::Finished(Ok(())) | Ended::Overdue(Overdue::Head) => Some(limits.linger_time),
        Ended::Finished(Err(_)) => swallowed.then_some(limits.linger_time),
        Ended::LetGo => Some(limits.let_go_time),
        Ended::Overdue(_) => None,
    }
}

/// Closes our side, and reads until the client closes its own: RFC 9112, section 9.6. A socket
/// closed with input unread, or that receives more, is reset, and the reset overtakes the answer.
async fn linger(socket: &mut TcpStream, time: Duration, most_bytes: usize) {
    // It fails when the client has gone already; reading notices that too.
    let _ = socket.shutdown().await;
    let _ = timeout(time, discard(socket, most_bytes)).await;
}

async fn discard(socket: &mut TcpStream, most_bytes: usize) -> io::Result<u64> {
    copy(&mut socket.take(most_bytes as u64), &mut sink()).await
}
