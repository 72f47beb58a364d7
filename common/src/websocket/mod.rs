//! WebSockets (RFC 6455): counted, bounded, watched, and closed properly when the service ends.
//!
//! A service that has them makes one [`WebSockets`] and gives it to its routes as their state;
//! the extractor [`Upgrade`] refuses what can't be taken before the upgrade, as any other
//! request is refused, and [`Upgrade::accept`] answers 101 and names the handler. The handler
//! gets a [`WebSocket`]: messages to read, a bounded way to send, and the signs that it should
//! end. Pings, pongs, limits and the closing handshake are none of its business.
//!
//! ```no_run
//! # use voice_common::websocket::{Close, Upgrade, WebSocket};
//! async fn echo(upgrade: Upgrade) -> axum::response::Response {
//!     upgrade.accept(None, async |mut socket: WebSocket| {
//!         while let Some(message) = socket.incoming.recv().await {
//!             if socket.outgoing.send(message).await.is_err() {
//!                 break;
//!             }
//!         }
//!         Close::NORMAL
//!     })
//! }
//! ```

mod driver;
pub(crate) mod handshake;
mod metrics;
pub(crate) mod origin;
mod outgoing;
mod upgrade;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use clap::Args;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

pub use tokio_tungstenite::tungstenite::Utf8Bytes;

pub use self::metrics::WebSocketMetrics;
pub use self::outgoing::{Outgoing, SendError};
pub use self::upgrade::Upgrade;

use crate::cancellation::Cancellation;
use crate::config::at_least_one;

/// Settings of a service that has WebSockets.
#[derive(Debug, Clone, Args)]
pub struct WebSocketOptions {
    /// Open WebSockets; more get 503
    #[arg(long, default_value_t = 256, value_parser = at_least_one, value_name = "N")]
    pub max_websockets: usize,
}

/// What one WebSocket may do. How long its client may take nothing of what it is sent is the
/// server's affair: `SEND_TIMEOUT_SECONDS`, as for any answer.
#[derive(Debug, Clone, Copy)]
pub struct WebSocketLimits {
    /// Largest message from a client, in bytes; a larger one ends the WebSocket with 1009.
    pub message_bytes: usize,
    /// Largest frame from a client, in bytes, alike. Memory for a frame is taken when its
    /// length is known, before its bytes are there.
    pub frame_bytes: usize,
    /// Messages of a client that wait for the handler; beyond them nothing is read.
    pub incoming_messages: usize,
    /// Messages that wait for being sent, in bytes together; beyond them senders wait. Also
    /// the largest message that a handler may send.
    pub backlog_bytes: u32,
    /// A client from which nothing comes for this long is gone. It is sent two pings before.
    pub idle: Duration,
}

impl Default for WebSocketLimits {
    fn default() -> Self {
        Self {
            message_bytes: 1024 * 1024,
            frame_bytes: 1024 * 1024,
            incoming_messages: 8,
            backlog_bytes: 2 * 1024 * 1024,
            idle: Duration::from_mins(1),
        }
    }
}

/// The WebSockets of a service: how many there may be, what each may do, and what is counted.
/// Clones share the same state.
#[derive(Debug, Clone)]
pub struct WebSockets {
    limits: WebSocketLimits,
    places: Arc<Semaphore>,
    metrics: WebSocketMetrics,
}

impl WebSockets {
    /// At most `max_open` at once. Its metrics are still to be registered.
    pub fn new(max_open: usize, limits: WebSocketLimits) -> Self {
        Self {
            limits,
            places: Arc::new(Semaphore::new(max_open.min(Semaphore::MAX_PERMITS))),
            metrics: WebSocketMetrics::default(),
        }
    }

    /// What is counted, for the service's registry.
    pub fn metrics(&self) -> &WebSocketMetrics {
        &self.metrics
    }

    fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }
}

/// What the two sides tell each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(Utf8Bytes),
    /// Bytes.
    Binary(Bytes),
}

impl Message {
    /// Bytes of the content.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

impl From<Message> for tungstenite::Message {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text),
            Message::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

/// What a handler ends its WebSocket with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    code: u16,
    reason: Utf8Bytes,
}

impl Close {
    /// 1000. A client is told 1001 instead where the service is about to end.
    pub const NORMAL: Self = Self::of(1000, "");
    /// 1001: the service is about to end.
    pub const GOING_AWAY: Self = Self::of(1001, "the service is about to end");
    /// 1008: the client may not do what it tried.
    pub const POLICY: Self = Self::of(1008, "");
    /// 1011: a fault of the service, which is in its log.
    pub const INTERNAL: Self = Self::of(1011, "internal error");
    /// 1013: the service is full; the client may try again later.
    pub const TRY_AGAIN_LATER: Self = Self::of(1013, "try again later");

    const PROTOCOL: Self = Self::of(1002, "protocol error");
    const NOT_UTF8: Self = Self::of(1007, "text that is not UTF-8");
    const TOO_LARGE: Self = Self::of(1009, "message too large");
    const NO_PONG: Self = Self::of(1011, "no pong in time");

    const fn of(code: u16, reason: &'static str) -> Self {
        Self {
            code,
            reason: Utf8Bytes::from_static(reason),
        }
    }

    /// The same with a reason for people, which is cut to the 123 bytes that a close frame has.
    #[must_use]
    pub fn because(self, reason: &str) -> Self {
        let reason = &reason[..reason.floor_char_boundary(123)];
        Self {
            reason: reason.into(),
            ..self
        }
    }

    /// A code of the service's own protocol; `None` outside of 3000 to 4999.
    pub fn with_code(code: u16) -> Option<Self> {
        (3000..=4999).contains(&code).then(|| Self::of(code, ""))
    }

    /// The code that the client is told.
    pub fn code(&self) -> u16 {
        self.code
    }

    fn frame(self) -> CloseFrame {
        CloseFrame {
            code: CloseCode::from(self.code),
            reason: self.reason,
        }
    }
}

/// Messages of the client, in their order.
#[derive(Debug)]
pub struct Incoming(mpsc::Receiver<Message>);

impl Incoming {
    /// The next message. `None` once no more will come: the client has closed or is gone, or
    /// the service is about to end. What came before has been returned then.
    pub async fn recv(&mut self) -> Option<Message> {
        self.0.recv().await
    }
}

/// A handler's end of a WebSocket. When the handler returns, all that it sent goes out, and
/// then the close frame that it returned.
#[derive(Debug)]
pub struct WebSocket {
    /// What the client says. It is read whether or not something can be sent.
    pub incoming: Incoming,
    /// What the client is told. Clones send on the same WebSocket.
    pub outgoing: Outgoing,
    /// Cancelled when work for this WebSocket is in vain: its client has closed or is gone, or
    /// the drain time is over. In the latter case the handler's task is ended as well.
    pub cancellation: Cancellation,
    going_away: CancellationToken,
    holds: TaskTracker,
}

impl WebSocket {
    /// Completes when the service is about to end, after the drain's grace. [`Self::incoming`]
    /// ends then, unless it is held back by [`Self::hold`]; the handler should come to its end
    /// within the rest of the drain time, with [`Close::NORMAL`] or [`Close::GOING_AWAY`].
    pub async fn going_away(&self) {
        self.going_away.cancelled().await;
    }

    /// As [`Self::going_away`], for a task of its own.
    pub fn going_away_token(&self) -> CancellationToken {
        self.going_away.clone()
    }

    /// Something that should be finished first, such as a sentence that is being spoken: while
    /// a hold lives, messages are delivered even though the service is about to end.
    pub fn hold(&self) -> Hold {
        Hold(self.holds.token())
    }
}

/// See [`WebSocket::hold`].
#[derive(Debug)]
pub struct Hold(#[expect(dead_code, reason = "counts for as long as it lives")] TaskTrackerToken);

#[cfg(test)]
mod tests;
