//! Who exists, since when, and who is in use.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::metrics::SessionEnd;
use super::session::{Session, SessionCounts, SessionLimits, SessionsFull};
use crate::concurrency::Instant;

/// A client should not be told to come back later than this.
const MOST_RETRY_AFTER_SECONDS: u64 = 60;

#[derive(Debug)]
pub(super) struct State<T> {
    limits: SessionLimits,
    open: HashMap<Arc<str>, Entry<T>>,
    high_water: usize,
}

#[derive(Debug)]
struct Entry<T> {
    session: Arc<Session<T>>,
    opened: Instant,
    last_used: Instant,
    uses: usize,
}

/// What has become of a session at a moment.
#[derive(Debug)]
pub(super) enum Next<T> {
    /// Nothing yet; not before this moment.
    LookAgain(Instant),
    /// It was at its end and has been taken out: by the same look, so that nobody who found it
    /// in between loses it.
    Ended(Arc<Session<T>>, SessionEnd),
    /// It has ended before.
    Gone,
}

impl<T> Entry<T> {
    /// The earliest moment at which the session may be at its end, and what it would end of.
    fn earliest_end(&self, limits: SessionLimits, now: Instant) -> (Instant, SessionEnd) {
        let too_old = self.opened + limits.longest;
        let unused_since = if self.uses > 0 { now } else { self.last_used };
        let idle = unused_since + limits.idle;
        if too_old <= idle {
            (too_old, SessionEnd::TooOld)
        } else {
            (idle, SessionEnd::Idle)
        }
    }
}

impl<T> State<T> {
    pub(super) fn new(limits: SessionLimits) -> Self {
        Self {
            limits,
            open: HashMap::new(),
            high_water: 0,
        }
    }

    pub(super) fn open(
        &mut self,
        session: &Arc<Session<T>>,
        now: Instant,
    ) -> Result<(), SessionsFull> {
        if self.open.len() >= self.limits.max {
            return Err(SessionsFull {
                retry_after_seconds: self.retry_after_seconds(now),
            });
        }
        let entry = Entry {
            opened: now,
            last_used: now,
            uses: 1,
            session: Arc::clone(session),
        };
        self.open.insert(Arc::clone(&session.id), entry);
        self.high_water = self.high_water.max(self.open.len());
        Ok(())
    }

    fn retry_after_seconds(&self, now: Instant) -> u64 {
        let first = self
            .open
            .values()
            .map(|entry| entry.earliest_end(self.limits, now).0)
            .min();
        let wait = first.map_or(Duration::ZERO, |it| it.saturating_duration_since(now));
        (wait.as_secs() + 1).min(MOST_RETRY_AFTER_SECONDS)
    }

    pub(super) fn begin_use(&mut self, id: &str) -> Option<Arc<Session<T>>> {
        let entry = self.open.get_mut(id)?;
        entry.uses += 1;
        Some(Arc::clone(&entry.session))
    }

    pub(super) fn end_use(&mut self, id: &str, now: Instant) {
        if let Some(entry) = self.open.get_mut(id) {
            entry.uses -= 1;
            entry.last_used = now;
        }
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Arc<Session<T>>> {
        self.open.remove(id).map(|entry| entry.session)
    }

    pub(super) fn expire(&mut self, id: &str, now: Instant) -> Next<T> {
        let Some(entry) = self.open.get(id) else {
            return Next::Gone;
        };
        let (at, end) = entry.earliest_end(self.limits, now);
        if at > now {
            return Next::LookAgain(at);
        }
        self.remove(id)
            .map_or(Next::Gone, |session| Next::Ended(session, end))
    }

    pub(super) fn counts(&self) -> SessionCounts {
        SessionCounts {
            open: self.open.len(),
            limit: self.limits.max,
            high_water: self.high_water,
        }
    }
}
