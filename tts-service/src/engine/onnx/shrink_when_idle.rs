//! A value that gives memory back when it was idle for a while, and that ends where its owner
//! drops it.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;

/// What can give memory back.
pub(super) trait Shrink: Send + Sync + 'static {
    /// Gives back the memory that it doesn't need, unless it is in use. May block.
    fn shrink(&self);
}

/// The owner of a value. Dropping it waits for the shrinking that has begun, and does what is
/// left of it: when it returns, nothing of the value is in memory.
#[derive(Debug)]
pub(super) struct ShrinkWhenIdle<T: Shrink> {
    value: Arc<T>,
    usage: Arc<Usage>,
}

#[derive(Debug)]
struct Usage {
    uses: AtomicU64,
    /// It was used and did not shrink since: a task waits for it to be idle.
    is_grown: AtomicBool,
    /// Held by the task that shrinks the value without owning it; true once the owner drops it.
    is_ending: Mutex<bool>,
}

impl<T: Shrink> ShrinkWhenIdle<T> {
    pub(super) fn new(value: T) -> Self {
        Self {
            value: Arc::new(value),
            usage: Arc::new(Usage {
                uses: AtomicU64::new(0),
                is_grown: AtomicBool::new(false),
                is_ending: Mutex::new(false),
            }),
        }
    }

    /// It was used: it shrinks once it wasn't for `idle` at least, and less than twice that.
    pub(super) fn used(&self, idle: Duration, handle: &Handle) {
        self.usage.uses.fetch_add(1, Ordering::AcqRel);
        if self.usage.is_grown.swap(true, Ordering::AcqRel) {
            return;
        }
        let (value, usage) = (Arc::downgrade(&self.value), Arc::clone(&self.usage));
        handle.spawn(async move {
            let mut seen = None;
            loop {
                tokio::time::sleep(idle).await;
                let uses = usage.uses.load(Ordering::Acquire);
                if seen.replace(uses) == Some(uses) {
                    break;
                }
                if value.strong_count() == 0 {
                    return;
                }
            }
            let shrinking = tokio::task::spawn_blocking(move || {
                let is_ending = usage.is_ending.lock();
                if *is_ending {
                    return;
                }
                // Before the work: a use that ends during it asks for another one.
                usage.is_grown.store(false, Ordering::Release);
                // Dropped before the lock is: the owner's reference stays the last one.
                if let Some(value) = value.upgrade() {
                    value.shrink();
                }
            });
            if let Err(error) = shrinking.await {
                tracing::error!("giving memory back failed: {error}");
            }
        });
    }
}

impl<T: Shrink> Deref for ShrinkWhenIdle<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Shrink> Drop for ShrinkWhenIdle<T> {
    fn drop(&mut self) {
        *self.usage.is_ending.lock() = true;
        if self.usage.is_grown.load(Ordering::Acquire) {
            self.value.shrink();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread::{JoinHandle, ThreadId, spawn};

    use super::*;

    const IDLE: Duration = Duration::from_secs(2);

    /// Says on which thread it shrank and was dropped.
    struct Model {
        shrunk: Sender<ThreadId>,
        dropped: Sender<ThreadId>,
        /// Shrinking goes on when something comes, or nothing can.
        goes_on: Mutex<Receiver<()>>,
    }

    impl Shrink for Model {
        fn shrink(&self) {
            let _ = self.shrunk.send(std::thread::current().id());
            let _ = self.goes_on.lock().recv();
        }
    }

    impl Drop for Model {
        fn drop(&mut self) {
            let _ = self.dropped.send(std::thread::current().id());
        }
    }

    /// A model, the threads that shrank and dropped it, and what lets shrinking go on.
    fn model() -> (
        ShrinkWhenIdle<Model>,
        Receiver<ThreadId>,
        Receiver<ThreadId>,
        Sender<()>,
    ) {
        let (tell_shrunk, shrunk) = channel();
        let (tell_dropped, dropped) = channel();
        let (goes_on, wait) = channel();
        let model = Model {
            shrunk: tell_shrunk,
            dropped: tell_dropped,
            goes_on: Mutex::new(wait),
        };
        (ShrinkWhenIdle::new(model), shrunk, dropped, goes_on)
    }

    #[tokio::test(start_paused = true)]
    async fn it_shrinks_once_however_often_it_was_used_before() {
        let (model, shrunk, _dropped, goes_on) = model();
        drop(goes_on);
        for _ in 0..5 {
            model.used(IDLE, &Handle::current());
            tokio::time::sleep(IDLE * 3 / 4).await;
            assert!(shrunk.try_recv().is_err(), "it was not idle");
        }
        tokio::time::sleep(IDLE * 3).await;
        assert_eq!(shrunk.try_iter().count(), 1);
        drop(model);
        assert_eq!(shrunk.try_iter().count(), 0, "it had shrunk");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_used_and_never_idle_shrinks_by_its_owner_at_the_end() {
        let (model, shrunk, dropped, goes_on) = model();
        drop(goes_on);
        model.used(IDLE, &Handle::current());
        drop(model);
        let here = std::thread::current().id();
        assert_eq!(shrunk.try_iter().collect::<Vec<_>>(), [here]);
        assert_eq!(dropped.try_iter().collect::<Vec<_>>(), [here]);
        tokio::time::sleep(IDLE * 3).await;
        assert_eq!(shrunk.try_iter().count(), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn dropping_it_while_it_shrinks_waits_for_that() {
        let (model, shrunk, dropped, goes_on) = model();
        model.used(Duration::from_millis(1), &Handle::current());
        let other_thread = shrunk.recv().unwrap();
        let (begun, has_begun) = channel();
        let owner: JoinHandle<ThreadId> = spawn(move || {
            begun.send(std::thread::current().id()).unwrap();
            drop(model);
            dropped.try_recv().expect("it is gone")
        });
        let owner_thread = has_begun.recv().unwrap();
        // Time to drop it while it still shrinks, if that were possible.
        std::thread::sleep(Duration::from_millis(50));
        goes_on.send(()).unwrap();
        assert_eq!(owner.join().unwrap(), owner_thread);
        assert_ne!(other_thread, owner_thread);
    }
}
