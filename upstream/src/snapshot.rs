//! What an upstream did so far, for metrics and `/health/detailed`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::breaker::BreakerState;

/// An upstream at one moment. Counters count from the start of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// Requests of callers, however often each was sent.
    pub requests: u64,
    /// Further rounds over the hosts.
    pub retries: u64,
    /// Further rounds that the retry budget had no room for.
    pub retries_refused: u64,
    /// Its hosts, in the order in which they are asked.
    pub hosts: Vec<HostSnapshot>,
}

/// One of its hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSnapshot {
    /// Its base URL, which holds no key.
    pub base_url: String,
    /// What its breaker lets through.
    pub breaker: BreakerState,
    /// Until an open breaker lets a probe through.
    pub probe_in: Option<Duration>,
    /// How often the breaker has opened.
    pub breaker_openings: u64,
    /// Attempts under way, answers that are being read included.
    pub in_flight: u64,
    /// Attempts that have ended, by outcome. All outcomes are there, those that never were too.
    pub attempts: Vec<(Outcome, u64)>,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its answer came whole.
    Served,
    /// The host did not accept the request.
    Refused,
    /// The host had too much to do.
    Busy,
    /// The host said that it is at fault.
    Failed,
    /// The host took too long.
    TimedOut,
    /// No connection, or it was lost before an answer came.
    Unreachable,
    /// The answer broke off.
    Interrupted,
    /// The caller gave up, or the time for the whole request passed.
    Abandoned,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Served,
        Self::Refused,
        Self::Busy,
        Self::Failed,
        Self::TimedOut,
        Self::Unreachable,
        Self::Interrupted,
        Self::Abandoned,
    ];

    /// As a label of a metric.
    pub fn name(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Refused => "refused",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Unreachable => "unreachable",
            Self::Interrupted => "interrupted",
            Self::Abandoned => "abandoned",
        }
    }
}

/// Attempts by outcome.
#[derive(Debug, Default)]
pub(crate) struct Attempts([AtomicU64; Outcome::ALL.len()]);

impl Attempts {
    pub(crate) fn count(&self, outcome: Outcome) {
        self.0[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Vec<(Outcome, u64)> {
        let one = |it: Outcome| (it, self.0[it as usize].load(Ordering::Relaxed));
        Outcome::ALL.map(one).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_counted_apart() {
        let attempts = Attempts::default();
        for (times, outcome) in Outcome::ALL.into_iter().enumerate() {
            for _ in 0..times {
                attempts.count(outcome);
            }
        }
        let read: Vec<u64> = attempts
            .read()
            .into_iter()
            .map(|(_, count)| count)
            .collect();
        assert_eq!(read, [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
