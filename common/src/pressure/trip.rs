//! When a guard trips and when it clears.

use std::time::{Duration, Instant};

/// How far under its threshold a reading must be before a guard may clear.
const CLEAR_MARGIN_POINTS: f64 = 5.0;

/// How long it must stay there.
const CLEAR_HOLD: Duration = Duration::from_secs(2);

/// A change that one reading brought about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transition {
    /// The threshold was reached.
    Tripped,
    /// The reading stayed low for long enough.
    Cleared,
}

/// Hysteresis around one threshold. It knows no clock: time comes with each reading.
#[derive(Debug)]
pub(super) struct Trip {
    threshold_percent: f64,
    tripped: Option<Tripped>,
}

#[derive(Debug, Clone, Copy)]
struct Tripped {
    since: Instant,
    /// Start of the current stretch of low readings.
    low_since: Option<Instant>,
}

impl Trip {
    /// A threshold of 0 never trips.
    pub(super) fn new(threshold_percent: f64) -> Self {
        Self {
            threshold_percent,
            tripped: None,
        }
    }

    /// The highest reading that counts towards clearing. A threshold under 10 would leave
    /// the margin little or nothing to be under; there it is half the threshold.
    fn clear_percent(&self) -> f64 {
        (self.threshold_percent - CLEAR_MARGIN_POINTS).max(self.threshold_percent / 2.0)
    }

    /// `percent` must be a number.
    pub(super) fn observe(&mut self, percent: f64, now: Instant) -> Option<Transition> {
        debug_assert!(
            !percent.is_nan(),
            "readings that are no numbers are dropped"
        );
        let clear_percent = self.clear_percent();
        match &mut self.tripped {
            None if self.threshold_percent > 0.0 && percent >= self.threshold_percent => {
                self.tripped = Some(Tripped {
                    since: now,
                    low_since: None,
                });
                Some(Transition::Tripped)
            }
            None => None,
            Some(tripped) if percent > clear_percent => {
                tripped.low_since = None;
                None
            }
            Some(tripped) => {
                let low_since = *tripped.low_since.get_or_insert(now);
                (now.saturating_duration_since(low_since) >= CLEAR_HOLD).then(|| {
                    self.tripped = None;
                    Transition::Cleared
                })
            }
        }
    }

    /// When the current trip began.
    pub(super) fn tripped_since(&self) -> Option<Instant> {
        self.tripped.map(|it| it.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POLL: Duration = Duration::from_millis(250);
    const TRIPPED_AND_CLEARED: [Transition; 2] = [Transition::Tripped, Transition::Cleared];

    /// The transitions that `readings`, 250 ms apart, lead to.
    fn transitions(
        threshold_percent: f64,
        readings: impl IntoIterator<Item = f64>,
    ) -> Vec<Transition> {
        let mut trip = Trip::new(threshold_percent);
        let mut now = Instant::now();
        let observe = |percent| {
            now += POLL;
            trip.observe(percent, now)
        };
        readings.into_iter().filter_map(observe).collect()
    }

    fn held(percent: f64, polls: usize) -> impl Iterator<Item = f64> {
        std::iter::repeat_n(percent, polls)
    }

    #[test]
    fn it_trips_at_the_threshold_and_not_below() {
        assert_eq!(transitions(90.0, [89.9]), []);
        assert_eq!(transitions(90.0, [90.0]), [Transition::Tripped]);
    }

    #[test]
    fn it_clears_after_two_seconds_at_five_points_below() {
        let nine = [90.0].into_iter().chain(held(85.0, 9));
        assert_eq!(transitions(90.0, nine), TRIPPED_AND_CLEARED);
        let eight = [90.0].into_iter().chain(held(85.0, 8));
        assert_eq!(transitions(90.0, eight), [Transition::Tripped]);
    }

    #[test]
    fn one_higher_reading_starts_the_two_seconds_anew() {
        let interrupted = [90.0]
            .into_iter()
            .chain(held(80.0, 8))
            .chain([85.1])
            .chain(held(80.0, 8));
        assert_eq!(transitions(90.0, interrupted), [Transition::Tripped]);
    }

    #[test]
    fn a_threshold_of_zero_is_off() {
        assert_eq!(transitions(0.0, [0.0, 50.0, 100.0]), []);
    }

    #[test]
    fn a_threshold_smaller_than_the_margin_still_clears() {
        let readings = [3.0].into_iter().chain(held(1.5, 9));
        assert_eq!(transitions(3.0, readings), TRIPPED_AND_CLEARED);
    }

    #[test]
    fn it_remembers_when_it_tripped() {
        let (mut trip, start) = (Trip::new(90.0), Instant::now());
        trip.observe(95.0, start);
        trip.observe(99.0, start + POLL);
        assert_eq!(trip.tripped_since(), Some(start));
    }

    proptest! {
        #[test]
        fn a_ramp_up_and_down_trips_and_clears_at_most_once(
            threshold in 1.0..=100.0_f64,
            mut up in prop::collection::vec(0.0..=110.0_f64, 0..60),
            mut down in prop::collection::vec(0.0..=110.0_f64, 0..60),
        ) {
            up.sort_by(f64::total_cmp);
            down.sort_by(|a, b| b.total_cmp(a));
            let seen = transitions(threshold, up.into_iter().chain(down));
            prop_assert!(
                [&[][..], &[Transition::Tripped], &[Transition::Tripped, Transition::Cleared]]
                    .contains(&&seen[..]),
                "{seen:?}"
            );
        }

        #[test]
        fn flapping_within_the_margin_trips_once(
            threshold in 10.0..=100.0_f64,
            below in prop::collection::vec(0.0..=4.0_f64, 1..80),
        ) {
            let readings = [threshold].into_iter().chain(below.iter().map(|it| threshold - it));
            prop_assert_eq!(transitions(threshold, readings), [Transition::Tripped]);
        }
    }
}
