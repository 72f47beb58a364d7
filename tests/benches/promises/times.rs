//! Durations of many requests.

use std::time::Duration;

/// In milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    /// Those of so many calls.
    pub(crate) fn of(calls: usize, mut call: impl FnMut() -> Duration) -> Self {
        let mut times = Self::default();
        for _ in 0..calls {
            times.add(call());
        }
        times
    }

    pub(crate) fn add(&mut self, took: Duration) {
        let millis = took.as_secs_f64() * 1000.0;
        let place = self.0.partition_point(|it| *it < millis);
        self.0.insert(place, millis);
    }

    pub(crate) fn extend(&mut self, times: Vec<Duration>) {
        for time in times {
            self.add(time);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn median(&self) -> f64 {
        self.percentile(50.0)
    }

    /// The least time that so many per cent didn't exceed; NaN of none.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        let rank = (percent / 100.0 * self.0.len() as f64).ceil() as usize;
        self.0
            .get(rank.saturating_sub(1))
            .copied()
            .unwrap_or(f64::NAN)
    }
}
