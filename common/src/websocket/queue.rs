//! Messages that wait, for being sent or for the handler: bounded by bytes.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc};

use super::message::Message;

/// What a message takes beside its content, so that many empty ones are bounded as well.
pub(super) const OVERHEAD_BYTES: usize = 64;

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The WebSocket is closed, or about to be.
    #[error("the WebSocket is closed")]
    Closed,
    /// The message is larger than all that may wait.
    #[error("the message is larger than the {limit_bytes} bytes that may wait for being sent")]
    TooLarge {
        /// The largest that a message may be.
        limit_bytes: usize,
    },
    /// The client reads more slowly than it is sent to. The message comes back.
    #[error("too much waits for being sent")]
    Full(Message),
}

/// Sends messages, in the order in which they are given, up to a number of bytes ahead of the
/// client.
#[derive(Debug, Clone)]
pub struct Outgoing {
    queue: mpsc::UnboundedSender<Queued>,
    room: Arc<Semaphore>,
    capacity: u32,
}

/// A message that waits.
#[derive(Debug)]
pub(super) struct Queued {
    message: Message,
    room: OwnedSemaphorePermit,
}

/// Where what waits comes out.
#[derive(Debug)]
pub(super) struct Backlog {
    queue: mpsc::UnboundedReceiver<Queued>,
    room: Arc<Semaphore>,
}

/// For so many bytes of messages that wait, each with what it takes beside its content.
pub(super) fn channel(capacity: u32) -> (Outgoing, Backlog) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(capacity as usize));
    let outgoing = Outgoing {
        queue: sender,
        room: Arc::clone(&room),
        capacity,
    };
    let backlog = Backlog {
        queue: receiver,
        room,
    };
    (outgoing, backlog)
}

impl Outgoing {
    /// Waits until there is room and takes the message; it has not been sent by then.
    ///
    /// # Errors
    /// The WebSocket is closed, or the message is too large.
    pub async fn send(&self, message: Message) -> Result<(), SendError> {
        let room = Arc::clone(&self.room).acquire_many_owned(self.cost(&message)?);
        self.push(message, room.await.map_err(|_| SendError::Closed)?)
    }

    /// Takes the message if there is room: for one who must not wait for a slow client.
    ///
    /// # Errors
    /// There is no room, the WebSocket is closed, or the message is too large.
    pub fn try_send(&self, message: Message) -> Result<(), SendError> {
        match Arc::clone(&self.room).try_acquire_many_owned(self.cost(&message)?) {
            Ok(room) => self.push(message, room),
            Err(TryAcquireError::NoPermits) => Err(SendError::Full(message)),
            Err(TryAcquireError::Closed) => Err(SendError::Closed),
        }
    }

    /// Completes when nothing more is sent.
    pub async fn closed(&self) {
        self.queue.closed().await;
    }

    fn cost(&self, message: &Message) -> Result<u32, SendError> {
        let cost = u32::try_from(message.bytes().saturating_add(OVERHEAD_BYTES));
        cost.ok()
            .filter(|it| *it <= self.capacity)
            .ok_or_else(|| SendError::TooLarge {
                limit_bytes: (self.capacity as usize).saturating_sub(OVERHEAD_BYTES),
            })
    }

    fn push(&self, message: Message, room: OwnedSemaphorePermit) -> Result<(), SendError> {
        let queued = Queued { message, room };
        self.queue.send(queued).map_err(|_| SendError::Closed)
    }
}

impl Queued {
    /// The message, and the room that it takes until that is dropped.
    pub(super) fn into_parts(self) -> (Message, OwnedSemaphorePermit) {
        (self.message, self.room)
    }
}

impl Backlog {
    /// The next message; `None` after [`Self::close`], or without a sender, when all have been
    /// returned. What it returns keeps its room until it is dropped.
    pub(super) async fn recv(&mut self) -> Option<Queued> {
        self.queue.recv().await
    }

    /// Takes no more messages.
    pub(super) fn close(&mut self) {
        self.room.close();
        self.queue.close();
    }
}

impl Drop for Backlog {
    fn drop(&mut self) {
        // Senders that wait for room must not wait for ever.
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: usize) -> Message {
        Message::Text("x".repeat(bytes).into())
    }

    #[tokio::test]
    async fn a_sender_waits_for_room_and_one_that_must_not_is_told() {
        let (outgoing, mut backlog) = channel(1000);
        outgoing.try_send(text(500)).unwrap();
        assert_eq!(
            outgoing.try_send(text(500)),
            Err(SendError::Full(text(500)))
        );
        let mut waiting = Box::pin(outgoing.send(text(500)));
        assert!(futures::poll!(&mut waiting).is_pending());
        let first = backlog.recv().await.unwrap();
        assert!(futures::poll!(&mut waiting).is_pending(), "being sent");
        drop(first);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn a_message_over_the_whole_backlog_is_refused_and_empty_ones_are_bounded() {
        let (outgoing, _backlog) = channel(1000);
        let limit_bytes = 1000 - OVERHEAD_BYTES;
        let refused = Err(SendError::TooLarge { limit_bytes });
        assert_eq!(outgoing.send(text(limit_bytes + 1)).await, refused);
        assert_eq!(outgoing.try_send(text(limit_bytes + 1)), refused);
        let taken = std::iter::repeat_with(|| outgoing.try_send(text(0)))
            .take_while(Result::is_ok)
            .count();
        assert_eq!(taken, 1000 / OVERHEAD_BYTES);
    }

    #[tokio::test]
    async fn who_waits_for_room_is_told_of_the_end() {
        let (outgoing, mut backlog) = channel(1000);
        outgoing.try_send(text(900)).unwrap();
        let mut waiting = Box::pin(outgoing.send(text(900)));
        assert!(futures::poll!(&mut waiting).is_pending());
        backlog.close();
        assert_eq!(waiting.await, Err(SendError::Closed));
        assert_eq!(outgoing.try_send(text(1)), Err(SendError::Closed));
        assert!(backlog.recv().await.is_some(), "taken before the end");
        assert!(backlog.recv().await.is_none());
    }
}
