//! Round numbers for axes: 1, 2 and 5 times powers of ten.

/// The least round number that is not below `least`, which is above zero.
pub(super) fn round_up(least: f64) -> f64 {
    let exponent = least.log10().floor() as i32;
    let factors = [1.0, 2.0, 5.0, 10.0];
    let rounds = factors.map(|it| times_power(it, exponent));
    // 0.3 is 0.30000000000000004 at times, and needs no larger step for that.
    let enough = rounds.into_iter().find(|it| *it >= least * (1.0 - 1e-9));
    enough.unwrap_or(rounds[3])
}

/// `factor` × 10 ^ `exponent`. A division where it is below one: 3 / 10 is 0.3, 3 × 0.1 isn't.
fn times_power(factor: f64, exponent: i32) -> f64 {
    if exponent < 0 {
        factor / 10_f64.powi(-exponent)
    } else {
        factor * 10_f64.powi(exponent)
    }
}

/// The distance of ticks that divide a range into at most `parts` parts.
pub(super) fn step(range: f64, parts: u32) -> f64 {
    round_up(range / f64::from(parts))
}

/// Multiples of `step` from 0 to `high`, which is among them if it is one.
pub(super) fn multiples(step: f64, high: f64) -> Vec<f64> {
    let last = (high / step * (1.0 + 1e-9)).floor() as u64;
    let inverse = (1.0 / step).round();
    let multiple = |it: u64| match step {
        // For the same reason as above.
        ..1.0 => it as f64 / inverse,
        _ => it as f64 * step,
    };
    (0..=last).map(multiple).collect()
}

/// Digits after the point that multiples of `step` need.
pub(super) fn decimals(step: f64) -> usize {
    (-(step * (1.0 + 1e-9)).log10().floor()).max(0.0) as usize
}

/// Round numbers from the last one not above `low` to the first one not below `high`, for a
/// logarithmic axis; both are above zero. Powers of ten only where there would be more than
/// so many.
pub(super) fn decades(low: f64, high: f64, at_most: usize) -> Vec<f64> {
    let all = between(low, high, &[1.0, 2.0, 5.0]);
    if all.len() <= at_most {
        return all;
    }
    let powers = between(low, high, &[1.0]);
    let every = powers.len().div_ceil(at_most).max(1);
    // The first and the last one bound the axis.
    let last = powers.len() - 1;
    let kept = |index: &usize| *index == last || index.is_multiple_of(every);
    let indices = (0..powers.len()).filter(kept);
    indices.map(|it| powers[it]).collect()
}

fn between(low: f64, high: f64, factors: &[f64]) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let powers = first..=last + 1;
    let rounds: Vec<f64> = powers
        .flat_map(|exponent| factors.iter().map(move |it| times_power(*it, exponent)))
        .collect();
    let below = rounds.iter().rposition(|it| *it <= low * (1.0 + 1e-9));
    let above = rounds.iter().position(|it| *it >= high * (1.0 - 1e-9));
    let (first, last) = (below.unwrap_or(0), above.unwrap_or(rounds.len() - 1));
    rounds[first..=last.max(first + 1).min(rounds.len() - 1)].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        for (range, parts, expected) in [
            (1.0_f64, 5, 0.2_f64),
            (1.1, 5, 0.5),
            (10.0, 5, 2.0),
            (10.1, 5, 5.0),
            (60.0, 6, 10.0),
            (100.0, 4, 50.0),
            (0.000_3, 3, 0.000_1),
            (0.3, 3, 0.1),
            (1e9, 5, 2e8),
            (7.0, 1, 10.0),
        ] {
            let step = step(range, parts);
            assert!(
                step.to_bits() == expected.to_bits(),
                "{range} in {parts}: {step}"
            );
        }
    }

    #[test]
    fn multiples_are_exactly_what_they_read_as() {
        for (step, high, expected) in [
            (0.1, 0.3, &[0.0, 0.1, 0.2, 0.3][..]),
            (0.2, 1.0, &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
            (0.5, 1.2, &[0.0, 0.5, 1.0]),
            (20.0, 59.9, &[0.0, 20.0, 40.0]),
            (20.0, 60.0, &[0.0, 20.0, 40.0, 60.0]),
            (5.0, 4.0, &[0.0]),
        ] {
            assert_eq!(multiples(step, high), expected, "{step} to {high}");
        }
    }

    #[test]
    fn ticks_have_the_digits_that_tell_them_apart() {
        for (step, expected) in [
            (1.0, 0),
            (20.0, 0),
            (0.5, 1),
            (0.1, 1),
            (0.02, 2),
            (0.001, 3),
        ] {
            assert_eq!(decimals(step), expected, "{step}");
        }
    }

    #[test]
    fn a_logarithmic_axis_begins_and_ends_with_a_round_number() {
        for (low, high, at_most, expected) in [
            (0.12, 0.9, 8, &[0.1, 0.2, 0.5, 1.0][..]),
            (0.1, 1.0, 8, &[0.1, 0.2, 0.5, 1.0]),
            (0.003, 12.0, 8, &[0.001, 0.01, 0.1, 1.0, 10.0, 100.0]),
            (1.0, 1.0, 8, &[1.0, 2.0]),
            (0.000_001, 100.0, 5, &[0.000_001, 0.000_1, 0.01, 1.0, 100.0]),
        ] {
            assert_eq!(decades(low, high, at_most), expected, "{low} to {high}");
        }
    }
}
