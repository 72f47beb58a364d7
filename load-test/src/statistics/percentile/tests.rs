use proptest::prelude::*;

use super::*;

fn up_to_100() -> Vec<f64> {
    (1..=100_u32).map(f64::from).collect()
}

/// Python: `numpy.percentile(values, 100 * share, method="inverted_cdf")` and with the
/// default method, `"linear"`.
#[test]
fn percentiles_are_those_of_numpy() {
    let five = [15.0, 20.0, 35.0, 40.0, 50.0];
    for (values, share, nearest, between) in [
        (&[0.5, 0.25][..], 0.0, 0.25, 0.25),
        (&[0.5, 0.25], 0.5, 0.25, 0.375),
        (&[0.5, 0.25], 0.95, 0.5, 0.4875),
        (&[3.0, 1.0, 2.0], 0.3, 1.0, 1.6),
        (&[3.0, 1.0, 2.0], 0.4, 2.0, 1.8),
        (&[3.0, 1.0, 2.0], 1.0, 3.0, 3.0),
        (&five, 0.05, 15.0, 16.0),
        (&five, 0.3, 20.0, 23.0),
        (&five, 0.4, 20.0, 29.0),
        (&five, 0.5, 35.0, 35.0),
        (&five, 0.99, 50.0, 49.6),
        (&up_to_100(), 0.05, 5.0, 5.95),
        (&up_to_100(), 0.5, 50.0, 50.5),
        (&up_to_100(), 0.95, 95.0, 95.05),
        (&up_to_100(), 0.99, 99.0, 99.01),
        (&up_to_100(), 0.999, 100.0, 99.901),
    ] {
        assert_eq!(
            nearest_rank(values, share),
            Some(nearest),
            "{values:?} {share}"
        );
        let found = interpolated(values, share).unwrap();
        assert!(
            (found - between).abs() < 1e-12,
            "{values:?} {share}: {found}"
        );
    }
}

/// 0.07 * 100 is more than 7 in floating point.
#[test]
fn a_whole_rank_is_not_rounded_up() {
    for percent in 1..=100_u32 {
        let share = f64::from(percent) / 100.0;
        assert_eq!(nearest_rank(&up_to_100(), share), Some(f64::from(percent)));
    }
}

#[test]
fn simple_summaries() {
    let values = [4.0, 1.0, 3.0, 2.0];
    assert_eq!(median(&values), Some(2.5));
    assert_eq!(mean(&values), Some(2.5));
    assert_eq!(min(&values), Some(1.0));
}

#[test]
fn nothing_has_no_summary_and_one_value_is_all_of_them() {
    let of = [median, mean, min];
    for summary in of {
        assert_eq!(summary(&[]), None);
        assert_eq!(summary(&[7.0]), Some(7.0));
    }
    for percentile in [nearest_rank, interpolated] {
        assert_eq!(percentile(&[], 0.5), None);
        assert_eq!(percentile(&[7.0], 0.99), Some(7.0));
        for share in [-0.1, 1.1, f64::NAN] {
            assert_eq!(percentile(&[7.0], share), None, "{share}");
        }
    }
}

proptest! {
    #[test]
    fn a_nearest_rank_is_one_of_the_values_and_has_its_share_below(
        values in proptest::collection::vec(-1e9..1e9_f64, 1..60),
        share in 0.0..=1.0_f64,
    ) {
        let found = nearest_rank(&values, share).unwrap();
        prop_assert!(values.contains(&found));
        let up_to = values.iter().filter(|value| **value <= found).count() as f64;
        let below = values.iter().filter(|value| **value < found).count() as f64;
        let count = values.len() as f64;
        prop_assert!(up_to >= share * count - 1e-6);
        prop_assert!(below <= share * count + 1e-6);
    }

    #[test]
    fn percentiles_never_fall(
        values in proptest::collection::vec(-1e9..1e9_f64, 1..60),
        one in 0.0..=1.0_f64,
        other in 0.0..=1.0_f64,
    ) {
        let (low, high) = (one.min(other), one.max(other));
        prop_assert!(nearest_rank(&values, low) <= nearest_rank(&values, high));
        prop_assert!(interpolated(&values, low).unwrap() <= interpolated(&values, high).unwrap() + 1e-6);
    }
}
