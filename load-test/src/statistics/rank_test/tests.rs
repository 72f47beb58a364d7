use proptest::prelude::*;

use super::super::random::Random;
use super::super::testing::uniforms;
use super::Method::{Exact, Normal};
use super::*;

fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
}

/// What scipy says of the two samples before it.
struct Expected {
    method: Method,
    u: f64,
    p_value: f64,
    shift: f64,
}

fn check(base: &[f64], new: &[f64], expected: &Expected) {
    let found = RankTest::of(base, new).unwrap();
    let sizes = (base.len(), new.len());
    let pairs = (base.len() * new.len()) as f64;
    assert_eq!(found.method, expected.method, "{sizes:?}");
    for (found, expected) in [
        (found.u, expected.u),
        (found.p_value, expected.p_value),
        (found.shift, expected.shift),
        (found.new_is_larger, expected.u / pairs),
    ] {
        assert!(is_near(found, expected), "{sizes:?}: {found}, {expected}");
    }
}

/// Python: `scipy.stats.mannwhitneyu(new, base, alternative="two-sided", method=method)` with
/// "exact" or "asymptotic", and `numpy.median(numpy.subtract.outer(new, base))`.
#[test]
fn figures_are_those_of_scipy() {
    let numbers = |text: &str| -> Vec<f64> {
        let numbers = text.split_whitespace().map(|it| it.parse().unwrap());
        numbers.collect()
    };
    for (base, new, method, figures) in [
        ("1 2 3", "4 5 6", Exact, "9 0.1 3"),
        (
            "1.1 2.2 3.3 4.4",
            "0.5 2.5 3.5 9 10",
            Exact,
            "13 0.5555555555555556 1.35",
        ),
        (
            "1 2 3 4 5",
            "3 4 5 6 7",
            Normal,
            "20.5 0.11384629800665805 2",
        ),
        (
            "1 1 2 2 3",
            "2 2 3 3 3 4",
            Normal,
            "24.5 0.08404320025728729 1",
        ),
        ("5 5 5", "5 5 5", Normal, "4.5 1 0"),
        (
            "0.8 0.83 1.89 1.04 1.45 1.38 1.91 1.64 0.73 1.46",
            "1.15 0.88 0.9 0.74 1.21",
            Exact,
            "15 0.2544122544122544 -0.305",
        ),
    ] {
        let [u, p_value, shift] = numbers(figures)[..] else {
            panic!("{figures}");
        };
        let expected = Expected {
            method,
            u,
            p_value,
            shift,
        };
        check(&numbers(base), &numbers(new), &expected);
    }
}

/// The same calls, with values drawn by [`uniforms`]: those of `base`, then those of `new`.
/// To the latter `raised` is added. Where there are ties, only the whole tenths are left.
#[test]
fn figures_of_larger_samples_are_those_of_scipy() {
    let drawn: Vec<f64> = uniforms().take(700).collect();
    let plain = |value: f64| value;
    let tenths = |value: f64| (value * 10.0).floor();
    for (base, new, raised, seen, method, u, p_value, shift) in [
        (
            20,
            20,
            0.2,
            plain as fn(f64) -> f64,
            Exact,
            268.0,
            0.067_501_145_075_261_23,
            0.158_029_639_208_689_3,
        ),
        (
            21,
            20,
            0.2,
            plain,
            Normal,
            288.0,
            0.043_242_816_629_687_764,
            0.191_254_698_950_797_28,
        ),
        (
            3,
            100,
            0.0,
            plain,
            Exact,
            136.0,
            0.802_992_349_491_945,
            -0.055_658_830_096_945_17,
        ),
        (
            300,
            400,
            0.05,
            plain,
            Normal,
            65_135.0,
            0.052_467_997_009_542_66,
            0.042_968_721_315_264_746,
        ),
        (
            300,
            400,
            1.0,
            tenths,
            Normal,
            70_620.5,
            5.547_643_253_763_817e-5,
            1.0,
        ),
    ] {
        let (first, second) = drawn[..base + new].split_at(base);
        let first: Vec<f64> = first.iter().copied().map(seen).collect();
        let second: Vec<f64> = second.iter().map(|value| seen(*value) + raised).collect();
        let expected = Expected {
            method,
            u,
            p_value,
            shift,
        };
        check(&first, &second, &expected);
    }
}

#[test]
fn too_little_is_no_test() {
    let values = [1.0, 2.0, 3.0];
    for count in 0..3 {
        assert_eq!(RankTest::of(&values[..count], &values), None);
        assert_eq!(RankTest::of(&values, &values[..count]), None);
    }
    assert_eq!(RankTest::of(&values, &[1.0, f64::NAN, 3.0]), None);
    assert!(RankTest::of(&values, &values).is_some());
}

#[test]
fn all_orders_of_the_values_are_counted() {
    // 20! / (10! * 10!)
    assert_eq!(orders_by_u(10, 10).iter().sum::<i64>(), 184_756);
    assert_eq!(orders_by_u(2, 2), [1, 1, 2, 1, 1]);
    // 40! / (20! * 20!), the most there can be.
    assert_eq!(orders_by_u(20, 20).iter().sum::<i64>(), 137_846_528_820);
}

/// Few different values make ties.
fn sample() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        proptest::collection::vec((-50..50_i32).prop_map(f64::from), 3..40),
        proptest::collection::vec((-5_000..5_000_i32).prop_map(f64::from), 3..15),
    ]
}

proptest! {
    #[test]
    fn swapping_the_samples_turns_the_effect_around(base in sample(), new in sample()) {
        let there = RankTest::of(&base, &new).unwrap();
        let back = RankTest::of(&new, &base).unwrap();
        prop_assert!(is_near(there.u + back.u, (base.len() * new.len()) as f64));
        prop_assert!((there.new_is_larger + back.new_is_larger - 1.0).abs() < 1e-12);
        prop_assert!(is_near(there.shift, -back.shift));
        prop_assert!((there.p_value - back.p_value).abs() < 1e-12);
        prop_assert_eq!(there.method, back.method);
    }

    #[test]
    fn only_the_order_of_the_values_counts(base in sample(), new in sample()) {
        let cubed = |values: &[f64]| values.iter().map(|it| it * it * it).collect::<Vec<_>>();
        let plain = RankTest::of(&base, &new).unwrap();
        let stretched = RankTest::of(&cubed(&base), &cubed(&new)).unwrap();
        prop_assert_eq!(plain, RankTest { shift: plain.shift, ..stretched });
    }

    #[test]
    fn a_p_value_is_a_probability(base in sample(), new in sample()) {
        let found = RankTest::of(&base, &new).unwrap();
        prop_assert!((0.0..=1.0).contains(&found.p_value), "{:?}", found);
        prop_assert!((0.0..=1.0).contains(&found.new_is_larger), "{:?}", found);
    }

    #[test]
    fn the_approximation_is_near_what_counting_finds(
        base in proptest::collection::hash_set(-5_000..5_000_i32, 15..20),
        new in proptest::collection::hash_set(5_001..15_000_i32, 15..20),
        apart in 0..10_001_i32,
    ) {
        // Without ties: even numbers against odd ones.
        let base: Vec<f64> = base.iter().map(|it| f64::from(2 * it)).collect();
        let new: Vec<f64> = new.iter().map(|it| f64::from(2 * (it - apart) + 1)).collect();
        let found = RankTest::of(&base, &new).unwrap();
        let larger = found.u.max((base.len() * new.len()) as f64 - found.u);
        let approximated = normal_p_value(larger, 0.0, base.len(), new.len());
        prop_assert_eq!(found.method, Method::Exact);
        prop_assert!((found.p_value - approximated).abs() < 0.01, "{:?}, {}", found, approximated);
    }
}

/// Log-normal, as latencies are: two thirds of them within about 30 % of the median.
fn latencies(random: &mut Random, count: usize, median_seconds: f64) -> Vec<f64> {
    (0..count)
        .map(|_| median_seconds * (0.3 * random.normal()).exp())
        .collect()
}

fn found_different(alpha: f64, count: usize, median_seconds: f64) -> usize {
    let mut random = Random::new(7);
    (0..200)
        .filter(|_| {
            let base = latencies(&mut random, count, 1.0);
            let new = latencies(&mut random, count, median_seconds);
            RankTest::of(&base, &new).unwrap().p_value < alpha
        })
        .count()
}

#[test]
fn equal_runs_are_called_different_about_as_often_as_alpha_says() {
    for count in [12, 40, 300] {
        let wrong = found_different(0.01, count, 1.0);
        assert!(wrong < 8, "{count} values: {wrong} of 200");
        // And not never: then the test would be blind.
        let wrong = found_different(0.1, count, 1.0);
        assert!((8..36).contains(&wrong), "{count} values: {wrong} of 200");
    }
}

#[test]
fn fifteen_percent_are_found_in_three_hundred_requests() {
    let found = found_different(0.01, 300, 1.15);
    assert!(found > 195, "{found} of 200");
}
