//! What the services run on.

pub(crate) use parking_lot::Mutex;
pub(crate) use tokio::time::{Instant, sleep_until, timeout};

/// Runs `task` beside everything else, on its own.
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(task));
}

/// Runs `work` on a thread that may block. A runtime that shuts down drops it unrun, and
/// then it drops it right here: the caller must hold no lock that `work`'s drop takes.
pub(crate) fn spawn_blocking(work: impl FnOnce() + Send + 'static) {
    drop(tokio::task::spawn_blocking(work));
}
