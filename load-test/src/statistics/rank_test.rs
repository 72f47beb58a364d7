//! Whether the values of one run are larger than those of another: Mann–Whitney U.
//!
//! The test looks at ranks only. It asks nothing of the distribution, which is as well:
//! latencies are skewed, have several humps and a long tail.
//!
//! It does take the values of a run for independent of each other. Where a stall makes many
//! neighbours slow at once, `p_value` is smaller than it should be. A difference that counts
//! should therefore be found by the block [bootstrap](super::bootstrap) too.

use super::{hodges_lehmann, is_usable, sorted};

/// Up to this number of pairs, the distribution of U is counted rather than approximated.
const MAX_EXACT_PAIRS: usize = 400;

/// What the test says about two samples, of which `new` is seen from `base`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RankTest {
    /// Pairs in which the value of `new` is the larger one; a tie counts half.
    pub u: f64,
    /// How often two samples of one and the same distribution are this different or more,
    /// in either direction: from 0 to 1.
    pub p_value: f64,
    /// How probable it is that a value of `new` is larger than one of `base`, where a tie
    /// counts half: 0.5 for no difference (the common-language effect size).
    pub new_is_larger: f64,
    /// By how much `new` lies above `base`, in the unit of the values
    /// ([`hodges_lehmann`]).
    pub shift: f64,
    /// Where the p value comes from.
    pub method: Method,
}

/// How a p value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// By counting all orders of the values: few of them, and no two are equal.
    Exact,
    /// From the normal distribution, corrected for ties and for continuity.
    Normal,
}

impl RankTest {
    /// Compares two samples, in any order. `None` for fewer than three values in one of them,
    /// or values that aren't finite.
    pub(crate) fn of(base: &[f64], new: &[f64]) -> Option<Self> {
        let shift = hodges_lehmann(base, new)?;
        debug_assert!(is_usable(base) && is_usable(new));
        let pairs = base.len() * new.len();
        let ranking = Ranking::of(&sorted(base), &sorted(new));
        let larger = ranking.u.max(pairs as f64 - ranking.u);
        let (p_value, method) = if ranking.tied == 0.0 && pairs <= MAX_EXACT_PAIRS {
            (exact_p_value(larger, base.len(), new.len()), Method::Exact)
        } else {
            let p_value = normal_p_value(larger, ranking.tied, base.len(), new.len());
            (p_value, Method::Normal)
        };
        Some(Self {
            u: ranking.u,
            p_value,
            new_is_larger: ranking.u / pairs as f64,
            shift,
            method,
        })
    }
}

/// Both samples in one row.
struct Ranking {
    u: f64,
    /// Over all groups of t equal values: the sum of t³ - t.
    tied: f64,
}

impl Ranking {
    fn of(mut base: &[f64], mut new: &[f64]) -> Self {
        let mut ranking = Self { u: 0.0, tied: 0.0 };
        let mut base_below = 0.0;
        loop {
            let next = match (base.first(), new.first()) {
                (Some(base), Some(new)) => base.min(*new),
                (Some(next), None) | (None, Some(next)) => *next,
                (None, None) => return ranking,
            };
            let base_equal = split_off_equal(&mut base, next);
            let new_equal = split_off_equal(&mut new, next);
            ranking.u += new_equal * (base_below + base_equal / 2.0);
            let equal = base_equal + new_equal;
            ranking.tied += equal * equal * equal - equal;
            base_below += base_equal;
        }
    }
}

/// Cuts the values that equal `next` off the start and says how many they were.
fn split_off_equal(values: &mut &[f64], next: f64) -> f64 {
    let count = values.iter().take_while(|value| **value <= next).count();
    *values = &values[count..];
    count as f64
}

/// Twice the share of orders in which U is `larger` or more.
fn exact_p_value(larger: f64, base: usize, new: usize) -> f64 {
    let ways = orders_by_u(base.min(new), base.max(new));
    let all: i64 = ways.iter().sum();
    // Without ties U is a whole number.
    let as_extreme: i64 = ways[larger as usize..].iter().sum();
    (2.0 * as_extreme as f64 / all as f64).min(1.0)
}

/// For each U, how many orders of the values have it: the coefficients of the Gaussian
/// binomial, the product of (1 - q^(large + i)) / (1 - q^i) for i from 1 to `small`.
/// With 400 pairs at most none is larger than 40 over 20, about 1.4e11.
fn orders_by_u(small: usize, large: usize) -> Vec<i64> {
    let mut ways = vec![0; small * large + 1];
    ways[0] = 1;
    for i in 1..=small {
        for u in (large + i..ways.len()).rev() {
            ways[u] -= ways[u - large - i];
        }
        for u in i..ways.len() {
            ways[u] += ways[u - i];
        }
    }
    ways
}

fn normal_p_value(larger: f64, tied: f64, base: usize, new: usize) -> f64 {
    let (base, new) = (base as f64, new as f64);
    let both = base + new;
    let variance = base * new / 12.0 * (both + 1.0 - tied / (both * (both - 1.0)));
    // U moves in steps of one: half a step belongs to the neighbour.
    let distance = larger - base * new / 2.0 - 0.5;
    if variance <= 0.0 || distance <= 0.0 {
        return 1.0;
    }
    libm::erfc(distance / (2.0 * variance).sqrt())
}

#[cfg(test)]
mod tests;
