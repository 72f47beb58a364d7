//! Resampling of what happened one after the other: blocks of neighbours instead of values.
//!
//! A stall hits requests that run side by side, and memory is where it was a second ago. Drawing
//! single values would take each of them for a piece of evidence of its own and give
//! intervals that are far too narrow. Blocks that are longer than the memory of the series
//! keep what depends on each other together.
//!
//! The blocks move (they may start anywhere) and wrap around at the end, so that all values
//! are drawn equally often (Politis and Romano, "A Circular Block-Resampling Procedure for
//! Stationary Data", 1992).

use super::percentile;
use super::random::Random;

/// Calls `visit` with start and length of blocks that have `count` places together. A block
/// that reaches the end goes on at the start: places are modulo `count`.
pub(super) fn draw(
    count: usize,
    block: usize,
    random: &mut Random,
    mut visit: impl FnMut(usize, usize),
) {
    let mut left = count;
    while left > 0 {
        let length = block.min(left);
        visit(random.index(count), length);
        left -= length;
    }
}

/// How long the blocks of a series should be: as [`length_where_seen`], but not less than the
/// cube root of the count. Dependence may be there without being seen, and where there is none
/// longer blocks cost next to nothing.
pub(super) fn length(series: &[f64]) -> usize {
    let floor = (series.len() as f64).cbrt().ceil() as usize;
    length_where_seen(series).max(floor)
}

/// How long the blocks of a series should be for the dependence that can be seen in it, at
/// most a third of the series. 1 where there is none.
pub(super) fn length_where_seen(series: &[f64]) -> usize {
    let length = optimal_length(series).ceil() as usize;
    length.min(longest(series.len())).max(1)
}

/// A third of the series at most: with fewer blocks there is nothing left to resample.
fn longest(count: usize) -> usize {
    let count = count as f64;
    (3.0 * count.sqrt()).min(count / 3.0).ceil() as usize
}

/// The length for the mean of a stationary series that makes the variance's error smallest
/// (Politis and White, "Automatic Block-Length Selection for the Dependent Bootstrap", 2004,
/// with the correction by Patton, Politis and White, 2009), for circular blocks.
/// 0 where no neighbour says anything about the next.
fn optimal_length(series: &[f64]) -> f64 {
    let count = series.len();
    if count < 3 {
        return 0.0;
    }
    let autocovariances = Autocovariances::new(series);
    if autocovariances.at(0) <= 0.0 {
        return 0.0;
    }
    let significant = 2.0 * ((count as f64).log10() / count as f64).sqrt();
    let run = ((count as f64).log10().sqrt().ceil() as usize).max(5);
    let last = ((count as f64).sqrt().ceil() as usize + run).min(count - 1);
    let correlations: Vec<f64> = (1..=last)
        .map(|lag| autocovariances.at(lag) / autocovariances.at(0))
        .collect();
    let is_small = |lag: usize| correlations[lag - 1].abs() < significant;
    // The smallest lag from which on `run` lags in a row are nothing but noise.
    let forgotten = (1..=last.saturating_sub(run - 1))
        .find(|&first| (first..first + run).all(is_small))
        .or_else(|| (1..=last).rev().find(|&lag| !is_small(lag)))
        .unwrap_or(1);
    let window = (2 * forgotten).min(last);

    let mut weighted_lags = 0.0;
    let mut spectrum = autocovariances.at(0);
    for lag in 1..=window {
        let weight = (2.0 * (1.0 - lag as f64 / window as f64)).min(1.0);
        let both_sides = 2.0 * weight * autocovariances.at(lag);
        weighted_lags += lag as f64 * both_sides;
        spectrum += both_sides;
    }
    let variance = 4.0 / 3.0 * spectrum * spectrum;
    if variance <= 0.0 {
        return longest(count) as f64;
    }
    (2.0 * weighted_lags * weighted_lags / variance * count as f64).cbrt()
}

/// How a series goes together with itself, later.
struct Autocovariances {
    deviations: Vec<f64>,
}

impl Autocovariances {
    fn new(series: &[f64]) -> Self {
        let mean = percentile::mean(series).unwrap_or_default();
        Self {
            deviations: series.iter().map(|value| value - mean).collect(),
        }
    }

    fn at(&self, lag: usize) -> f64 {
        let pairs = self.deviations.iter().zip(&self.deviations[lag..]);
        pairs.map(|(now, later)| now * later).sum::<f64>() / self.deviations.len() as f64
    }
}

/// Correlation of a series with itself one place later; 0 where nothing varies.
pub(super) fn correlation_of_neighbours(series: &[f64]) -> f64 {
    let autocovariances = Autocovariances::new(series);
    if series.len() < 2 || autocovariances.at(0) <= 0.0 {
        return 0.0;
    }
    autocovariances.at(1) / autocovariances.at(0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::wandering;
    use super::*;

    /// Python: `arch.bootstrap.optimal_block_length(x)["circular"]`.
    #[test]
    fn the_block_length_is_that_of_arch() {
        for (count, memory, expected) in [
            (50, 0.0, 1.063_621_519_142_624_8),
            (50, 0.5, 3.811_845_044_230_691_7),
            (400, 0.0, 1.150_661_704_478_195_3),
            (400, 0.5, 10.123_017_903_812_407),
            (400, 0.9, 21.194_371_689_328_21),
            (2_000, 0.7, 24.084_070_510_794_202),
        ] {
            let found = optimal_length(&wandering(count, memory));
            assert!(
                (found - expected).abs() < 1e-6 * expected.max(1.0),
                "{count}, {memory}: {found}, {expected}"
            );
        }
    }

    #[test]
    fn a_resample_has_as_many_places_as_the_series() {
        for (count, block) in [(1, 1), (10, 1), (10, 3), (10, 10), (10, 100)] {
            let mut places = 0;
            draw(count, block, &mut Random::new(1), |start, length| {
                assert!(start < count);
                assert!(length <= block);
                places += length;
            });
            assert_eq!(places, count);
        }
    }

    #[test]
    fn what_remembers_longer_gets_longer_blocks() {
        let lengths = [0.0, 0.5, 0.9].map(|memory| length(&wandering(1_000, memory)));
        assert!(lengths.is_sorted(), "{lengths:?}");
        assert_eq!(lengths[0], 10, "the cube root");
        assert_eq!(length(&[1.0; 27]), 3, "nothing varies");
        assert_eq!(length(&[1.0]), 1);
    }
}
