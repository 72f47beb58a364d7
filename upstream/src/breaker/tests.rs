use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn breaker() -> Breaker {
    Breaker::new(BreakerSettings::default())
}

fn fail(breaker: &mut Breaker, times: u32, now: Instant) {
    for _ in 0..times {
        let admission = breaker.admit(now).unwrap();
        breaker.failed(admission, now);
    }
}

/// A breaker that was open for its pause, the probe that it then let through, and when.
fn probed() -> (Breaker, Admission, Instant) {
    let (mut breaker, mut now) = (breaker(), Instant::now());
    fail(&mut breaker, 5, now);
    now += 30 * SECOND;
    let probe = breaker.admit(now).unwrap();
    (breaker, probe, now)
}

#[test]
fn five_failures_in_a_row_open_it_for_thirty_seconds() {
    let (mut breaker, now) = (breaker(), Instant::now());
    fail(&mut breaker, 4, now);
    assert_eq!(breaker.state(now), BreakerState::Closed);
    let admission = breaker.admit(now).unwrap();
    assert!(breaker.failed(admission, now));
    assert_eq!(breaker.state(now), BreakerState::Open);
    assert_eq!(breaker.admit(now + SECOND).unwrap_err(), 29 * SECOND);
    assert_eq!(breaker.state(now + 30 * SECOND), BreakerState::HalfOpen);
}

#[test]
fn a_success_forgives_earlier_failures() {
    let (mut breaker, now) = (breaker(), Instant::now());
    fail(&mut breaker, 4, now);
    let admission = breaker.admit(now).unwrap();
    breaker.succeeded(admission);
    fail(&mut breaker, 4, now);
    assert_eq!(breaker.state(now), BreakerState::Closed);
}

#[test]
fn one_probe_decides() {
    for is_well in [true, false] {
        let (mut breaker, probe, now) = probed();
        assert_eq!(breaker.admit(now).unwrap_err(), WHILE_PROBING);
        if is_well {
            breaker.succeeded(probe);
            assert_eq!(breaker.state(now), BreakerState::Closed);
        } else {
            assert!(breaker.failed(probe, now));
            assert_eq!(breaker.admit(now).unwrap_err(), 30 * SECOND);
        }
    }
}

#[test]
fn a_probe_whose_answer_has_begun_lets_others_through_but_on_probation() {
    let (mut breaker, probe, now) = probed();
    breaker.answering(&probe);
    assert_eq!(breaker.state(now), BreakerState::Closed);
    let _other = breaker.admit(now).unwrap();
    assert!(breaker.failed(probe, now), "its body broke off");
    assert_eq!(breaker.state(now), BreakerState::Open);
}

#[test]
fn answers_that_begin_well_and_break_off_open_it_too() {
    let (mut breaker, now) = (breaker(), Instant::now());
    for _ in 0..5 {
        let admission = breaker.admit(now).unwrap();
        breaker.answering(&admission);
        breaker.failed(admission, now);
    }
    assert_eq!(breaker.state(now), BreakerState::Open);
}

#[test]
fn a_probe_that_is_given_up_is_followed_by_another() {
    let (mut breaker, probe, now) = probed();
    breaker.abandoned(probe, now);
    assert_eq!(breaker.state(now), BreakerState::HalfOpen);
    assert!(breaker.admit(now).is_ok());
    assert!(breaker.admit(now).is_err());
}

#[test]
fn late_news_of_earlier_attempts_changes_nothing() {
    let (mut breaker, mut now) = (breaker(), Instant::now());
    let early: Vec<_> = (0..3).map(|_| breaker.admit(now).unwrap()).collect();
    fail(&mut breaker, 5, now);
    let mut early = early.into_iter();
    breaker.succeeded(early.next().unwrap());
    assert_eq!(breaker.state(now), BreakerState::Open);
    now += 30 * SECOND;
    let probe = breaker.admit(now).unwrap();
    assert!(!breaker.failed(early.next().unwrap(), now));
    breaker.abandoned(early.next().unwrap(), now);
    assert_eq!(breaker.admit(now).unwrap_err(), WHILE_PROBING);
    breaker.succeeded(probe);
    assert_eq!(breaker.state(now), BreakerState::Closed);
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Ask,
    Answering(usize),
    Succeed(usize),
    Fail(usize),
    Abandon(usize),
    Wait(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => Just(Event::Ask),
        1 => any::<usize>().prop_map(Event::Answering),
        1 => any::<usize>().prop_map(Event::Succeed),
        4 => any::<usize>().prop_map(Event::Fail),
        1 => any::<usize>().prop_map(Event::Abandon),
        1 => (0u64..40).prop_map(Event::Wait),
    ];
    proptest::collection::vec(event, 0..120)
}

proptest! {
    /// Whatever happens in whatever order: a host is left alone for all of its pause, is asked
    /// by one request after it, and is never left alone for good.
    #[test]
    fn a_host_rests_is_probed_by_one_and_comes_back(events in events()) {
        let mut breaker = Breaker::new(BreakerSettings { failures: 2, open_for: 30 * SECOND });
        let mut now = Instant::now();
        let mut under_way: Vec<Admission> = Vec::new();
        let mut opened: Option<Instant> = None;
        let mut probes = 0;
        let take = |under_way: &mut Vec<Admission>, at: usize| {
            let count = under_way.len();
            (count > 0).then(|| under_way.swap_remove(at % count))
        };
        for event in events {
            let before = breaker.state(now);
            match event {
                Event::Ask => match breaker.admit(now) {
                    Ok(admission) => {
                        if let Some(opened) = opened {
                            prop_assert!(now >= opened + 30 * SECOND);
                        }
                        if before == BreakerState::HalfOpen {
                            probes += 1;
                        }
                        prop_assert!(before != BreakerState::Open && probes <= 1);
                        under_way.push(admission);
                    }
                    Err(wait) => {
                        prop_assert!(before != BreakerState::Closed);
                        prop_assert!(wait > Duration::ZERO && wait <= 30 * SECOND);
                    }
                },
                Event::Answering(at) => {
                    let count = under_way.len();
                    if count > 0 {
                        breaker.answering(&under_way[at % count]);
                    }
                }
                Event::Succeed(at) => {
                    if let Some(it) = take(&mut under_way, at) {
                        breaker.succeeded(it);
                    }
                }
                Event::Fail(at) => {
                    if let Some(it) = take(&mut under_way, at)
                        && breaker.failed(it, now)
                    {
                        opened = Some(now);
                        probes = 0;
                    }
                }
                Event::Abandon(at) => {
                    if let Some(it) = take(&mut under_way, at) {
                        let probing = breaker.phase == Phase::Probing;
                        breaker.abandoned(it, now);
                        if probing && breaker.phase != Phase::Probing {
                            probes = 0;
                        }
                    }
                }
                Event::Wait(seconds) => now += Duration::from_secs(seconds),
            }
            if breaker.state(now) == BreakerState::Closed {
                opened = None;
                probes = 0;
            }
        }
        // Everybody reports or gives up; after the pause there is a way back.
        for admission in under_way {
            breaker.abandoned(admission, now);
        }
        now += 30 * SECOND;
        let probe = breaker.admit(now);
        prop_assert!(probe.is_ok());
        breaker.succeeded(probe.unwrap());
        prop_assert_eq!(breaker.state(now), BreakerState::Closed);
    }
}
