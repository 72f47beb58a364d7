//! Slots, and a queue before them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) struct Admission {
    slots: Arc<Semaphore>,
    counts: Arc<Counts>,
    most_queued: usize,
}

#[derive(Default)]
struct Counts {
    active: AtomicUsize,
    queued: AtomicUsize,
    high_water: AtomicUsize,
}

/// A slot; goes back by itself.
pub(crate) struct Slot {
    counts: Arc<Counts>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.counts.active.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A place in the queue; is given up by itself.
struct Place(Arc<Counts>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.queued.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Admission {
    pub(crate) fn new(slots: usize, most_queued: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(slots)),
            counts: Arc::default(),
            most_queued,
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.slots.available_permits() == 0 && self.queued() >= self.most_queued
    }

    /// `None` if the queue is full.
    pub(crate) async fn admit(&self) -> Option<Slot> {
        let slots = Arc::clone(&self.slots);
        let permit = if let Ok(permit) = Arc::clone(&slots).try_acquire_owned() {
            permit
        } else {
            let queued = self.counts.queued.fetch_add(1, Ordering::SeqCst);
            let place = Place(Arc::clone(&self.counts));
            if queued >= self.most_queued {
                return None;
            }
            let permit = slots.acquire_owned().await.expect("it is never closed");
            drop(place);
            permit
        };
        let active = self.counts.active.fetch_add(1, Ordering::SeqCst) + 1;
        self.counts.high_water.fetch_max(active, Ordering::SeqCst);
        Some(Slot {
            counts: Arc::clone(&self.counts),
            _permit: permit,
        })
    }

    pub(crate) fn active(&self) -> usize {
        self.counts.active.load(Ordering::SeqCst)
    }

    pub(crate) fn queued(&self) -> usize {
        self.counts.queued.load(Ordering::SeqCst)
    }

    pub(crate) fn take_high_water(&self) -> usize {
        self.counts.high_water.swap(self.active(), Ordering::SeqCst)
    }
}
