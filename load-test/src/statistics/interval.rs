//! An estimate and how far off it may be.

use serde::Serialize;

use super::percentile;

/// A figure with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Interval {
    /// The figure itself.
    pub estimate: f64,
    /// Lower end, at most the estimate.
    pub low: f64,
    /// Upper end, at least the estimate.
    pub high: f64,
}

impl Interval {
    /// The middle `confidence` (0 to 1) of what the estimate was in resamples, widened to hold
    /// the estimate where it lies outside. `None` without resamples.
    pub(super) fn of_resamples(
        estimate: f64,
        mut resampled: Vec<f64>,
        confidence: f64,
    ) -> Option<Self> {
        let tail = f64::midpoint(1.0, -confidence);
        let low = percentile::interpolated_in_place(&mut resampled, tail)?;
        let high = percentile::interpolated_in_place(&mut resampled, 1.0 - tail)?;
        Some(Self {
            estimate,
            low: low.min(estimate),
            high: high.max(estimate),
        })
    }

    /// Whether `value` is one of those that the data don't speak against.
    pub(crate) fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}
