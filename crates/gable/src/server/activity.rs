//! What a connection is doing, as seen from its stream, its service and its responses.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

/// Where in the exchange of requests and responses a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// Accepted; nothing has come yet.
    Opening,
    /// A part of a request's head has come.
    Head,
    /// A request is with the routes, or its response is being made.
    Busy,
    /// The response is made; not all of it is sent.
    Flushing,
    /// All is sent; the next request may come.
    Idle,
}

impl Phase {
    /// Each at the place of its number.
    const ALL: [Phase; 5] = [Phase::Opening, Phase::Head, Phase::Busy, Phase::Flushing, Phase::Idle];
}

/// A phase, and what decides how long it may last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) phase: Phase,
    /// The client does not take what is there to be sent.
    pub(super) write_blocked: bool,
    /// Different after every step that starts the time allowed anew.
    pub(super) turn: u64,
    /// Which of its requests the connection is busy with, or was.
    pub(super) request: u64,
}

/// The moment of one connection, told by its parts and watched by its watchdog.
///
/// All of these belong to the connection's one task, so that nothing happens between one look and the next; they are atomic
/// because a task wanders from thread to thread, and take no lock because each answer passes here half a dozen times.
#[derive(Debug)]
pub(super) struct Activity {
    phase: AtomicU8,
    write_blocked: AtomicBool,
    turn: AtomicU64,
    request: AtomicU64,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            phase: AtomicU8::new(Phase::Opening as u8),
            write_blocked: AtomicBool::new(false),
            turn: AtomicU64::new(0),
            request: AtomicU64::new(0),
        })
    }

    pub(super) fn now(&self) -> Moment {
        Moment {
            phase: self.phase(),
            write_blocked: self.write_blocked.load(Relaxed),
            turn: self.turn.load(Relaxed),
            request: self.request.load(Relaxed),
        }
    }

    /// Nothing is promised to the client: it has its last response, and no request is complete.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.phase(), Phase::Opening | Phase::Head | Phase::Idle)
    }

    pub(super) fn bytes_came(&self) {
        self.step(&[Phase::Opening, Phase::Idle], Phase::Head);
    }

    /// Marks the begin of a request; the token, dropped, marks that its response is made.
    pub(super) fn request_came(self: &Arc<Self>) -> InHand {
        self.step(&[Phase::Opening, Phase::Head, Phase::Idle], Phase::Busy);
        next(&self.request);
        InHand(Arc::clone(self))
    }

    /// The stream has nothing left to send. While a response is being made this means nothing.
    pub(super) fn all_sent(&self) {
        self.step(&[Phase::Flushing], Phase::Idle);
    }

    pub(super) fn write_went(&self, blocked: bool) {
        if self.write_blocked.load(Relaxed) != blocked {
            self.write_blocked.store(blocked, Relaxed);
            next(&self.turn);
        }
    }

    fn response_made(&self) {
        self.step(&[Phase::Busy], Phase::Flushing);
    }

    fn phase(&self) -> Phase {
        let phase = self.phase.load(Relaxed);
        Phase::ALL[usize::from(phase)]
    }

    fn step(&self, from: &[Phase], to: Phase) {
        if from.contains(&self.phase()) {
            self.phase.store(to as u8, Relaxed);
            next(&self.turn);
        }
    }
}

/// The number after it, which only its own task gives it.
fn next(number: &AtomicU64) {
    number.store(number.load(Relaxed) + 1, Relaxed);
}

/// A request whose response isn't made yet.
#[derive(Debug)]
pub(super) struct InHand(Arc<Activity>);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.response_made();
    }
}

/// A response's body that says when it is done: hyper drops it after taking its last piece.
#[derive(Debug)]
pub(super) struct ResponseBody {
    content: Content,
    _in_hand: InHand,
}

#[derive(Debug)]
enum Content {
    /// All of it in one piece, until that is taken; none where it is empty.
    Whole(Option<Bytes>),
    /// Whatever a route makes.
    Made(Body),
}

impl ResponseBody {
    pub(super) fn new(body: Body, in_hand: InHand) -> Self {
        Self { content: Content::Made(body), _in_hand: in_hand }
    }

    /// A body of these bytes, which needs no place on the heap.
    pub(super) fn whole(bytes: Bytes, in_hand: InHand) -> Self {
        let bytes = Some(bytes).filter(|bytes| !bytes.is_empty());
        Self { content: Content::Whole(bytes), _in_hand: in_hand }
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match &mut self.content {
            Content::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Content::Made(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Whole(bytes) => bytes.is_none(),
            Content::Made(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Content::Made(body) => body.size_hint(),
        }
    }
}
