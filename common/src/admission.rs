//! Which requests may compute now: permits, and a bounded queue before them: interactive requests
//! before those of batch, which get every fourth grant at least, and among equals first come first
//! served.
//!
//! Everything that can be asked about them is one state under one lock, so that no reader
//! ever sees a request both waiting and running, or neither. A permit that comes back goes
//! straight to the waiter whose turn it is: the grant is the permit itself, sent to the waiter, so one
//! whose waiter has left comes back as any permit does.

mod line;
pub(crate) mod options;
mod priority;
mod queue;

use std::sync::Arc;
use std::time::Duration;

pub use self::options::AdmissionOptions;
pub use self::priority::{Priority, Urgency};
pub use self::queue::{Occupancy, Permit};

use self::queue::{Arrival, Queue, QueuePlace};
use crate::concurrency::{Instant, timeout};

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
    /// All permits are in use, and the request was not to wait.
    NoIdleSlot {
        /// When trying again makes sense, in seconds.
        retry_after_seconds: u64,
    },
}

/// Admits requests: at most `slots` inferences run, at most `max_queue` wait.
#[derive(Debug)]
pub struct Admission {
    queue: Arc<Queue>,
    queue_timeout: Duration,
}

impl Admission {
    /// `slots` must be at least 1.
    pub fn new(slots: usize, max_queue: usize, queue_timeout: Duration) -> Self {
        debug_assert!(slots > 0, "a service without slots would serve no request");
        Self {
            queue: Arc::new(Queue::new(slots, max_queue)),
            queue_timeout,
        }
    }

    /// As [`Self::admit_as`], for a batch request.
    ///
    /// # Errors
    /// As [`Self::admit_as`].
    pub async fn admit(&self) -> Result<Admitted, Rejection> {
        self.admit_as(&Priority::Batch.into()).await
    }

    /// Waits for a permit until it is this request's turn. Dropping the future gives up the
    /// place in the queue at once.
    ///
    /// # Errors
    /// The queue is full, the wait took longer than the queue timeout, or no slot is free for an
    /// idle request.
    pub async fn admit_as(&self, urgency: &Urgency) -> Result<Admitted, Rejection> {
        let (mut permit, waited) = match self.queue.arrive(urgency.now()) {
            Arrival::Admitted(permit) => (permit, Duration::ZERO),
            Arrival::Queued(place) => self.wait(place, urgency).await?,
            Arrival::Full {
                retry_after_seconds,
            } => {
                return Err(Rejection::QueueFull {
                    retry_after_seconds,
                });
            }
            Arrival::NoIdleSlot {
                retry_after_seconds,
            } => {
                return Err(Rejection::NoIdleSlot {
                    retry_after_seconds,
                });
            }
        };
        permit.received = true;
        Ok(Admitted { permit, waited })
    }

    async fn wait(
        &self,
        mut place: QueuePlace,
        urgency: &Urgency,
    ) -> Result<(Permit, Duration), Rejection> {
        let arrived = Instant::now();
        let grant = async {
            tokio::select! {
                biased;
                granted = &mut place.grant => return granted,
                () = urgency.is_interactive() => place.hurry(),
            }
            (&mut place.grant).await
        };
        let Ok(granted) = timeout(self.queue_timeout, grant).await else {
            drop(place);
            return Err(Rejection::QueueTimeout {
                retry_after_seconds: self.retry_after_seconds(),
            });
        };
        let permit = granted.expect("a waiter leaves the queue by its own drop or by a grant");
        Ok((permit, arrived.elapsed()))
    }

    /// A look before the work of receiving a request: would [`Self::admit_as`] turn it away now?
    /// Holds nothing back for it: a place that is free now may be taken by the time it comes.
    ///
    /// # Errors
    /// [`Rejection::QueueFull`] or [`Rejection::NoIdleSlot`], as [`Self::admit_as`] would answer.
    pub fn refuse_if_full(&self, priority: Priority) -> Result<(), Rejection> {
        match self.queue.retry_after_if_full(priority) {
            None => Ok(()),
            Some(retry_after_seconds) if priority == Priority::Idle => Err(Rejection::NoIdleSlot {
                retry_after_seconds,
            }),
            Some(retry_after_seconds) => Err(Rejection::QueueFull {
                retry_after_seconds,
            }),
        }
    }

    /// When a rejected client should come back: the time that the queue needs to drain at
    /// the recent pace, between 1 and 60 seconds.
    pub fn retry_after_seconds(&self) -> u64 {
        self.queue.retry_after_seconds()
    }

    /// How long the permit that is longest in use has been held; `None` while nothing runs.
    /// Far beyond the time that a request may take, its thread is stuck.
    pub fn longest_held(&self) -> Option<Duration> {
        self.queue.longest_held()
    }

    /// The most permits in use at once since this was last called.
    pub fn take_high_water(&self) -> usize {
        self.queue.take_high_water()
    }

    /// How full the service is now.
    pub fn occupancy(&self) -> Occupancy {
        self.queue.occupancy()
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod turns;
