//! One host of an upstream: its breaker, its bound, its counters.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::address::BaseUrl;
use crate::breaker::{Admission, Breaker, BreakerSettings};
use crate::pool::{Pool, Slots};
use crate::snapshot::{Attempts, HostSnapshot, Outcome};

/// Shared by the upstream and by the attempts that are under way.
#[derive(Debug)]
pub(crate) struct Host {
    upstream: Arc<str>,
    pub(crate) base: BaseUrl,
    pub(crate) slots: Slots,
    breaker: Mutex<Breaker>,
    breaker_openings: AtomicU64,
    in_flight: AtomicU64,
    attempts: Attempts,
}

impl Host {
    pub(crate) fn new(
        upstream: Arc<str>,
        base: BaseUrl,
        pool: &Pool,
        breaker: BreakerSettings,
    ) -> Self {
        Self {
            upstream,
            slots: pool.slots(&base),
            base,
            breaker: Mutex::new(Breaker::new(breaker)),
            breaker_openings: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            attempts: Attempts::default(),
        }
    }

    /// How long it is to be left alone; `None` if it may be asked now.
    pub(crate) fn closed_off_for(&self) -> Option<Duration> {
        self.breaker.lock().closed_off_for(Instant::now())
    }

    /// Admits an attempt, unless the breaker has opened meanwhile. [`Self::ended`] must follow.
    pub(crate) fn admit(&self) -> Result<Admission, Duration> {
        let admission = self.breaker.lock().admit(Instant::now())?;
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Ok(admission)
    }

    /// The head of a good answer is there.
    pub(crate) fn answering(&self, admission: &Admission) {
        let closes = self.breaker.lock().answering(admission);
        self.tell_closed(closes);
    }

    /// An attempt is over. A busy host and one that refuses a request are healthy.
    pub(crate) fn ended(&self, admission: Admission, outcome: Outcome) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.attempts.count(outcome);
        let now = Instant::now();
        match outcome {
            Outcome::Served | Outcome::Refused | Outcome::Busy => {
                let closes = self.breaker.lock().succeeded(admission);
                self.tell_closed(closes);
            }
            Outcome::Failed | Outcome::TimedOut | Outcome::Unreachable | Outcome::Interrupted => {
                let opens = self.breaker.lock().failed(admission, now);
                if opens {
                    self.breaker_openings.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(
                        upstream = &*self.upstream,
                        base_url = %self.base,
                        last = outcome.name(),
                        "an upstream failed repeatedly and is left alone for a while"
                    );
                }
            }
            Outcome::Abandoned => self.breaker.lock().abandoned(admission, now),
        }
    }

    fn tell_closed(&self, closes: bool) {
        if closes {
            tracing::info!(
                upstream = &*self.upstream,
                base_url = %self.base,
                "an upstream that had failed answers again"
            );
        }
    }

    pub(crate) fn snapshot(&self) -> HostSnapshot {
        let now = Instant::now();
        let (breaker, probe_in) = {
            let breaker = self.breaker.lock();
            let state = breaker.state(now);
            let is_open = state == crate::BreakerState::Open;
            (state, breaker.closed_off_for(now).filter(|_| is_open))
        };
        HostSnapshot {
            base_url: self.base.to_string(),
            breaker,
            probe_in,
            breaker_openings: self.breaker_openings.load(Ordering::Relaxed),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            attempts: self.attempts.read(),
        }
    }
}
