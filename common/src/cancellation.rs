//! One way to stop a request's work, for all that may stop it.
//!
//! A dropped connection, a deadline and a shutdown all cancel the same token; the first
//! cause wins and is what metrics and the answer report.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::concurrency::Mutex;

/// Why a request's work was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelCause {
    /// The client closed its connection before the answer was complete.
    Disconnected,
    /// The work took longer than `REQUEST_TIMEOUT_SECONDS`.
    Deadline,
    /// The service is stopping and the drain time is over.
    Shutdown,
    /// The session that it was for has ended. Only services with [`crate::sessions`] see it.
    SessionEnded,
}

impl CancelCause {
    /// Those that the work of any service may be stopped for.
    pub const ALL: [Self; 3] = [Self::Disconnected, Self::Deadline, Self::Shutdown];

    /// The value of the `cause` label in metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Deadline => "deadline",
            Self::Shutdown => "shutdown",
            Self::SessionEnded => "session_ended",
        }
    }
}

/// What a request was at when its work was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelStage {
    /// Waiting for a permit.
    Queue,
    /// Holding one: waiting for its model, or computing.
    Inference,
}

impl CancelStage {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Queue, Self::Inference];

    /// The value of the `stage` label in metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Inference => "inference",
        }
    }
}

/// A handle on one request's (or the whole service's) permission to go on working.
/// Clones share the same state.
#[derive(Debug, Clone, Default)]
pub struct Cancellation {
    token: CancellationToken,
    /// Set once, by the first call that cancels or asks: what has been told as the cause
    /// stays it.
    cause: Arc<Mutex<Option<CancelCause>>>,
}

impl Cancellation {
    /// A fresh, uncancelled handle.
    pub fn new() -> Self {
        Self::default()
    }

    /// A handle that is cancelled with this one, but can also be cancelled alone.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            token: self.token.child_token(),
            cause: Arc::default(),
        }
    }

    /// Stops the work. Only the first cause is kept.
    pub fn cancel(&self, cause: CancelCause) {
        // A parent that cancelled before is the first cause, though it can't say so here.
        self.settle(if self.is_cancelled() {
            CancelCause::Shutdown
        } else {
            cause
        });
        self.token.cancel();
    }

    /// True once this handle or a parent of it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Why, or `None` while work may go on. A parent's cancellation is always a shutdown.
    pub fn cause(&self) -> Option<CancelCause> {
        self.is_cancelled()
            .then(|| self.settle(CancelCause::Shutdown))
    }

    fn settle(&self, cause: CancelCause) -> CancelCause {
        *self.cause.lock().get_or_insert(cause)
    }

    /// Completes when the handle is cancelled.
    pub async fn cancelled(&self) {
        self.token.cancelled().await;
    }

    /// A guard that cancels with `Disconnected` when dropped. hyper drops a handler's
    /// future and a response's body when the client goes away, so a guard owned by either
    /// turns a hang-up into a cancellation.
    #[must_use = "dropping the guard cancels the request"]
    pub fn cancel_on_drop(&self) -> CancelOnDrop {
        CancelOnDrop {
            cancellation: Some(self.clone()),
        }
    }
}

/// See [`Cancellation::cancel_on_drop`].
#[derive(Debug)]
pub struct CancelOnDrop {
    cancellation: Option<Cancellation>,
}

impl CancelOnDrop {
    /// The work is complete: dropping the guard no longer means that the client left.
    pub fn disarm(mut self) {
        self.cancellation = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(cancellation) = &self.cancellation {
            cancellation.cancel(CancelCause::Disconnected);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cause_wins() {
        let request = Cancellation::new();
        request.cancel(CancelCause::Deadline);
        request.cancel(CancelCause::Disconnected);
        assert_eq!(request.cause(), Some(CancelCause::Deadline));
    }

    #[test]
    fn a_dropped_guard_means_the_client_left_and_a_disarmed_one_does_not() {
        let left = Cancellation::new();
        drop(left.cancel_on_drop());
        assert_eq!(left.cause(), Some(CancelCause::Disconnected));

        let served = Cancellation::new();
        served.cancel_on_drop().disarm();
        assert_eq!(served.cause(), None);
    }

    #[test]
    fn a_shutdown_reaches_every_request_but_a_request_stops_only_itself() {
        let service = Cancellation::new();
        let (one, other) = (service.child(), service.child());
        one.cancel(CancelCause::Disconnected);
        assert!(!service.is_cancelled() && !other.is_cancelled());
        service.cancel(CancelCause::Shutdown);
        assert_eq!(other.cause(), Some(CancelCause::Shutdown));
        assert_eq!(one.cause(), Some(CancelCause::Disconnected));
    }

    #[test]
    fn a_client_that_leaves_after_the_shutdown_does_not_change_its_cause() {
        let service = Cancellation::new();
        let request = service.child();
        service.cancel(CancelCause::Shutdown);
        request.cancel(CancelCause::Disconnected);
        assert_eq!(request.cause(), Some(CancelCause::Shutdown));
    }
}
