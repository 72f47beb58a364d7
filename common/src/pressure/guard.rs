//! The conclusion from the latest readings, shared by all requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::RwLock;

use super::reading::{Reading, Resource};
use super::refusal::{Exceeded, NoRoom};
use super::thresholds::Thresholds;
use super::trip::{Transition, Trip};

/// Says whether the box can take more work. Cheap to clone and to ask: no question reads a
/// file, all are answered from the last [`PressureGuard::observe`].
#[derive(Debug, Clone)]
pub struct PressureGuard(Arc<RwLock<State>>);

#[derive(Debug)]
struct State {
    thresholds: Thresholds,
    guards: [Guard; Resource::ALL.len()],
    /// Host and cgroups: what fits one level may not fit another.
    memory_levels: Vec<Reading>,
    observed_at: Option<Instant>,
}

/// One resource.
#[derive(Debug)]
struct Guard {
    resource: Resource,
    threshold_percent: f64,
    trip: Trip,
    latest: Option<Reading>,
    /// Present exactly while the guard is tripped.
    exceeded: Option<Exceeded>,
    trips: u64,
}

/// The state of one resource, for health and metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardStatus {
    /// Which one.
    pub resource: Resource,
    /// The highest reading of the last observation; none if it can't be measured here.
    pub latest: Option<Reading>,
    /// From which reading on it trips, in percent; 0 = off.
    pub threshold_percent: f64,
    /// Requests are refused because of it.
    pub tripped: bool,
    /// How long it had been tripped at the last observation.
    pub tripped_for: Option<Duration>,
    /// How often it tripped since the start.
    pub trips: u64,
}

impl PressureGuard {
    /// A guard that has seen nothing yet and lets everything pass.
    pub fn new(thresholds: Thresholds) -> Self {
        let guards = Resource::ALL.map(|resource| Guard {
            resource,
            threshold_percent: thresholds.of(resource),
            trip: Trip::new(thresholds.of(resource)),
            latest: None,
            exceeded: None,
            trips: 0,
        });
        Self(Arc::new(RwLock::new(State {
            thresholds,
            guards,
            memory_levels: Vec::new(),
            observed_at: None,
        })))
    }

    /// Where it trips.
    pub fn thresholds(&self) -> Thresholds {
        self.0.read().thresholds
    }

    /// Takes in `readings`, which are all that could be measured at `now`. Of several
    /// readings of one resource the highest counts. A resource without a reading counts as
    /// free: a guard must not stay tripped because its source went away.
    pub fn observe(&self, readings: &[Reading], now: Instant) {
        let of = |resource| {
            let usable = move |it: &&Reading| it.resource == resource && it.percent.is_finite();
            readings.iter().filter(usable)
        };
        let mut changes = Vec::new();
        {
            let mut state = self.0.write();
            state.observed_at = Some(now);
            state.memory_levels = of(Resource::Memory).cloned().collect();
            for guard in &mut state.guards {
                // Of equal readings the first: the host comes before its groups.
                let highest = of(guard.resource).reduce(|highest, it| {
                    if it.percent > highest.percent {
                        it
                    } else {
                        highest
                    }
                });
                if let Some(transition) = guard.observe(highest, now) {
                    changes.push((guard.resource, guard.threshold_percent, transition, highest));
                }
            }
        }
        // After the lock: requests must not wait for the log to be written.
        for (resource, threshold_percent, transition, reading) in changes {
            log(resource, threshold_percent, transition, reading);
        }
    }

    /// What a request asks before it costs anything.
    ///
    /// # Errors
    /// A guard is tripped.
    pub fn check(&self) -> Result<(), Exceeded> {
        let state = self.0.read();
        let exceeded = state.guards.iter().find_map(|it| it.exceeded.clone());
        exceeded.map_or(Ok(()), Err)
    }

    /// All guards, those that are off included, in the order of [`Resource::ALL`].
    pub fn status(&self) -> Vec<GuardStatus> {
        let state = self.0.read();
        let status = |guard: &Guard| GuardStatus {
            resource: guard.resource,
            latest: guard.latest.clone(),
            threshold_percent: guard.threshold_percent,
            tripped: guard.exceeded.is_some(),
            tripped_for: state.observed_at.and_then(|now| guard.tripped_for(now)),
            trips: guard.trips,
        };
        state.guards.iter().map(status).collect()
    }

    /// How long the longest current trip has lasted at `now`.
    pub fn tripped_for(&self, now: Instant) -> Option<Duration> {
        let state = self.0.read();
        state
            .guards
            .iter()
            .filter_map(|it| it.tripped_for(now))
            .max()
    }

    /// Whether this process may use `bytes` more memory without reaching the memory guard's
    /// threshold on any level. Passes while the guard is off or nothing was read.
    ///
    /// # Errors
    /// It would reach it; of several levels, the one that would be fullest is named.
    pub fn room_for(&self, bytes: u64) -> Result<(), NoRoom> {
        let state = self.0.read();
        let threshold_percent = state.thresholds.memory_percent;
        if threshold_percent <= 0.0 {
            return Ok(());
        }
        let fullest = state
            .memory_levels
            .iter()
            .filter_map(|level| NoRoom::on(level, bytes, threshold_percent))
            .max_by(|a, b| a.percent_after.total_cmp(&b.percent_after));
        fullest.map_or(Ok(()), Err)
    }
}

impl Guard {
    fn observe(&mut self, reading: Option<&Reading>, now: Instant) -> Option<Transition> {
        self.latest = reading.cloned();
        let percent = reading.map_or(0.0, |it| it.percent);
        let transition = self.trip.observe(percent, now);
        match transition {
            Some(Transition::Tripped) => self.trips += 1,
            Some(Transition::Cleared) => self.exceeded = None,
            None => {}
        }
        if self.trip.tripped_since().is_some() && percent >= self.threshold_percent {
            self.exceeded = reading.map(exceeded);
        }
        debug_assert_eq!(self.exceeded.is_some(), self.trip.tripped_since().is_some());
        transition
    }

    fn tripped_for(&self, now: Instant) -> Option<Duration> {
        let since = self.trip.tripped_since()?;
        Some(now.saturating_duration_since(since))
    }
}

fn exceeded(reading: &Reading) -> Exceeded {
    Exceeded {
        resource: reading.resource,
        percent: reading.percent,
        scope: reading.scope.clone(),
    }
}

fn log(
    resource: Resource,
    threshold_percent: f64,
    transition: Transition,
    reading: Option<&Reading>,
) {
    let figures = reading.map_or_else(
        || format!("{resource}: no reading"),
        |it| exceeded(it).to_string(),
    );
    let used_bytes = reading.and_then(|it| it.used_bytes);
    let limit_bytes = reading.and_then(|it| it.limit_bytes);
    match transition {
        Transition::Tripped => tracing::warn!(
            threshold_percent,
            used_bytes,
            limit_bytes,
            "refusing requests ({figures})"
        ),
        Transition::Cleared => tracing::info!(
            threshold_percent,
            used_bytes,
            limit_bytes,
            "taking requests again ({figures})"
        ),
    }
}

#[cfg(test)]
mod tests;
