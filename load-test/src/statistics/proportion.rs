//! Whether something happens more often in one run than in another: a share of requests.

use serde::Serialize;

/// The test of two proportions takes counts for normally distributed. Where fewer than this
/// are to be expected in one of the four cells, they are too few for it (Cochran, "Some Methods
/// for Strengthening the Common χ² Tests", 1954).
const MIN_EXPECTED: f64 = 5.0;

/// Probabilities that rounding alone makes differ count as equal.
const ROUNDING: f64 = 1e-7;

/// How often something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occurrence {
    /// The times that it happened.
    pub count: u64,
    /// The times that it could have happened.
    pub of: u64,
}

/// What the test says about two shares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct ProportionTest {
    /// How often two samples of one and the same share are this different or more, in either
    /// direction: from 0 to 1.
    pub p_value: f64,
    /// Which of the two tests was made.
    pub method: Method,
}

/// How a p value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    /// Fisher's exact test: all tables with the same sums that are no more probable.
    Fisher,
    /// The test of two proportions with a common variance, from the normal distribution.
    TwoProportions,
}

impl Occurrence {
    /// As a share; `None` of nothing.
    pub(crate) fn share(self) -> Option<f64> {
        (self.of > 0).then(|| self.count as f64 / self.of as f64)
    }
}

impl ProportionTest {
    /// Compares two shares. `None` if one is a share of nothing, or of less than it says.
    pub(crate) fn of(base: Occurrence, new: Occurrence) -> Option<Self> {
        let is_possible = |it: Occurrence| it.of > 0 && it.count <= it.of;
        if !is_possible(base) || !is_possible(new) {
            return None;
        }
        let (all, hits) = (base.of + new.of, base.count + new.count);
        let least = hits.min(all - hits) as f64 * base.of.min(new.of) as f64 / all as f64;
        Some(if least < MIN_EXPECTED {
            Self {
                p_value: fisher(base, new),
                method: Method::Fisher,
            }
        } else {
            Self {
                p_value: two_proportions(base, new),
                method: Method::TwoProportions,
            }
        })
    }

    /// Whether samples of these sizes could show a difference at all: with `alpha` as the risk,
    /// none against all would not be taken for chance.
    pub(crate) fn could_tell(base: u64, new: u64, alpha: f64) -> bool {
        let none = Occurrence { count: 0, of: base };
        let all = Occurrence {
            count: new,
            of: new,
        };
        base > 0 && new > 0 && fisher(none, all) < alpha
    }
}

fn two_proportions(base: Occurrence, new: Occurrence) -> f64 {
    let (base_of, new_of) = (base.of as f64, new.of as f64);
    let pooled = (base.count + new.count) as f64 / (base_of + new_of);
    let variance = pooled * (1.0 - pooled) * (1.0 / base_of + 1.0 / new_of);
    let difference = new.count as f64 / new_of - base.count as f64 / base_of;
    libm::erfc(difference.abs() / (2.0 * variance).sqrt())
}

/// The probability of all tables with these sums that are no more probable than this one.
fn fisher(base: Occurrence, new: Occurrence) -> f64 {
    let (all, hits) = (base.of + new.of, base.count + new.count);
    let probability = |of_base: u64| {
        let ways = ln_choose(base.of, of_base) + ln_choose(new.of, hits - of_base);
        (ways - ln_choose(all, hits)).exp()
    };
    let limit = probability(base.count) * (1.0 + ROUNDING);
    let possible = hits.saturating_sub(new.of)..=hits.min(base.of);
    let extreme = possible.map(probability).filter(|it| *it <= limit);
    extreme.sum::<f64>().min(1.0)
}

/// Logarithm of the ways to choose `count` of `of`.
fn ln_choose(of: u64, count: u64) -> f64 {
    let ln_factorial = |it: u64| libm::lgamma(it as f64 + 1.0);
    ln_factorial(of) - ln_factorial(count) - ln_factorial(of - count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(base: (u64, u64), new: (u64, u64)) -> ProportionTest {
        let of = |(count, of)| Occurrence { count, of };
        ProportionTest::of(of(base), of(new)).unwrap()
    }

    /// Fisher's tasting of tea: 3 of 4 cups right each, 34 tables of 70 are as extreme.
    #[test]
    fn few_are_counted() {
        let tea = test((3, 4), (1, 4));
        assert_eq!(tea.method, Method::Fisher);
        assert!((tea.p_value - 34.0 / 70.0).abs() < 1e-12, "{tea:?}");
        // Of all 48,620 ways to have 9 hits among 18, two are like this.
        let opposite = test((0, 9), (9, 9));
        assert!((opposite.p_value - 2.0 / 48_620.0).abs() < 1e-12);
    }

    /// z = 0.05 / sqrt(0.075 * 0.925 * 2 / 1000) = 4.2447, twice 1 - Φ(z) = 2.19e-5.
    #[test]
    fn many_are_taken_for_normal() {
        let found = test((50, 1_000), (100, 1_000));
        assert_eq!(found.method, Method::TwoProportions);
        assert!((found.p_value - 2.19e-5).abs() < 1e-7, "{found:?}");
    }

    #[test]
    fn equal_shares_are_no_difference() {
        for counts in [(0, 10), (10, 10), (5, 10), (500, 1_000)] {
            let found = test(counts, counts);
            assert!((found.p_value - 1.0).abs() < 1e-9, "{found:?}");
        }
        let (one, other) = (test((1, 50), (7, 60)), test((7, 60), (1, 50)));
        assert!((one.p_value - other.p_value).abs() < 1e-12);
    }

    #[test]
    fn a_handful_can_show_nothing() {
        // 2 of 70 orders of 4 and 4, 2 of 252 of 5 and 5.
        assert!(!ProportionTest::could_tell(4, 4, 0.01));
        assert!(ProportionTest::could_tell(5, 5, 0.01));
        assert!(!ProportionTest::could_tell(0, 100, 0.01));
    }

    #[test]
    fn a_share_of_nothing_is_not_compared() {
        let of = |count, of| Occurrence { count, of };
        assert_eq!(ProportionTest::of(of(0, 0), of(1, 2)), None);
        assert_eq!(ProportionTest::of(of(3, 2), of(1, 2)), None);
        assert_eq!(of(0, 0).share(), None);
    }
}
