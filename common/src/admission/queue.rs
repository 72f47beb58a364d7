//! Permits and the queue for them: one state, and the one lock around it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::line::{Line, Ticket, Turn};
use super::priority::Priority;
use crate::concurrency::{Instant, Mutex};

const SHORTEST_RETRY_AFTER_SECONDS: f64 = 1.0;
const LONGEST_RETRY_AFTER_SECONDS: f64 = 60.0;

/// The right to run one inference. It moves into the blocking job, so that a client that
/// hangs up can't free a slot that still computes; dropping it returns the slot.
#[derive(Debug)]
pub struct Permit {
    queue: Arc<Queue>,
    ticket: Ticket,
    /// The request has it. A grant that came too late for its request tells nothing about
    /// how long requests take.
    pub(super) received: bool,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.queue.give_back(self.ticket, self.received);
    }
}

/// A reading of the admission state, for health and metrics: what was true at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occupancy {
    /// Permits in all.
    pub slots: usize,
    /// Permits in use. One that was granted counts from the grant on, before the request
    /// that waited for it runs again.
    pub active: usize,
    /// Requests that wait.
    pub queued: usize,
    /// Those of them that are interactive.
    pub queued_interactive: usize,
    /// The most permits ever in use at once.
    pub active_high_water: usize,
}

/// A permit in use.
#[derive(Debug)]
struct Held {
    since: Instant,
    turn: Turn,
}

#[derive(Debug, Default)]
struct State {
    next_ticket: Ticket,
    /// The lowest number is the one held for longest.
    held: BTreeMap<Ticket, Held>,
    /// Where the permit goes when it is a request's turn.
    waiting: Line<oneshot::Sender<Permit>>,
    active_high_water: usize,
    high_water_since_read: usize,
    /// Moving average of how long a permit is held.
    service_time: Option<Duration>,
}

impl State {
    fn take_ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        self.next_ticket
    }

    fn hold(&mut self, turn: Turn) -> Ticket {
        let ticket = self.take_ticket();
        let since = Instant::now();
        self.held.insert(ticket, Held { since, turn });
        self.active_high_water = self.active_high_water.max(self.held.len());
        self.high_water_since_read = self.high_water_since_read.max(self.held.len());
        ticket
    }

    fn record_service_time(&mut self, held: Duration) {
        self.service_time = Some(match self.service_time {
            Some(average) => (average * 7 + held) / 8,
            None => held,
        });
    }
}

/// Slots, queue and the lock around both.
#[derive(Debug)]
pub(super) struct Queue {
    slots: usize,
    max_waiting: usize,
    state: Mutex<State>,
}

/// What becomes of a request that asks for a permit.
pub(super) enum Arrival {
    Admitted(Permit),
    Queued(QueuePlace),
    Full {
        retry_after_seconds: u64,
    },
    /// Nobody may be kept waiting for it, and it would not wait.
    NoIdleSlot {
        retry_after_seconds: u64,
    },
}

impl Queue {
    pub(super) fn new(slots: usize, max_waiting: usize) -> Self {
        Self {
            slots,
            max_waiting,
            state: Mutex::default(),
        }
    }

    pub(super) fn arrive(self: &Arc<Self>, priority: Priority) -> Arrival {
        let mut state = self.state.lock();
        // Nobody waits beside a free slot, so it is free for idle requests as well.
        if self.has_free_slot(&state) {
            Arrival::Admitted(self.permit(state.hold(Turn::default())))
        } else if priority == Priority::Idle {
            Arrival::NoIdleSlot {
                retry_after_seconds: self.drain_seconds(&state),
            }
        } else if state.waiting.len() < self.max_waiting {
            let ticket = state.take_ticket();
            let (sender, grant) = oneshot::channel();
            state.waiting.join(ticket, priority, sender);
            Arrival::Queued(QueuePlace {
                queue: Arc::clone(self),
                ticket,
                grant,
            })
        } else {
            Arrival::Full {
                retry_after_seconds: self.drain_seconds(&state),
            }
        }
    }

    /// What a request would be told that came now and found no place; `None` if it found one.
    pub(super) fn retry_after_if_full(&self, priority: Priority) -> Option<u64> {
        let state = self.state.lock();
        let may_wait = priority != Priority::Idle && state.waiting.len() < self.max_waiting;
        let full = !self.has_free_slot(&state) && !may_wait;
        full.then(|| self.drain_seconds(&state))
    }

    pub(super) fn retry_after_seconds(&self) -> u64 {
        self.drain_seconds(&self.state.lock())
    }

    pub(super) fn longest_held(&self) -> Option<Duration> {
        let state = self.state.lock();
        state
            .held
            .first_key_value()
            .map(|(_, held)| held.since.elapsed())
    }

    pub(super) fn take_high_water(&self) -> usize {
        let mut state = self.state.lock();
        let active = state.held.len();
        std::mem::replace(&mut state.high_water_since_read, active)
    }

    pub(super) fn occupancy(&self) -> Occupancy {
        let state = self.state.lock();
        Occupancy {
            slots: self.slots,
            active: state.held.len(),
            queued: state.waiting.len(),
            queued_interactive: state.waiting.interactive(),
            active_high_water: state.active_high_water,
        }
    }

    fn has_free_slot(&self, state: &State) -> bool {
        debug_assert!(state.held.len() <= self.slots, "never more than the slots");
        debug_assert!(
            state.waiting.is_empty() || state.held.len() == self.slots,
            "no request waits beside a free slot"
        );
        state.held.len() < self.slots
    }

    pub(super) fn give_back(self: &Arc<Self>, ticket: Ticket, received: bool) {
        let next = {
            let mut state = self.state.lock();
            let held = state.held.remove(&ticket);
            debug_assert!(held.is_some(), "a permit comes back once");
            match held {
                Some(held) if received => state.record_service_time(held.since.elapsed()),
                Some(held) => state.waiting.grant_was_lost(held.turn),
                None => {}
            }
            let next = state.waiting.next();
            next.map(|(waiter, turn)| (waiter, state.hold(turn)))
        };
        if let Some((waiter, ticket)) = next {
            // Outside the lock: a waiter that has just left drops the permit right here, and
            // so it comes back for the one after.
            drop(waiter.send(self.permit(ticket)));
        }
    }

    fn permit(self: &Arc<Self>, ticket: Ticket) -> Permit {
        Permit {
            queue: Arc::clone(self),
            ticket,
            received: false,
        }
    }

    /// The time that the queue needs to drain at the recent pace, and one more request.
    fn drain_seconds(&self, state: &State) -> u64 {
        let ahead = state.waiting.len() as f64 + 1.0;
        let service_seconds = state.service_time.unwrap_or_default().as_secs_f64();
        (ahead * service_seconds / self.slots as f64)
            .ceil()
            .clamp(SHORTEST_RETRY_AFTER_SECONDS, LONGEST_RETRY_AFTER_SECONDS) as u64
    }
}

/// A place in the queue; dropped when the wait ends, however it ends.
pub(super) struct QueuePlace {
    queue: Arc<Queue>,
    ticket: Ticket,
    /// Dropped after the place is given up: from then on no grant comes, and one that came
    /// before goes back with it.
    pub(super) grant: oneshot::Receiver<Permit>,
}

impl QueuePlace {
    /// From now on it waits with the interactive ones, behind those who do so already.
    pub(super) fn hurry(&mut self) {
        let mut state = self.queue.state.lock();
        if let Some(sender) = state.waiting.leave_batch(self.ticket) {
            self.ticket = state.take_ticket();
            let priority = Priority::Interactive;
            state.waiting.join(self.ticket, priority, sender);
        }
    }
}

impl Drop for QueuePlace {
    fn drop(&mut self) {
        let sender = self.queue.state.lock().waiting.leave(self.ticket);
        // Outside the lock: it wakes the task that waits for it.
        drop(sender);
    }
}
