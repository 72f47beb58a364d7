//! Figures that stand up to a second look: percentiles, whether two runs differ, by how much,
//! and whether something grows.
//!
//! All of it is pure and deterministic: the same values give the same answer on every machine.
//! Where there are too few values for an answer, or one of them isn't finite, there is none
//! (`None`) rather than a number that proves nothing.

mod blocks;
pub(crate) mod bootstrap;
mod interval;
pub(crate) mod percentile;
pub(crate) mod proportion;
mod random;
pub(crate) mod rank_test;
mod resample;
mod shift;
pub(crate) mod slope;
mod statistic;
#[cfg(test)]
mod testing;

pub(crate) use interval::Interval;
pub(crate) use shift::hodges_lehmann;

/// The fewest values from which anything can be said about what they were drawn from.
const MIN_VALUES: usize = 3;

/// Whether something can be said about what these values were drawn from.
fn is_usable(values: &[f64]) -> bool {
    values.len() >= MIN_VALUES && values.iter().all(|value| value.is_finite())
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}
