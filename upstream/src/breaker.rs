//! Whether a host is to be asked at all.

use std::time::Duration;

use tokio::time::Instant;

/// When a breaker opens and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Failures in a row that open it; at least 1.
    pub failures: u32,
    /// How long nothing is sent then. After that one request is a probe.
    pub open_for: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            failures: 5,
            open_for: Duration::from_secs(30),
        }
    }
}

/// What a breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Everything.
    Closed,
    /// Nothing.
    Open,
    /// One request, the probe: it is under way, or the next request will be it.
    HalfOpen,
}

impl BreakerState {
    /// As a label of a metric.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// What a waiting request is told while a probe is under way: nobody knows how long that takes.
const WHILE_PROBING: Duration = Duration::from_secs(1);

/// The state machine. It knows no clock: time comes with each call.
#[derive(Debug)]
pub(crate) struct Breaker {
    settings: BreakerSettings,
    phase: Phase,
    /// Rises whenever what earlier requests report no longer matters.
    generation: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed { failures: u32 },
    Open { until: Instant },
    Probing,
}

/// The right to one attempt. Its holder reports what became of it, exactly once.
#[derive(Debug)]
pub(crate) struct Admission {
    generation: u64,
}

impl Breaker {
    pub(crate) fn new(settings: BreakerSettings) -> Self {
        Self {
            settings,
            phase: Phase::Closed { failures: 0 },
            generation: 0,
        }
    }

    pub(crate) fn state(&self, now: Instant) -> BreakerState {
        match self.phase {
            Phase::Closed { .. } => BreakerState::Closed,
            Phase::Open { until } if now < until => BreakerState::Open,
            Phase::Open { .. } | Phase::Probing => BreakerState::HalfOpen,
        }
    }

    /// How long nothing will be let through; `None` if an attempt may be made now.
    pub(crate) fn closed_off_for(&self, now: Instant) -> Option<Duration> {
        match self.phase {
            Phase::Open { until } if now < until => Some(until - now),
            Phase::Probing => Some(WHILE_PROBING),
            Phase::Closed { .. } | Phase::Open { .. } => None,
        }
    }

    /// Lets an attempt through, or says how long to stay away.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<Admission, Duration> {
        if let Some(wait) = self.closed_off_for(now) {
            return Err(wait);
        }
        if matches!(self.phase, Phase::Open { .. }) {
            self.phase = Phase::Probing;
            self.generation += 1;
        }
        Ok(Admission {
            generation: self.generation,
        })
    }

    /// A good answer has begun. For a probe that is proof enough to let others through, because
    /// a streamed answer may last for minutes; but one more failure opens the breaker again.
    /// True if this closed the breaker.
    pub(crate) fn answering(&mut self, admission: &Admission) -> bool {
        let closes = self.is_current(admission.generation) && self.phase == Phase::Probing;
        if closes {
            let failures = self.settings.failures.saturating_sub(1);
            self.phase = Phase::Closed { failures };
        }
        closes
    }

    /// The answer came whole, or was one that only a healthy host gives. True if this closed
    /// the breaker.
    pub(crate) fn succeeded(&mut self, Admission { generation }: Admission) -> bool {
        if !self.is_current(generation) {
            return false;
        }
        let closes = self.phase == Phase::Probing;
        self.phase = Phase::Closed { failures: 0 };
        closes
    }

    /// The host failed. True if this opened the breaker.
    pub(crate) fn failed(&mut self, Admission { generation }: Admission, now: Instant) -> bool {
        if !self.is_current(generation) {
            return false;
        }
        let failures = match self.phase {
            Phase::Closed { failures } => failures + 1,
            Phase::Probing => self.settings.failures,
            Phase::Open { .. } => return false,
        };
        let opens = failures >= self.settings.failures;
        if opens {
            self.open(now + self.settings.open_for);
        } else {
            self.phase = Phase::Closed { failures };
        }
        opens
    }

    /// The caller gave up before anything was known. The next request is the probe then.
    pub(crate) fn abandoned(&mut self, Admission { generation }: Admission, now: Instant) {
        if self.is_current(generation) && self.phase == Phase::Probing {
            self.open(now);
        }
    }

    fn open(&mut self, until: Instant) {
        self.phase = Phase::Open { until };
        self.generation += 1;
    }

    /// Reports of attempts that began before the breaker opened say nothing about now.
    fn is_current(&self, generation: u64) -> bool {
        generation == self.generation
    }
}

#[cfg(test)]
mod tests;
