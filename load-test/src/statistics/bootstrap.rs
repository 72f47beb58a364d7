//! By how much a statistic of two runs differs, and how sure that is: the percentile bootstrap.
//!
//! Both samples are drawn again many times, and the interval is what the ratio and the
//! difference were in the middle `confidence` of these draws.
//!
//! The values are expected in the order of time and are drawn in blocks of neighbours by
//! default ([`Resampling::Blocks`]). Requests of one run aren't independent: a stall, a full
//! queue or a model that is loaded hits many at once. 300 requests of which 30 waited for the
//! same thing are not 30 observations of a slow tail but one.

use super::random::Random;
use super::resample::{Draw, replicates};
pub(crate) use super::statistic::Statistic;
use super::{Interval, blocks, is_usable};

/// What is drawn together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "tests compare the blocks of a report with others")
)]
pub(crate) enum Resampling {
    /// Blocks of neighbours in time, as long as the values depend on each other.
    Blocks,
    /// Blocks of this number of neighbours.
    BlocksOf(usize),
    /// Single values. Only right for values that have nothing to do with each other.
    Independent,
}

/// How to resample. The default is what reports are made with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bootstrap {
    /// How many times each sample is drawn again.
    pub resamples: usize,
    /// Share of the resamples that the interval spans, between 0 and 1.
    pub confidence: f64,
    /// What is drawn together.
    pub resampling: Resampling,
    /// The same seed draws the same resamples.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            resamples: 10_000,
            confidence: 0.95,
            resampling: Resampling::Blocks,
            seed: 1,
        }
    }
}

/// A statistic of two samples, and how it changed from `base` to `new`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Change {
    /// The statistic of the first sample.
    pub base: f64,
    /// The statistic of the second one.
    pub new: f64,
    /// `new / base`: 1.2 is 20 % more. `None` where the statistic of `base` isn't above 0, in
    /// the sample or in a resample of it.
    pub ratio: Option<Interval>,
    /// `new - base`, in the unit of the values.
    pub difference: Interval,
}

impl Bootstrap {
    /// Compares the statistic of two samples, each in the order of time. `None` for fewer
    /// values than [`Statistic::needed_values`], values that aren't finite, and a share or
    /// confidence out of range.
    pub(crate) fn compare(
        &self,
        base: &[f64],
        new: &[f64],
        statistic: Statistic,
    ) -> Option<Change> {
        let resampled = [
            self.replicates(base, statistic, 0)?,
            self.replicates(new, statistic, 1)?,
        ];
        let [base, new] = [statistic.of(base)?, statistic.of(new)?];
        let combined = |combine: fn(f64, f64) -> f64| {
            let [of_base, of_new] = &resampled;
            let pairs = of_base.iter().zip(of_new);
            let combined = pairs.map(|(base, new)| combine(*base, *new)).collect();
            Interval::of_resamples(combine(base, new), combined, self.confidence)
        };
        let has_ratio = base > 0.0 && resampled[0].iter().all(|&base| base > 0.0);
        Some(Change {
            base,
            new,
            ratio: if has_ratio {
                combined(|base, new| new / base)
            } else {
                None
            },
            difference: combined(|base, new| new - base)?,
        })
    }

    /// The statistic of one sample with its interval. `None` as for [`Bootstrap::compare`].
    #[cfg(test)]
    pub(crate) fn interval(&self, values: &[f64], statistic: Statistic) -> Option<Interval> {
        let resampled = self.replicates(values, statistic, 0)?;
        Interval::of_resamples(statistic.of(values)?, resampled, self.confidence)
    }

    fn replicates(&self, values: &[f64], statistic: Statistic, stream: u64) -> Option<Vec<f64>> {
        let is_possible = self.confidence > 0.0
            && self.confidence < 1.0
            && is_usable(values)
            && values.len() >= statistic.needed_values(self.confidence);
        if !is_possible {
            return None;
        }
        let draw = match self.resampling {
            Resampling::Blocks => Draw::Blocks(blocks::length(&statistic.influence(values))),
            Resampling::BlocksOf(length) => Draw::Blocks(length.clamp(1, values.len())),
            Resampling::Independent => Draw::Single,
        };
        let mut random = Random::stream(self.seed, stream);
        replicates(values, statistic, draw, self.resamples, &mut random)
    }
}

#[cfg(test)]
mod tests;
