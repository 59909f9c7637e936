//! The body of a request, held to its limits of size and time.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use thiserror::Error;
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::Limits;
use super::refusal::{Reason, Refusal};
use crate::clock;

/// Why reading a body failed.
#[derive(Debug, Error)]
pub(super) enum BodyError {
    #[error("the request body is larger than {0} bytes")]
    TooLarge(usize),
    #[error("no more of the request body came for {0:?}")]
    ChunkTimeout(Duration),
    #[error("the request body did not end within {0:?}")]
    Timeout(Duration),
    #[error("the connection failed while the request body was read")]
    Connection(#[from] hyper::Error),
}

/// How the reading of a body went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum BodyFate {
    Unfinished,
    Complete,
    TooLarge,
    TooSlow,
}

/// Where the body leaves its fate: a handler may answer without regard to a body that failed.
#[derive(Clone, Debug)]
pub(super) struct FateOfBody(Arc<AtomicU8>);

impl FateOfBody {
    fn new() -> Self {
        Self(Arc::new(AtomicU8::new(BodyFate::Unfinished as u8)))
    }

    pub(super) fn read(&self) -> BodyFate {
        let fate = self.0.load(Ordering::Acquire);
        [BodyFate::Complete, BodyFate::TooLarge, BodyFate::TooSlow]
            .into_iter()
            .find(|it| *it as u8 == fate)
            .unwrap_or(BodyFate::Unfinished)
    }

    fn write(&self, fate: BodyFate) {
        self.0.store(fate as u8, Ordering::Release);
    }
}

/// Puts the limits on a body; its fate is to be read when the routes have answered. A request
/// without a body costs nothing here.
pub(super) fn limited(body: Incoming, limits: &Limits) -> (Body, Option<FateOfBody>) {
    if body.is_end_stream() {
        return (Body::empty(), None);
    }
    let fate = FateOfBody::new();
    (Body::new(LimitedBody::new(body, limits, fate.clone())), Some(fate))
}

/// Refuses a body that is announced as too large, before any of it is read.
pub(super) fn check_announced(body: &Incoming, limits: &Limits) -> Result<(), Refusal> {
    if body.size_hint().lower() <= limits.body_bytes as u64 {
        return Ok(());
    }
    Err(too_large(limits))
}

pub(super) fn too_large(limits: &Limits) -> Refusal {
    let limit = limits.body_bytes;
    Refusal::new(
        Reason::BodyTooLarge,
        format!("the request body is too large; up to {limit} bytes are accepted"),
    )
}

pub(super) fn too_slow() -> Refusal {
    Refusal::new(Reason::BodyTimeout, "the request body did not come in time")
}

struct LimitedBody {
    incoming: Incoming,
    limits: Limits,
    bytes_left: usize,
    /// The end of all patience; the timer may go off earlier, for the next piece.
    deadline: Instant,
    timer: Pin<Box<Sleep>>,
    fate: FateOfBody,
}

impl LimitedBody {
    fn new(incoming: Incoming, limits: &Limits, fate: FateOfBody) -> Self {
        let now = clock::now();
        let deadline = now + limits.body_time;
        Self {
            incoming,
            limits: *limits,
            bytes_left: limits.body_bytes,
            deadline,
            timer: Box::pin(sleep_until(deadline.min(now + limits.body_chunk_time))),
            fate,
        }
    }

    fn admit(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, BodyError> {
        let size = frame.data_ref().map_or(0, Bytes::len);
        let left = self.bytes_left.checked_sub(size);
        self.bytes_left = left.ok_or_else(|| self.fail_too_large())?;
        self.restart_timer();
        if self.incoming.is_end_stream() {
            self.fate.write(BodyFate::Complete);
        }
        Ok(frame)
    }

    fn restart_timer(&mut self) {
        let next = clock::now() + self.limits.body_chunk_time;
        self.timer.as_mut().reset(self.deadline.min(next));
    }

    fn fail_too_large(&self) -> BodyError {
        self.fate.write(BodyFate::TooLarge);
        BodyError::TooLarge(self.limits.body_bytes)
    }

    fn fail_too_slow(&self) -> BodyError {
        self.fate.write(BodyFate::TooSlow);
        if clock::now() >= self.deadline {
            BodyError::Timeout(self.limits.body_time)
        } else {
            BodyError::ChunkTimeout(self.limits.body_chunk_time)
        }
    }
}

impl HttpBody for LimitedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match Pin::new(&mut self.incoming).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(self.admit(frame))),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => {
                self.fate.write(BodyFate::Complete);
                Poll::Ready(None)
            }
            Poll::Pending => {
                let late = self.timer.as_mut().poll(context);
                late.map(|()| Some(Err(self.fail_too_slow())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
