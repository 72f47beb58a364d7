//! By how much one sample lies above another.

use super::{is_usable, sorted};

/// The median of all differences between a value of `new` and a value of `base` (Hodges and
/// Lehmann, 1963), in the unit of the values. A few slow requests move it little.
/// `None` for fewer than three values, or values that aren't finite.
///
/// It is exact however many pairs there are: they are counted, not made.
pub(crate) fn hodges_lehmann(base: &[f64], new: &[f64]) -> Option<f64> {
    if !is_usable(base) || !is_usable(new) {
        return None;
    }
    let differences = Differences {
        base: &sorted(base),
        new: &sorted(new),
    };
    let pairs = base.len() * new.len();
    let below = differences.at(pairs.div_ceil(2));
    let above = differences.at(pairs / 2 + 1);
    Some(f64::midpoint(below, above))
}

/// All differences of two sorted samples.
struct Differences<'a> {
    base: &'a [f64],
    new: &'a [f64],
}

impl Differences<'_> {
    /// The difference of this rank, counted from 1, by bisection over the numbers that a
    /// float can be: 64 steps at most, each of which takes one pass over both samples.
    fn at(&self, rank: usize) -> f64 {
        let (first, last) = (0, self.base.len() - 1);
        let mut low = order(self.new[0] - self.base[last]);
        let mut high = order(self.new[self.new.len() - 1] - self.base[first]);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.count_up_to(value(middle)) >= rank {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        // The place below 0.0 is -0.0, which compares equal to it.
        value(low) + 0.0
    }

    /// How many differences are at most `limit`. Both samples only ever go up: rounding of a
    /// difference keeps its order.
    fn count_up_to(&self, limit: f64) -> usize {
        let mut reached = 0;
        let mut count = 0;
        for base in self.base {
            while reached < self.new.len() && self.new[reached] - base <= limit {
                reached += 1;
            }
            count += reached;
        }
        count
    }
}

/// The place of a number among all numbers that a float can be.
fn order(value: f64) -> u64 {
    let bits = value.to_bits();
    if value.is_sign_negative() {
        !bits
    } else {
        bits | SIGN
    }
}

/// The number at this place: the inverse of [`order`].
fn value(order: u64) -> f64 {
    f64::from_bits(if order & SIGN == 0 {
        !order
    } else {
        order & !SIGN
    })
}

const SIGN: u64 = 1 << 63;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::percentile;
    use super::*;

    fn by_definition(base: &[f64], new: &[f64]) -> f64 {
        let differences: Vec<f64> = new
            .iter()
            .flat_map(|new| base.iter().map(move |base| new - base))
            .collect();
        percentile::median(&differences).unwrap()
    }

    proptest! {
        #[test]
        fn counting_finds_the_median_that_sorting_finds(
            base in proptest::collection::vec(-1e6..1e6_f64, 3..30),
            new in proptest::collection::vec(-1e6..1e6_f64, 3..30),
        ) {
            let expected = by_definition(&base, &new);
            let found = hodges_lehmann(&base, &new).unwrap();
            prop_assert!((found - expected).abs() <= 1e-9, "{found}, {expected}");
        }

        #[test]
        fn many_equal_differences_are_no_trouble(
            base in proptest::collection::vec((-3..3_i32).prop_map(f64::from), 3..12),
            new in proptest::collection::vec((-3..3_i32).prop_map(f64::from), 3..12),
        ) {
            prop_assert_eq!(hodges_lehmann(&base, &new), Some(by_definition(&base, &new)));
        }

        #[test]
        fn the_order_of_floats_is_that_of_their_places(one: f64, other: f64) {
            prop_assert_eq!(one.total_cmp(&other), order(one).cmp(&order(other)));
            prop_assert_eq!(value(order(one)).to_bits(), one.to_bits());
        }
    }

    #[test]
    fn too_few_values_have_no_shift() {
        let values = [1.0, 2.0, 3.0];
        for count in 0..3 {
            assert_eq!(hodges_lehmann(&values[..count], &values), None);
            assert_eq!(hodges_lehmann(&values, &values[..count]), None);
        }
        assert_eq!(hodges_lehmann(&values, &[1.0, 2.0, f64::INFINITY]), None);
        assert_eq!(hodges_lehmann(&values, &values), Some(0.0));
    }
}
