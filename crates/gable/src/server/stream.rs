//! The client's socket as hyper sees it: reports what happens, and keeps hyper's own errors back.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::activity::Activity;

/// A socket that reports to an [`Activity`].
#[derive(Debug)]
pub(super) struct ClientStream {
    socket: TcpStream,
    activity: Arc<Activity>,
    swallowed: bool,
}

impl ClientStream {
    pub(super) fn new(socket: TcpStream, activity: Arc<Activity>) -> Self {
        Self { socket, activity, swallowed: false }
    }

    /// The socket, and whether an answer of hyper's was kept back.
    pub(super) fn into_parts(self) -> (TcpStream, bool) {
        (self.socket, self.swallowed)
    }

    /// To a head that it can't parse, hyper writes an answer of its own, with an empty body. It is
    /// the only thing it ever writes while no request is in hand: so it is recognised, and taken
    /// without being sent. The connection writes a better one when hyper is done.
    fn swallows(&mut self) -> bool {
        let unasked = self.activity.is_waiting();
        self.swallowed |= unasked;
        unasked
    }

    fn note_write(&self, written: &Poll<io::Result<usize>>) {
        self.activity.write_went(written.is_pending());
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.activity.bytes_came();
        }
        read
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.swallows() {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.note_write(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.swallows() {
            return Poll::Ready(Ok(pieces.iter().map(|piece| piece.len()).sum()));
        }
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, pieces);
        self.note_write(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes only when its own buffer is empty.
        let flushed = Pin::new(&mut self.socket).poll_flush(context);
        if flushed.is_ready() {
            self.activity.all_sent();
        }
        flushed
    }

    /// Does nothing: what is still to be said, and how to end, is the connection's business.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
