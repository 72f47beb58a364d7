//! A value that is tidied up in the pauses of its use, and that ends where its owner drops it.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;

/// What can be tidied up.
pub(super) trait Tidy: Send + Sync + 'static {
    /// Gives back what it doesn't need, unless somebody is using it. May block.
    fn tidy(&self);
}

/// The owner of a value. Dropping it waits for the tidying up that has begun, and does what is
/// left of it: when it returns, nothing of the value is in memory.
#[derive(Debug)]
pub(super) struct Tidied<T: Tidy> {
    value: Arc<T>,
    pauses: Arc<Pauses>,
}

#[derive(Debug)]
struct Pauses {
    uses: AtomicU64,
    /// It was used and not tidied up since: somebody waits for a pause to do so.
    is_untidy: AtomicBool,
    /// Held by whoever has the value without owning it; true once its owner drops it.
    is_ending: Mutex<bool>,
}

impl<T: Tidy> Tidied<T> {
    pub fn new(value: T) -> Self {
        Self {
            value: Arc::new(value),
            pauses: Arc::new(Pauses {
                uses: AtomicU64::new(0),
                is_untidy: AtomicBool::new(false),
                is_ending: Mutex::new(false),
            }),
        }
    }

    /// It was used: it is tidied up once it wasn't for `pause` at least, and less than twice that.
    pub fn used(&self, pause: Duration, handle: &Handle) {
        self.pauses.uses.fetch_add(1, Ordering::AcqRel);
        if self.pauses.is_untidy.swap(true, Ordering::AcqRel) {
            return;
        }
        let (value, pauses) = (Arc::downgrade(&self.value), Arc::clone(&self.pauses));
        handle.spawn(async move {
            let mut seen = None;
            loop {
                tokio::time::sleep(pause).await;
                let uses = pauses.uses.load(Ordering::Acquire);
                if seen.replace(uses) == Some(uses) {
                    break;
                }
                if value.strong_count() == 0 {
                    return;
                }
            }
            let tidying = tokio::task::spawn_blocking(move || {
                let is_ending = pauses.is_ending.lock();
                if *is_ending {
                    return;
                }
                // Before the work: a use that ends during it asks for another one.
                pauses.is_untidy.store(false, Ordering::Release);
                // Dropped before the lock is: the owner's reference stays the last one.
                if let Some(value) = value.upgrade() {
                    value.tidy();
                }
            });
            if let Err(error) = tidying.await {
                tracing::error!("tidying up failed: {error}");
            }
        });
    }
}

impl<T: Tidy> Deref for Tidied<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Tidy> Drop for Tidied<T> {
    fn drop(&mut self) {
        *self.pauses.is_ending.lock() = true;
        if self.pauses.is_untidy.load(Ordering::Acquire) {
            self.value.tidy();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread::{JoinHandle, ThreadId, spawn};

    use super::*;

    const PAUSE: Duration = Duration::from_secs(2);

    /// Says on which thread it was tidied up and dropped.
    struct Desk {
        tidied: Sender<ThreadId>,
        dropped: Sender<ThreadId>,
        /// Tidying goes on when something comes, or nothing can.
        goes_on: Mutex<Receiver<()>>,
    }

    impl Tidy for Desk {
        fn tidy(&self) {
            let _ = self.tidied.send(std::thread::current().id());
            let _ = self.goes_on.lock().recv();
        }
    }

    impl Drop for Desk {
        fn drop(&mut self) {
            let _ = self.dropped.send(std::thread::current().id());
        }
    }

    /// A desk, the threads that tidied it up and dropped it, and what lets tidying go on.
    fn desk() -> (
        Tidied<Desk>,
        Receiver<ThreadId>,
        Receiver<ThreadId>,
        Sender<()>,
    ) {
        let (tell_tidied, tidied) = channel();
        let (tell_dropped, dropped) = channel();
        let (goes_on, wait) = channel();
        let desk = Desk {
            tidied: tell_tidied,
            dropped: tell_dropped,
            goes_on: Mutex::new(wait),
        };
        (Tidied::new(desk), tidied, dropped, goes_on)
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_used_once_however_often_it_was_used_before() {
        let (desk, tidied, _dropped, goes_on) = desk();
        drop(goes_on);
        for _ in 0..5 {
            desk.used(PAUSE, &Handle::current());
            tokio::time::sleep(PAUSE * 3 / 4).await;
            assert!(tidied.try_recv().is_err(), "there was no pause");
        }
        tokio::time::sleep(PAUSE * 3).await;
        assert_eq!(tidied.try_iter().count(), 1);
        drop(desk);
        assert_eq!(tidied.try_iter().count(), 0, "it was tidy");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_used_and_found_no_pause_is_tidied_up_by_the_owner_at_the_end() {
        let (desk, tidied, dropped, goes_on) = desk();
        drop(goes_on);
        desk.used(PAUSE, &Handle::current());
        drop(desk);
        let here = std::thread::current().id();
        assert_eq!(tidied.try_iter().collect::<Vec<_>>(), [here]);
        assert_eq!(dropped.try_iter().collect::<Vec<_>>(), [here]);
        tokio::time::sleep(PAUSE * 3).await;
        assert_eq!(tidied.try_iter().count(), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_drops_it_while_it_is_tidied_up_waits_for_that() {
        let (desk, tidied, dropped, goes_on) = desk();
        desk.used(Duration::from_millis(1), &Handle::current());
        let other_thread = tidied.recv().unwrap();
        let (begun, has_begun) = channel();
        let owner: JoinHandle<ThreadId> = spawn(move || {
            begun.send(std::thread::current().id()).unwrap();
            drop(desk);
            dropped.try_recv().expect("it is gone")
        });
        let owner_thread = has_begun.recv().unwrap();
        // Time to drop it while it is still being tidied up, if that were possible.
        std::thread::sleep(Duration::from_millis(50));
        goes_on.send(()).unwrap();
        assert_eq!(owner.join().unwrap(), owner_thread);
        assert_ne!(other_thread, owner_thread);
    }
}
