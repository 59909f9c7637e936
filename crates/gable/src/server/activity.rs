//! What a connection is doing, as seen from its stream, its service and its responses.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

/// Where in the exchange of requests and responses a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Debug)]
pub(super) struct Activity {
    moment: Mutex<Moment>,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        let start = Moment { phase: Phase::Opening, write_blocked: false, turn: 0, request: 0 };
        Arc::new(Self { moment: Mutex::new(start) })
    }

    pub(super) fn now(&self) -> Moment {
        self.with(|moment| *moment)
    }

    /// Nothing is promised to the client: it has its last response, and no request is complete.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.now().phase, Phase::Opening | Phase::Head | Phase::Idle)
    }

    pub(super) fn bytes_came(&self) {
        self.step(&[Phase::Opening, Phase::Idle], Phase::Head);
    }

    /// Marks the begin of a request; the token, dropped, marks that its response is made.
    pub(super) fn request_came(self: &Arc<Self>) -> InHand {
        self.step(&[Phase::Opening, Phase::Head, Phase::Idle], Phase::Busy);
        self.with(|moment| moment.request += 1);
        InHand(Arc::clone(self))
    }

    /// The stream has nothing left to send. While a response is being made this means nothing.
    pub(super) fn all_sent(&self) {
        self.step(&[Phase::Flushing], Phase::Idle);
    }

    pub(super) fn write_went(&self, blocked: bool) {
        self.with(|moment| {
            if moment.write_blocked != blocked {
                moment.write_blocked = blocked;
                moment.turn += 1;
            }
        });
    }

    fn response_made(&self) {
        self.step(&[Phase::Busy], Phase::Flushing);
    }

    fn step(&self, from: &[Phase], to: Phase) {
        self.with(|moment| {
            if from.contains(&moment.phase) {
                moment.phase = to;
                moment.turn += 1;
            }
        });
    }

    fn with<T>(&self, look: impl FnOnce(&mut Moment) -> T) -> T {
        // A moment is whole after every step, even one that panicked in between.
        let mut moment = self.moment.lock().unwrap_or_else(PoisonError::into_inner);
        look(&mut moment)
    }
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
