//! A handler's end of a WebSocket.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::message::Message;
use super::queue::{Backlog, Outgoing};
use crate::cancellation::Cancellation;

/// Messages of the client, in their order.
#[derive(Debug)]
pub struct Incoming(pub(super) Backlog);

impl Incoming {
    /// The next message. `None` once no more will come: the client has closed or is gone, or
    /// the service is about to end. What came before has been returned then.
    pub async fn recv(&mut self) -> Option<Message> {
        let queued = self.0.recv().await?;
        let (message, _room) = queued.into_parts();
        Some(message)
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
    pub(super) going_away: CancellationToken,
    pub(super) holds: TaskTracker,
}

impl WebSocket {
    /// Completes when the service is about to end, after the drain's grace. [`Self::incoming`]
    /// ends then, unless it is held back by [`Self::hold`]; the handler should come to its end
    /// within the rest of the drain time, with [`Close::NORMAL`](super::Close::NORMAL) or
    /// [`Close::GOING_AWAY`](super::Close::GOING_AWAY).
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
