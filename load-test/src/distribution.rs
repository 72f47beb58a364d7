//! How values of one quantity are distributed.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// How values of one quantity are distributed. Seconds, unless the quantity has none.
///
/// Percentiles are those of an HdrHistogram with three digits: the value that this percentage
/// of the values doesn't exceed, at most 0.1 % too large.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// Values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Their mean.
    pub mean: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p99_9: f64,
}

/// Collects values; a microsecond (or a millionth) is the finest that it tells apart.
#[derive(Debug, Clone)]
pub struct Collector {
    histogram: Histogram<u64>,
    sum: f64,
    min: f64,
    max: f64,
}

const MILLIONTHS: f64 = 1e6;

impl Default for Collector {
    fn default() -> Self {
        Self {
            histogram: Histogram::new(3).expect("three digits are possible"),
            sum: 0.0,
            min: f64::INFINITY,
            max: 0.0,
        }
    }
}

impl Collector {
    /// One more value, not negative.
    pub fn add(&mut self, value: f64) {
        self.histogram
            .record((value * MILLIONTHS).round() as u64)
            .expect("a histogram that grows takes every value");
        self.sum += value;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// One more duration, in seconds.
    pub fn add_time(&mut self, time: Duration) {
        self.add(time.as_secs_f64());
    }

    /// The value that `percent` of the values don't exceed; `None` without values.
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        if self.histogram.is_empty() {
            return None;
        }
        let value = self.histogram.value_at_percentile(percent) as f64 / MILLIONTHS;
        Some(value.clamp(self.min, self.max))
    }

    /// What the values come to; `None` where there is none.
    pub fn distribution(&self) -> Option<Distribution> {
        let count = self.histogram.len();
        let at = |percent| self.percentile(percent);
        Some(Distribution {
            count,
            sum: self.sum,
            mean: self.sum / count as f64,
            min: self.min,
            max: self.max,
            p50: at(50.0)?,
            p90: at(90.0)?,
            p95: at(95.0)?,
            p99: at(99.0)?,
            p99_9: at(99.9)?,
        })
    }

    /// The histogram, in millionths.
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }
}

impl Extend<f64> for Collector {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        values.into_iter().for_each(|it| self.add(it));
    }
}
