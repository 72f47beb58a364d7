//! What the model checker runs on: shuttle's locks and tasks, and a clock without time.
//!
//! A timer may fire at any moment, which is what a checker wants to explore: each one is a
//! task of its own, so the scheduler decides when. When it fires, the clock stands where the
//! timer was set to. Timers of a year or more never fire: with them, a wake-up that is
//! missed shows as a deadlock, and not as a time-out that hides it.

use std::cell::Cell;
use std::ops::{Add, Deref, DerefMut};
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use shuttle::rand::Rng as _;
use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::sync::{MutexGuard, PoisonError};
use tokio::sync::oneshot;

const NEVER: Duration = Duration::from_hours(365 * 24);
/// What passes between two looks at the clock: no two readings are the same.
const TICK: Duration = Duration::from_nanos(1);

thread_local! {
    // All tasks of an execution are coroutines on one thread. The clock is never set back:
    // only differences mean something.
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// A moment on the clock of the model checker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(Duration);

impl Instant {
    pub(crate) fn now() -> Self {
        let now = NOW.get() + TICK;
        NOW.set(now);
        Self(now)
    }

    pub(crate) fn elapsed(self) -> Duration {
        Self::now().saturating_duration_since(self)
    }

    pub(crate) fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

/// shuttle's lock in the shape of parking_lot's: it knows no poison.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T> {
    lock: shuttle::sync::Mutex<T>,
    unlocked: AtomicBool,
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            lock: shuttle::sync::Mutex::new(value),
            unlocked: AtomicBool::default(),
        }
    }

    pub(crate) fn lock(&self) -> impl DerefMut<Target = T> {
        let held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        Guard {
            held: Some(held),
            unlocked: &self.unlocked,
        }
    }
}

struct Guard<'a, T> {
    held: Option<MutexGuard<'a, T>>,
    unlocked: &'a AtomicBool,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.held.as_deref().expect("held until it is dropped")
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.held.as_deref_mut().expect("held until it is dropped")
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.held = None;
        // shuttle lets others run before each operation of its own. What comes after the lock
        // may be tokio's or none: others run here as well.
        self.unlocked.load(Ordering::SeqCst);
    }
}

/// A test is over when all of its tasks are: none may be left that never ends.
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    // Dropping the handle would tell shuttle not to wait for the task.
    std::mem::forget(shuttle::future::spawn(task));
}

/// Tasks are coroutines with stacks of their own, so one that blocks blocks no other.
pub(crate) fn spawn_blocking(work: impl FnOnce() + Send + 'static) {
    spawn(async move { work() });
}

pub(crate) async fn sleep_until(deadline: Instant) {
    if deadline.saturating_duration_since(Instant(NOW.get())) >= NEVER {
        return std::future::pending().await;
    }
    let (fire, fired) = oneshot::channel();
    spawn(async move {
        // Schedulers by priority let others go first only after a yield: without one, a task
        // that sleeps again and again could keep all others from running.
        if shuttle::rand::thread_rng().gen_bool(0.5) {
            shuttle::future::yield_now().await;
        }
        NOW.set(NOW.get().max(deadline.0));
        // The task that waited for it may have ended.
        let _ = fire.send(());
    });
    fired.await.expect("a timer fires");
}

/// The time was over first.
#[derive(Debug)]
pub(crate) struct Elapsed;

/// As tokio's: a result that is there at the same moment as the end of the time wins.
pub(crate) async fn timeout<T>(
    limit: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Elapsed> {
    match select(pin!(work), pin!(sleep_until(Instant::now() + limit))).await {
        Either::Left((result, _)) => Ok(result),
        Either::Right(((), _)) => Err(Elapsed),
    }
}
