use proptest::prelude::*;

use super::super::testing::{uniforms, wandering};
use super::*;

fn series(seconds: impl IntoIterator<Item = f64>, values: &[f64]) -> Vec<Point> {
    seconds
        .into_iter()
        .zip(values)
        .map(|(seconds, &value)| Point { seconds, value })
        .collect()
}

fn every(step_seconds: f64) -> impl Iterator<Item = f64> {
    (0..).map(move |index| f64::from(index) * step_seconds)
}

fn all_of_it() -> Trend {
    Trend {
        warm_up_share: 0.0,
        resamples: 200,
        ..Trend::default()
    }
}

/// Python: `3600 * scipy.stats.theilslopes(values, seconds).slope`.
#[test]
fn slopes_are_those_of_scipy() {
    let irregular: Vec<f64> = uniforms()
        .take(60)
        .scan(0.0, |seconds, uniform| {
            *seconds += uniform * 60.0;
            Some(*seconds)
        })
        .collect();
    let rising: Vec<f64> = wandering(120, 0.5)
        .iter()
        .zip(every(0.01))
        .map(|(value, trend)| value + trend)
        .collect();
    let steps: Vec<f64> = wandering(200, 0.9)
        .iter()
        .map(|it| (it * 3.0).floor())
        .collect();
    let on_time: Vec<f64> = wandering(60, 0.3)
        .iter()
        .zip(&irregular)
        .map(|(value, seconds)| value + seconds / 100.0)
        .collect();
    for (points, per_hour) in [
        (
            series(every(30.0), &wandering(120, 0.5)),
            -0.113_387_120_551_413_85,
        ),
        (series(every(30.0), &rising), 1.086_612_879_448_586),
        (series(every(30.0), &steps), 0.0),
        (series(irregular, &on_time), 35.924_674_565_294_51),
    ] {
        let found = all_of_it().of(&points).unwrap().per_hour;
        assert!(
            (found.estimate - per_hour).abs() < 1e-9,
            "{found:?}, {per_hour}"
        );
        assert!(found.contains(per_hour));
    }
}

#[test]
fn too_little_has_no_slope() {
    let values: Vec<f64> = uniforms().take(12).collect();
    for count in 0..12 {
        assert_eq!(all_of_it().of(&series(every(1.0), &values[..count])), None);
    }
    assert!(all_of_it().of(&series(every(1.0), &values)).is_some());
    assert_eq!(
        all_of_it().of(&series(every(0.0), &values)),
        None,
        "all at once"
    );
    let mut broken = series(every(1.0), &values);
    broken[3].value = f64::NAN;
    assert_eq!(all_of_it().of(&broken), None);
    for warm_up_share in [-0.1, 0.5, 1.0, f64::NAN] {
        let trend = Trend {
            warm_up_share,
            ..all_of_it()
        };
        assert_eq!(
            trend.of(&series(every(1.0), &values)),
            None,
            "{warm_up_share}"
        );
    }
}

#[test]
fn what_never_changes_has_a_slope_of_exactly_zero() {
    let slope = all_of_it().of(&series(every(5.0), &[42.0; 500])).unwrap();
    let Interval {
        estimate,
        low,
        high,
    } = slope.per_hour;
    assert_eq!((estimate, low, high), (0.0, 0.0, 0.0));
    assert_eq!(
        slope.against(0.0),
        Proof::Under,
        "no growth is no more than none"
    );
}

#[test]
fn a_slope_is_proven_only_where_the_whole_interval_says_so() {
    let slope = |low, high| Slope {
        per_hour: Interval {
            estimate: f64::midpoint(low, high),
            low,
            high,
        },
        seconds: 3_600.0,
    };
    for (low, high, proof) in [
        (11.0, 12.0, Proof::Over),
        (10.0, 12.0, Proof::Undecided),
        (9.0, 11.0, Proof::Undecided),
        (8.0, 10.0, Proof::Under),
        (-2.0, 1.0, Proof::Under),
    ] {
        assert_eq!(slope(low, high).against(10.0), proof, "{low} to {high}");
    }
}

#[test]
fn the_warm_up_can_be_left_out() {
    // Models are loaded during the first ten minutes, then nothing grows.
    let memory: Vec<f64> = (0..360).map(|index| f64::from(index.min(60))).collect();
    let points = series(every(10.0), &memory);
    let whole = all_of_it().of(&points).unwrap();
    let settled = Trend {
        warm_up_share: 0.2,
        ..all_of_it()
    };
    let settled = settled.of(&points).unwrap();
    assert_eq!(settled.against(0.0), Proof::Under);
    assert_ne!(whole.against(0.0), Proof::Under);
    assert!(settled.seconds < whole.seconds * 0.81);
}

#[test]
fn a_wrong_reading_moves_nothing() {
    let mut points = series(every(10.0), &wandering(200, 0.5));
    let before = all_of_it().of(&points).unwrap().per_hour.estimate;
    points[190].value = 1e9;
    let after = all_of_it().of(&points).unwrap().per_hour;
    assert!((before - after.estimate).abs() < 0.1, "{before}, {after:?}");
}

#[test]
fn many_points_are_brought_together_without_losing_the_slope() {
    let values: Vec<f64> = wandering(20_000, 0.5)
        .iter()
        .zip(every(0.002))
        .map(|(value, trend)| value + trend)
        .collect();
    let points = series(every(1.0), &values);
    assert_eq!(thinned(&points, MAX_POINTS).len(), MAX_POINTS);
    let slope = all_of_it().of(&points).unwrap().per_hour;
    assert!(slope.contains(7.2), "{slope:?}");
    assert!(slope.high - slope.low < 0.1, "{slope:?}");
}

#[test]
fn bins_are_equal_times() {
    let points = series(
        [0.0, 1.0, 2.0, 3.0, 10.0, 19.0, 20.0],
        &[5.0, 1.0, 2.0, 9.0, 4.0, 7.0, 8.0],
    );
    let expected = [(1.5, 3.5), (10.0, 4.0), (19.5, 7.5)];
    let found = thinned(&points, 4);
    let found: Vec<_> = found.iter().map(|it| (it.seconds, it.value)).collect();
    assert_eq!(found, expected, "nothing was read in one of the four times");
}

/// 80 readings, one a minute, that wander by about 1, plus a trend per hour.
fn soak(random: &mut Random, memory: f64, per_hour: f64) -> Vec<Point> {
    let fresh = (1.0 - memory * memory).sqrt();
    let mut state = random.normal();
    let values: Vec<f64> = every(per_hour / 60.0)
        .take(80)
        .map(|trend| {
            state = memory * state + fresh * random.normal();
            state + trend
        })
        .collect();
    series(every(60.0), &values)
}

/// How many of 200 soaks are proven to be over and under the bound of 0.
fn verdicts(memory: f64, per_hour: f64) -> (usize, usize) {
    let mut random = Random::new(5);
    let proofs: Vec<Proof> = (0..200)
        .map(|_| {
            let points = soak(&mut random, memory, per_hour);
            all_of_it().of(&points).unwrap().against(0.0)
        })
        .collect();
    let count = |wanted| proofs.iter().filter(|proof| **proof == wanted).count();
    (count(Proof::Over), count(Proof::Under))
}

/// Each side is allowed 2.5 %, which is 5 of 200.
#[test]
fn what_only_wanders_is_rarely_called_a_trend() {
    for (memory, at_most) in [(0.0, 12), (0.5, 10), (0.8, 10), (0.95, 12)] {
        let (over, under) = verdicts(memory, 0.0);
        assert!(over <= at_most, "memory {memory}: {over} of 200 over");
        assert!(under <= at_most, "memory {memory}: {under} of 200 under");
    }
}

#[test]
fn a_leak_is_found() {
    // What wanders far by itself hides larger ones.
    for (memory, per_hour) in [(0.0, 1.2), (0.5, 2.5), (0.8, 6.5)] {
        let (over, under) = verdicts(memory, per_hour);
        assert!(over > 150, "memory {memory}: {over} of 200");
        assert_eq!(under, 0, "memory {memory}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_interval_holds_its_estimate(
        values in proptest::collection::vec(-1e6..1e6_f64, 12..60),
        step_seconds in 0.1..1e3_f64,
        confidence in 0.01..0.99_f64,
    ) {
        let trend = Trend { confidence, resamples: 20, ..all_of_it() };
        let per_hour = trend.of(&series(every(step_seconds), &values)).unwrap().per_hour;
        prop_assert!(per_hour.contains(per_hour.estimate), "{:?}", per_hour);
    }

    #[test]
    fn when_the_clock_began_and_the_order_of_reading_do_not_matter(
        values in proptest::collection::vec(-1_000..1_000_i32, 12..60),
        start_seconds in 0..1_000_000_u32,
    ) {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let now = series(every(1.0), &values);
        let later = series(every(1.0).map(|it| it + f64::from(start_seconds)), &values);
        let backwards: Vec<Point> = now.iter().rev().copied().collect();
        let slopes = [now, later, backwards].map(|points| all_of_it().of(&points));
        prop_assert_eq!(slopes[0], slopes[1]);
        prop_assert_eq!(slopes[0], slopes[2]);
    }

    #[test]
    fn upside_down_it_falls_as_fast(
        values in proptest::collection::vec(-1e6..1e6_f64, 12..60),
    ) {
        let negative: Vec<f64> = values.iter().map(|it| -it).collect();
        let up = all_of_it().of(&series(every(1.0), &values)).unwrap();
        let down = all_of_it().of(&series(every(1.0), &negative)).unwrap();
        let sum = up.per_hour.estimate + down.per_hour.estimate;
        prop_assert!(sum.abs() < 1e-6, "{up:?}, {down:?}");
    }

    #[test]
    fn the_unit_does_not_matter(values in proptest::collection::vec(-1e6..1e6_f64, 12..60)) {
        let doubled: Vec<f64> = values.iter().map(|it| it * 2.0).collect();
        let one = all_of_it().of(&series(every(1.0), &values)).unwrap().per_hour;
        let two = all_of_it().of(&series(every(1.0), &doubled)).unwrap().per_hour;
        let Interval { estimate, low, high } = one;
        prop_assert_eq!(two, Interval { estimate: 2.0 * estimate, low: 2.0 * low, high: 2.0 * high });
    }
}
