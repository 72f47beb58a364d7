//! Searches on services that are functions of the rate.

use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits {
    start: 0.5,
    most: 1_000.0,
    precision: 0.05,
    confirm: 3,
};

/// Runs a search against a made-up service.
fn search(limits: Limits, mut holds: impl FnMut(f64) -> bool) -> (Found, Vec<(Trial, bool)>) {
    let mut search = Search::new(limits);
    let mut trials = Vec::new();
    loop {
        match search.next() {
            Err(found) => return (found, trials),
            Ok(trial) => {
                let is_held = holds(trial.per_second);
                trials.push((trial, is_held));
                search.note(is_held);
                assert!(trials.len() < 10_000, "the search ends");
            }
        }
    }
}

#[test]
fn it_doubles_then_halves_the_gap_then_confirms() {
    let (found, trials) = search(LIMITS, |rate| rate < 3.0);
    let rates: Vec<_> = trials.iter().map(|(it, _)| it.per_second).collect();
    assert_eq!(rates[..4], [0.5, 1.0, 2.0, 4.0]);
    assert!((rates[4] - 8.0_f64.sqrt()).abs() < 1e-12, "{rates:?}");
    let Found::Limit { per_second } = found else {
        panic!("{found:?}");
    };
    assert!((3.0 / 1.05..3.0).contains(&per_second), "{per_second}");
    let last = &trials[trials.len() - 3..];
    for (trial, is_held) in last {
        assert_eq!((trial.purpose, *is_held), (Purpose::Confirm, true));
        assert_eq!(trial.per_second.to_bits(), per_second.to_bits());
    }
}

#[test]
fn a_service_that_breaks_at_once_is_asked_less() {
    let (found, trials) = search(LIMITS, |rate| rate < 0.1);
    assert_eq!(trials[1].0.purpose, Purpose::Lower);
    let Found::Limit { per_second } = found else {
        panic!("{found:?}");
    };
    assert!((0.1 / 1.05..0.1).contains(&per_second), "{per_second}");
}

#[test]
fn a_service_that_holds_nothing_is_given_up() {
    let (found, trials) = search(LIMITS, |_| false);
    assert_eq!(
        found,
        Found::Nothing {
            per_second: 0.5 / 64.0
        }
    );
    assert_eq!(trials.len(), 7);
}

#[test]
fn a_service_that_holds_everything_is_tried_up_to_the_most() {
    let (found, trials) = search(LIMITS, |_| true);
    assert_eq!(
        found,
        Found::AtLeast {
            per_second: 1_000.0
        }
    );
    assert!(trials.iter().all(|(it, _)| it.per_second <= 1_000.0));
}

#[test]
fn a_confirmation_that_breaks_begins_anew_one_step_below() {
    let mut asked = 0;
    // The second time that the limit itself is asked to hold again, it does not.
    let (found, trials) = search(LIMITS, |rate| {
        let is_limit = (0.99..1.01).contains(&rate);
        asked += u32::from(is_limit);
        rate < 1.01 && !(is_limit && asked == 3)
    });
    let confirmed: Vec<_> = trials
        .iter()
        .filter(|(it, _)| it.purpose == Purpose::Confirm)
        .map(|(it, is_held)| (it.per_second, *is_held))
        .collect();
    let below = 1.0 / 1.05;
    let expected = [
        (1.0, true),
        (1.0, false),
        (below, true),
        (below, true),
        (below, true),
    ];
    assert_eq!(confirmed, expected);
    assert_eq!(found, Found::Limit { per_second: below });
}

/// How probable it is that a rate holds goes down around the limit, from sure to never.
#[test]
fn a_noisy_service_gives_a_rate_near_its_limit_that_held_each_time() {
    for seed in 1..200_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (found, trials) = search(LIMITS, |rate| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let noise = (state >> 33) as f64 / (1_u64 << 31) as f64 - 0.5;
            rate * (1.0 + 0.3 * noise) < 20.0
        });
        let Found::Limit { per_second } = found else {
            panic!("{seed}: {found:?}");
        };
        assert!((15.0..24.0).contains(&per_second), "{seed}: {per_second}");
        let last = &trials[trials.len() - 3..];
        assert!(last.iter().all(|(_, is_held)| *is_held), "{seed}");
    }
}

proptest! {
    #[test]
    fn the_limit_is_found_as_closely_as_asked(
        limit in 0.05_f64..900.0,
        start in 0.1_f64..50.0,
        precision in 0.01_f64..0.5,
    ) {
        prop_assume!(limit > start / 64.0);
        let limits = Limits { start, precision, ..LIMITS };
        let (found, trials) = search(limits, |rate| rate < limit);
        let Found::Limit { per_second } = found else {
            panic!("{found:?}");
        };
        prop_assert!(per_second < limit && per_second * (1.0 + precision) * 1.000_001 >= limit);
        prop_assert!(trials.len() < 40);
    }
}
