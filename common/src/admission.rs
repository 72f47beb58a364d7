//! Who may run now: permits, and a bounded first-come-first-served queue before them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The right to run one inference. It moves into the blocking job, so that a client that
/// hangs up can't free a slot that still computes; dropping it returns the slot.
#[derive(Debug)]
pub struct Permit {
    _slot: OwnedSemaphorePermit,
    shared: Arc<Shared>,
    started: Instant,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shared.active.fetch_sub(1, Ordering::AcqRel);
        self.shared.record_service_time(self.started.elapsed());
    }
}

/// A permit and how long the request waited for it.
#[derive(Debug)]
pub struct Admitted {
    /// The right to run.
    pub permit: Permit,
    /// Time spent in the queue; zero when a permit was free.
    pub waited: Duration,
}

/// Why a request was not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// All permits are in use and the queue is full.
    QueueFull {
        /// When trying again makes sense, in seconds.
        retry_after_seconds: u64,
    },
    /// Waited longer than the queue timeout.
    QueueTimeout {
        /// When trying again makes sense, in seconds.
        retry_after_seconds: u64,
    },
}

/// A reading of the admission state, for health and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occupancy {
    /// Permits in all.
    pub slots: usize,
    /// Permits in use.
    pub active: usize,
    /// Requests that wait.
    pub queued: usize,
    /// The most permits ever in use at once.
    pub active_high_water: usize,
}

#[derive(Debug, Default)]
struct Shared {
    active: AtomicUsize,
    queued: AtomicUsize,
    active_high_water: AtomicUsize,
    high_water_since_read: AtomicUsize,
    /// Moving average of how long a permit is held, in milliseconds.
    service_time_millis: AtomicU64,
}

impl Shared {
    fn record_service_time(&self, held: Duration) {
        let millis = u64::try_from(held.as_millis()).unwrap_or(u64::MAX);
        // Two permits that return at the same instant may lose one sample: the average
        // only feeds Retry-After, where that does not matter.
        let average = self.service_time_millis.load(Ordering::Relaxed);
        let next = if average == 0 {
            millis
        } else {
            (average * 7 + millis) / 8
        };
        self.service_time_millis.store(next, Ordering::Relaxed);
    }
}

/// Holds a place in the queue; dropped when the wait ends, however it ends.
struct QueuePlace<'a>(&'a Shared);

impl Drop for QueuePlace<'_> {
    fn drop(&mut self) {
        self.0.queued.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The door of a service: at most `slots` inferences run, at most `max_queue` wait.
#[derive(Debug)]
pub struct Admission {
    semaphore: Arc<Semaphore>,
    shared: Arc<Shared>,
    slots: usize,
    max_queue: usize,
    queue_timeout: Duration,
}

impl Admission {
    /// `slots` must be at least 1.
    pub fn new(slots: usize, max_queue: usize, queue_timeout: Duration) -> Self {
        Self {
            semaphore: Arc::new(Semaphore::new(slots)),
            shared: Arc::new(Shared::default()),
            slots,
            max_queue,
            queue_timeout,
        }
    }

    /// Waits for a permit, first come first served. Dropping the future gives up the place
    /// in the queue at once.
    ///
    /// # Errors
    /// The queue is full, or the wait took longer than the queue timeout.
    pub async fn admit(&self) -> Result<Admitted, Rejection> {
        let arrived = Instant::now();
        // The semaphore hands a returned permit to the oldest waiter, so this can't overtake.
        if let Ok(slot) = Arc::clone(&self.semaphore).try_acquire_owned() {
            return Ok(Admitted {
                permit: self.permit(slot),
                waited: Duration::ZERO,
            });
        }
        let place = self.take_queue_place()?;
        let acquire = Arc::clone(&self.semaphore).acquire_owned();
        let slot = tokio::time::timeout(self.queue_timeout, acquire).await;
        drop(place);
        match slot {
            Ok(slot) => Ok(Admitted {
                permit: self.permit(slot.expect("the semaphore is never closed")),
                waited: arrived.elapsed(),
            }),
            Err(_elapsed) => Err(Rejection::QueueTimeout {
                retry_after_seconds: self.retry_after_seconds(),
            }),
        }
    }

    fn take_queue_place(&self) -> Result<QueuePlace<'_>, Rejection> {
        self.shared
            .queued
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |queued| {
                (queued < self.max_queue).then_some(queued + 1)
            })
            .map(|_| QueuePlace(&self.shared))
            .map_err(|_| Rejection::QueueFull {
                retry_after_seconds: self.retry_after_seconds(),
            })
    }

    fn permit(&self, slot: OwnedSemaphorePermit) -> Permit {
        let active = self.shared.active.fetch_add(1, Ordering::AcqRel) + 1;
        self.shared
            .active_high_water
            .fetch_max(active, Ordering::AcqRel);
        self.shared
            .high_water_since_read
            .fetch_max(active, Ordering::AcqRel);
        Permit {
            _slot: slot,
            shared: Arc::clone(&self.shared),
            started: Instant::now(),
        }
    }

    /// When a rejected client should come back: the time that the queue needs to drain at
    /// the recent pace, between 1 and 60 seconds.
    pub fn retry_after_seconds(&self) -> u64 {
        let ahead = self.shared.queued.load(Ordering::Acquire) as u64 + 1;
        let millis = ahead * self.shared.service_time_millis.load(Ordering::Relaxed);
        (millis / self.slots.max(1) as u64)
            .div_ceil(1000)
            .clamp(1, 60)
    }

    pub fn refuse_if_full(&self) -> Result<(), Rejection> {
        Ok(())
    } // STUB
    pub fn longest_held(&self) -> Option<Duration> {
        None
    } // STUB

    /// The most permits in use at once since this was last called.
    pub fn take_high_water(&self) -> usize {
        let now = self.shared.active.load(Ordering::Acquire);
        self.shared
            .high_water_since_read
            .swap(now, Ordering::AcqRel)
            .max(now)
    }

    /// How full the service is now.
    pub fn occupancy(&self) -> Occupancy {
        Occupancy {
            slots: self.slots,
            active: self.shared.active.load(Ordering::Acquire),
            queued: self.shared.queued.load(Ordering::Acquire),
            active_high_water: self.shared.active_high_water.load(Ordering::Acquire),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(slots: usize, max_queue: usize) -> Arc<Admission> {
        Arc::new(Admission::new(slots, max_queue, Duration::from_mins(1)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_free_permit_is_given_without_waiting() {
        let admitted = door(1, 0).admit().await.unwrap();
        assert_eq!(admitted.waited, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn the_surplus_beyond_the_queue_is_rejected() {
        let door = door(1, 1);
        let running = door.admit().await.unwrap();
        let waiting = tokio::spawn({
            let door = Arc::clone(&door);
            async move { door.admit().await }
        });
        while door.occupancy().queued == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            door.admit().await.unwrap_err(),
            Rejection::QueueFull {
                retry_after_seconds: 1
            }
        );
        drop(running);
        assert!(waiting.await.unwrap().is_ok());
        assert_eq!(door.occupancy().active_high_water, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_past_the_queue_timeout_is_rejected() {
        let door = door(1, 1);
        let _running = door.admit().await.unwrap();
        assert!(matches!(
            door.admit().await,
            Err(Rejection::QueueTimeout { .. })
        ));
        assert_eq!(door.occupancy().queued, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_leaves_the_queue_frees_its_place() {
        let door = door(1, 1);
        let _running = door.admit().await.unwrap();
        let left = tokio::time::timeout(Duration::from_secs(1), door.admit()).await;
        assert!(left.is_err());
        assert_eq!(door.occupancy().queued, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_clients_are_served_in_the_order_they_came() {
        let door = door(1, 8);
        let running = door.admit().await.unwrap();
        let served = Arc::new(std::sync::Mutex::new(Vec::new()));
        let mut clients = Vec::new();
        for number in 0..5 {
            let (door_of_client, served) = (Arc::clone(&door), Arc::clone(&served));
            clients.push(tokio::spawn(async move {
                let admitted = door_of_client.admit().await.unwrap();
                served.lock().unwrap().push(number);
                drop(admitted);
            }));
            while door.occupancy().queued <= number {
                tokio::task::yield_now().await;
            }
        }
        drop(running);
        for client in clients {
            client.await.unwrap();
        }
        assert_eq!(*served.lock().unwrap(), vec![0, 1, 2, 3, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_follows_the_pace_and_stays_within_its_bounds() {
        let door = door(2, 8);
        let admitted = door.admit().await.unwrap();
        tokio::time::advance(Duration::from_secs(9)).await;
        drop(admitted);
        assert_eq!(
            door.retry_after_seconds(),
            5,
            "one ahead × 9 s over 2 slots"
        );
        let admitted = door.admit().await.unwrap();
        tokio::time::advance(Duration::from_hours(10)).await;
        drop(admitted);
        assert_eq!(door.retry_after_seconds(), 60);
    }
}
