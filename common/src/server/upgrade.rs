//! What becomes of a connection after the answer `101 Switching Protocols`.

use std::sync::Arc;

use axum::body::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::activity::Watched;
use crate::cancellation::Cancellation;

/// A connection that no longer speaks HTTP. It is still one of the server's connections: it
/// has its place among `MAX_CONNECTIONS`, a drain waits for it, and a client that takes
/// nothing for `SEND_TIMEOUT_SECONDS` loses it.
pub(crate) struct Upgraded<S = Watched> {
    /// The socket.
    pub(crate) stream: S,
    /// What the client sent behind its request and the server has read already.
    pub(crate) read_ahead: Bytes,
    /// Cancelled when the service is about to end: after the drain's grace.
    pub(crate) going_away: CancellationToken,
    /// Cancelled when the drain time is over.
    pub(crate) service: Cancellation,
}

type Task = Box<dyn FnOnce(Upgraded) -> BoxFuture<'static, ()> + Send>;

/// Rides on an answer 101: what the connection's task goes on with once the client has the
/// answer. No task of its own is spawned for it, so none can escape the drain.
#[derive(Clone)]
pub(crate) struct AfterUpgrade(Arc<Mutex<Option<Task>>>);

impl AfterUpgrade {
    pub(crate) fn new<F: Future<Output = ()> + Send + 'static>(
        task: impl FnOnce(Upgraded) -> F + Send + 'static,
    ) -> Self {
        let task: Task = Box::new(move |upgraded| task(upgraded).boxed());
        Self(Arc::new(Mutex::new(Some(task))))
    }

    /// The task, for the first that takes it.
    pub(super) fn take(&self) -> Option<Task> {
        self.0.lock().take()
    }
}
