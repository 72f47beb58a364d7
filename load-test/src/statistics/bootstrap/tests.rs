use proptest::prelude::*;

use super::super::testing::uniforms;
use super::*;

const P50: Statistic = Statistic::Percentile(0.5);
const P95: Statistic = Statistic::Percentile(0.95);

fn independent() -> Bootstrap {
    Bootstrap {
        resampling: Resampling::Independent,
        ..Bootstrap::default()
    }
}

/// Python: `scipy.stats.bootstrap((base, new), statistic, method="percentile",
/// n_resamples=40000)` with `numpy.mean` and `numpy.percentile(..., method="inverted_cdf")`.
/// Both sides draw at random: the ends agree to a tenth of the interval's width.
#[test]
fn intervals_are_those_of_scipy() {
    let drawn: Vec<f64> = uniforms().take(700).collect();
    let base: Vec<f64> = drawn[..300].iter().map(|it| it.exp()).collect();
    let new: Vec<f64> = drawn[300..].iter().map(|it| (it * 1.1).exp()).collect();
    for (statistic, ratio, difference) in [
        (
            Statistic::Mean,
            [1.052_501, 1.006_625, 1.101_386],
            [0.090_152, 0.011_730, 0.169_795],
        ),
        (
            P50,
            [1.053_042, 0.959_024, 1.157_148],
            [0.087_267, -0.072_144, 0.247_127],
        ),
        (
            P95,
            [1.094_537, 1.053_690, 1.143_681],
            [0.242_769, 0.136_722, 0.361_327],
        ),
    ] {
        let found = independent().compare(&base, &new, statistic).unwrap();
        for (found, [estimate, low, high]) in [
            (found.ratio.unwrap(), ratio),
            (found.difference, difference),
        ] {
            let tolerance = (high - low) / 10.0;
            assert!(
                (found.estimate - estimate).abs() < 1e-6,
                "{statistic:?} {found:?}"
            );
            assert!(
                (found.low - low).abs() < tolerance,
                "{statistic:?} {found:?}"
            );
            assert!(
                (found.high - high).abs() < tolerance,
                "{statistic:?} {found:?}"
            );
        }
    }
}

#[test]
fn too_few_values_have_no_interval() {
    let values: Vec<f64> = uniforms().take(400).collect();
    for (statistic, needed) in [
        (Statistic::Mean, 3),
        (P50, 6),
        (P95, 72),
        (Statistic::Percentile(0.05), 72),
        (Statistic::Percentile(0.99), 368),
    ] {
        assert_eq!(statistic.needed_values(0.95), needed, "{statistic:?}");
        for resampling in [
            Resampling::Blocks,
            Resampling::BlocksOf(4),
            Resampling::Independent,
        ] {
            let bootstrap = Bootstrap {
                resampling,
                resamples: 50,
                ..Bootstrap::default()
            };
            for count in [0, 1, 2, needed - 1] {
                let few = &values[..count];
                assert_eq!(bootstrap.compare(few, &values, statistic), None);
                assert_eq!(bootstrap.compare(&values, few, statistic), None);
                assert_eq!(bootstrap.interval(few, statistic), None);
            }
            let enough = &values[..needed];
            assert!(
                bootstrap.compare(enough, enough, statistic).is_some(),
                "{statistic:?}"
            );
        }
    }
}

#[test]
fn what_makes_no_sense_has_no_interval() {
    let values: Vec<f64> = uniforms().take(100).collect();
    let broken = [&values[..], &[f64::NAN]].concat();
    assert_eq!(
        Bootstrap::default().interval(&broken, Statistic::Mean),
        None
    );
    for share in [-0.1, 1.0, 1.1, f64::NAN] {
        let statistic = Statistic::Percentile(share);
        assert_eq!(
            Bootstrap::default().interval(&values, statistic),
            None,
            "{share}"
        );
    }
    for confidence in [0.0, 1.0, f64::NAN] {
        let bootstrap = Bootstrap {
            confidence,
            ..Bootstrap::default()
        };
        assert_eq!(
            bootstrap.interval(&values, Statistic::Mean),
            None,
            "{confidence}"
        );
    }
    let none = Bootstrap {
        resamples: 0,
        ..Bootstrap::default()
    };
    assert_eq!(none.interval(&values, Statistic::Mean), None);
}

/// Queue waits are mostly 0: how many times 0 is that?
#[test]
fn nothing_is_a_multiple_of_zero() {
    let waits = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0];
    let busy = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0];
    let bootstrap = Bootstrap::default();
    let from_nothing = bootstrap.compare(&waits, &busy, P50).unwrap();
    assert_eq!(
        (from_nothing.ratio, from_nothing.difference.estimate),
        (None, 1.0)
    );
    let to_nothing = bootstrap.compare(&busy, &waits, P50).unwrap();
    assert_eq!(to_nothing.ratio.map(|it| it.estimate), Some(0.0));
}

#[test]
fn the_same_question_has_the_same_answer() {
    let values: Vec<f64> = uniforms().take(100).collect();
    let ask = |seed| {
        let bootstrap = Bootstrap {
            seed,
            ..Bootstrap::default()
        };
        bootstrap.interval(&values, Statistic::Mean).unwrap()
    };
    assert_eq!(ask(1), ask(1));
    assert_ne!(ask(1), ask(2));
}

fn quick(resampling: Resampling) -> Bootstrap {
    Bootstrap {
        resamples: 400,
        confidence: 0.99,
        resampling,
        ..Bootstrap::default()
    }
}

/// Log-normal latencies in the order of time, where `memory` of one is left in the next.
fn latencies(random: &mut Random, count: usize, memory: f64, median_seconds: f64) -> Vec<f64> {
    let fresh = (1.0 - memory * memory).sqrt();
    let mut state = random.normal();
    (0..count)
        .map(|_| {
            state = memory * state + fresh * random.normal();
            median_seconds * (0.3 * state).exp()
        })
        .collect()
}

/// In how many of 200 comparisons the interval of the ratio leaves out 1.
fn found_different(bootstrap: Bootstrap, statistic: Statistic, memory: f64, median: f64) -> usize {
    let mut random = Random::new(11);
    (0..200)
        .filter(|_| {
            let base = latencies(&mut random, 300, memory, 1.0);
            let new = latencies(&mut random, 300, memory, median);
            let change = bootstrap.compare(&base, &new, statistic).unwrap();
            !change.ratio.unwrap().contains(1.0)
        })
        .count()
}

#[test]
fn equal_runs_are_called_different_about_as_often_as_the_confidence_says() {
    for statistic in [Statistic::Mean, P50, P95] {
        for resampling in [Resampling::Blocks, Resampling::Independent] {
            let wrong = found_different(quick(resampling), statistic, 0.0, 1.0);
            assert!(wrong < 8, "{statistic:?} {resampling:?}: {wrong} of 200");
        }
    }
}

/// Why blocks are the default.
#[test]
fn values_that_depend_on_each_other_fool_only_who_draws_them_singly() {
    for statistic in [Statistic::Mean, P50, P95] {
        let blocks = found_different(quick(Resampling::Blocks), statistic, 0.7, 1.0);
        let single = found_different(quick(Resampling::Independent), statistic, 0.7, 1.0);
        assert!(blocks < 12, "{statistic:?}: {blocks} of 200");
        assert!(single > 16, "{statistic:?}: {single} of 200");
    }
}

#[test]
fn fifteen_percent_are_found_in_three_hundred_requests() {
    for (statistic, at_least) in [(Statistic::Mean, 190), (P50, 180)] {
        let found = found_different(quick(Resampling::Blocks), statistic, 0.0, 1.15);
        assert!(found > at_least, "{statistic:?}: {found} of 200");
    }
}

fn sample() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(1e-3..1e3_f64, 72..120)
}

fn resampling() -> impl Strategy<Value = Resampling> {
    prop_oneof![
        Just(Resampling::Blocks),
        (0..200_usize).prop_map(Resampling::BlocksOf),
        Just(Resampling::Independent),
    ]
}

fn statistic() -> impl Strategy<Value = Statistic> {
    prop_oneof![
        Just(Statistic::Mean),
        (0.05..0.95_f64).prop_map(Statistic::Percentile)
    ]
}

proptest! {
    #[test]
    fn an_interval_holds_its_estimate(
        base in sample(), new in sample(), resampling in resampling(), statistic in statistic(),
        confidence in 0.01..0.95_f64,
    ) {
        let bootstrap = Bootstrap { resamples: 100, confidence, resampling, seed: 1 };
        let change = bootstrap.compare(&base, &new, statistic).unwrap();
        prop_assert_eq!(Some(change.base), statistic.of(&base));
        prop_assert_eq!(Some(change.new), statistic.of(&new));
        for interval in [change.ratio.unwrap(), change.difference] {
            prop_assert!(interval.contains(interval.estimate), "{:?}", interval);
        }
    }

    #[test]
    fn the_unit_of_the_values_does_not_matter(
        base in sample(), new in sample(), resampling in resampling(), statistic in statistic(),
    ) {
        // A power of two changes no digit of a float.
        let larger = |values: &[f64]| values.iter().map(|it| it * 1024.0).collect::<Vec<_>>();
        let bootstrap = Bootstrap { resamples: 100, resampling, ..Bootstrap::default() };
        let small = bootstrap.compare(&base, &new, statistic).unwrap();
        let large = bootstrap.compare(&larger(&base), &larger(&new), statistic).unwrap();
        prop_assert_eq!(small.ratio, large.ratio);
        let Interval { estimate, low, high } = small.difference;
        let scaled = Interval { estimate: 1024.0 * estimate, low: 1024.0 * low, high: 1024.0 * high };
        prop_assert_eq!(scaled, large.difference);
    }

    #[test]
    fn swapping_the_samples_turns_the_change_around(base in sample(), new in sample()) {
        let there = Bootstrap::default().compare(&base, &new, Statistic::Mean).unwrap();
        let back = Bootstrap::default().compare(&new, &base, Statistic::Mean).unwrap();
        prop_assert_eq!((there.base, there.new), (back.new, back.base));
        // Other resamples: the ends are only about the same.
        let tolerance = (there.difference.high - there.difference.low) / 5.0;
        prop_assert!((there.difference.low + back.difference.high).abs() < tolerance);
        prop_assert!((there.difference.high + back.difference.low).abs() < tolerance);
        let (there, back) = (there.ratio.unwrap(), back.ratio.unwrap());
        prop_assert!((there.estimate * back.estimate - 1.0).abs() < 1e-12);
    }
}
