//! A body that ends its connection.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use hyper::body::{Body, Frame};

/// Sends some bytes, or none, and then breaks the connection. The server sends no head before the first byte of a body
/// is there, so that the caller of a body without bytes receives nothing at all.
pub(super) struct Broken {
    bytes: Option<Bytes>,
    flushed: bool,
}

impl Broken {
    pub(super) fn after(bytes: Vec<u8>) -> Self {
        let bytes = Some(Bytes::from(bytes)).filter(|bytes| !bytes.is_empty());
        Self { flushed: bytes.is_none(), bytes }
    }
}

impl Body for Broken {
    type Data = Bytes;
    type Error = Severed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Severed>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if !self.flushed {
            // The server writes the bytes that it has before it polls again.
            self.flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Severed)))
    }
}

/// The error that makes the server close the connection.
#[derive(Debug)]
pub(super) struct Severed;

impl fmt::Display for Severed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rule ends this connection")
    }
}

impl std::error::Error for Severed {}
