use proptest::prelude::*;

use super::super::reading::Scope;
use super::*;

const GB: u64 = 1_000_000_000;

fn thresholds() -> Thresholds {
    Thresholds {
        memory_percent: 90.0,
        swap_percent: 80.0,
        vram_percent: 95.0,
        psi_percent: 20.0,
    }
}

fn reading(resource: Resource, percent: f64) -> Reading {
    Reading::of_percent(resource, Scope::Host, percent)
}

fn cgroup(name: &str) -> Scope {
    Scope::Cgroup { name: name.into() }
}

fn memory(scope: Scope, used_bytes: u64, limit_bytes: u64) -> Reading {
    Reading::of_bytes(Resource::Memory, scope, used_bytes, limit_bytes).unwrap()
}

fn status(guard: &PressureGuard, resource: Resource) -> GuardStatus {
    let mut all = guard.status().into_iter();
    all.find(|it| it.resource == resource).unwrap()
}

#[test]
fn a_guard_that_has_seen_nothing_lets_everything_pass() {
    let guard = PressureGuard::new(thresholds());
    assert_eq!(guard.check(), Ok(()));
    assert_eq!(guard.room_for(u64::MAX), Ok(()));
    assert_eq!(guard.tripped_for(Instant::now()), None);
    assert!(guard.status().iter().all(|it| it.latest.is_none()));
}

#[test]
fn every_resource_trips_at_its_own_threshold() {
    for resource in Resource::ALL {
        let threshold = thresholds().of(resource);
        let guard = PressureGuard::new(thresholds());
        guard.observe(&[reading(resource, threshold - 0.1)], Instant::now());
        assert_eq!(guard.check(), Ok(()), "{resource}");
        guard.observe(&[reading(resource, threshold)], Instant::now());
        assert_eq!(guard.check().unwrap_err().resource, resource);
    }
}

#[test]
fn a_threshold_of_zero_turns_a_guard_off() {
    let guard = PressureGuard::new(Thresholds::default());
    let full = Resource::ALL.map(|resource| reading(resource, 100.0));
    guard.observe(&full, Instant::now());
    assert_eq!(guard.check(), Ok(()));
    assert_eq!(guard.room_for(u64::MAX), Ok(()));
    assert_eq!(
        status(&guard, Resource::Memory).latest.as_ref(),
        Some(&full[0]),
        "what is not guarded is still shown"
    );
}

#[test]
fn the_fullest_level_counts_and_is_named() {
    let guard = PressureGuard::new(thresholds());
    let levels = [
        memory(Scope::Host, 30, 100),
        memory(cgroup("voice.service"), 92, 100),
        memory(cgroup("system.slice"), 91, 100),
    ];
    guard.observe(&levels, Instant::now());
    assert_eq!(
        guard.check().unwrap_err().to_string(),
        "memory of cgroup voice.service: 92%"
    );
    assert_eq!(
        status(&guard, Resource::Memory).latest.as_ref(),
        Some(&levels[1])
    );
}

#[test]
fn while_it_holds_it_reports_the_last_reading_over_the_threshold() {
    let (guard, now) = (PressureGuard::new(thresholds()), Instant::now());
    for percent in [97.0, 93.0, 86.0] {
        guard.observe(&[reading(Resource::Memory, percent)], now);
    }
    assert_eq!(guard.check().unwrap_err().to_string(), "memory: 93%");
    let latest = status(&guard, Resource::Memory).latest.unwrap();
    assert!((latest.percent - 86.0).abs() < f64::EPSILON);
}

#[test]
fn a_trip_is_timed_counted_and_ends() {
    let (guard, start) = (PressureGuard::new(thresholds()), Instant::now());
    let at = |seconds| start + Duration::from_secs(seconds);
    let observe = |percent, seconds| {
        guard.observe(&[reading(Resource::Memory, percent)], at(seconds));
    };
    observe(95.0, 0);
    observe(96.0, 7);
    let tripped = status(&guard, Resource::Memory);
    assert!(tripped.tripped);
    assert_eq!(tripped.tripped_for, Some(Duration::from_secs(7)));
    assert_eq!(guard.tripped_for(at(11)), Some(Duration::from_secs(11)));

    observe(50.0, 12);
    observe(50.0, 14);
    let cleared = status(&guard, Resource::Memory);
    assert_eq!((cleared.tripped, cleared.tripped_for), (false, None));
    assert_eq!(guard.check(), Ok(()));
    assert_eq!(guard.tripped_for(at(14)), None);

    observe(95.0, 15);
    assert_eq!(status(&guard, Resource::Memory).trips, 2);
}

#[test]
fn the_longest_of_several_trips_is_reported() {
    let (guard, start) = (PressureGuard::new(thresholds()), Instant::now());
    let later = start + Duration::from_secs(5);
    guard.observe(&[reading(Resource::Psi, 50.0)], start);
    guard.observe(
        &[
            reading(Resource::Psi, 50.0),
            reading(Resource::Memory, 95.0),
        ],
        later,
    );
    assert_eq!(guard.tripped_for(later), Some(Duration::from_secs(5)));
}

#[test]
fn a_guard_whose_source_went_away_clears() {
    let (guard, start) = (PressureGuard::new(thresholds()), Instant::now());
    guard.observe(&[reading(Resource::Vram, 99.0)], start);
    guard.observe(&[], start + Duration::from_secs(1));
    assert!(guard.check().is_err());
    guard.observe(&[], start + Duration::from_secs(3));
    assert_eq!(guard.check(), Ok(()));
    assert_eq!(status(&guard, Resource::Vram).latest, None);
}

#[test]
fn room_is_looked_for_on_every_level_and_not_only_the_fullest() {
    let guard = PressureGuard::new(thresholds());
    guard.observe(
        &[
            memory(Scope::Host, 85 * GB, 100 * GB),
            memory(cgroup("voice.service"), 2 * GB, 4 * GB),
        ],
        Instant::now(),
    );
    assert_eq!(guard.room_for(GB), Ok(()), "75 % of the group, 86 % of all");
    let refusal = guard.room_for(17 * GB / 10).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "it needs about 1.7 GB, which would take memory of cgroup voice.service \
         from 50% to 93% (limit 90%)"
    );
    assert!(guard.room_for(u64::MAX).is_err(), "no overflow");
}

#[test]
fn the_answer_is_the_same_for_every_clone() {
    let guard = PressureGuard::new(thresholds());
    let asked = guard.clone();
    guard.observe(&[reading(Resource::Swap, 81.0)], Instant::now());
    assert!(asked.check().is_err());
}

proptest! {
    #[test]
    fn no_figures_make_it_panic(
        figures in prop::collection::vec(
            (0..4_usize, any::<f64>(), any::<Option<u64>>(), any::<Option<u64>>()),
            0..20,
        ),
        bytes in any::<u64>(),
    ) {
        let (guard, now) = (PressureGuard::new(thresholds()), Instant::now());
        for (resource, percent, used_bytes, limit_bytes) in figures {
            let resource = Resource::ALL[resource];
            let scope = Scope::Host;
            let reading = Reading { resource, percent, used_bytes, limit_bytes, scope };
            guard.observe(&[reading], now);
            let _ = guard.check().map_err(|it| it.to_string());
            let _ = guard.room_for(bytes).map_err(|it| it.to_string());
        }
    }
}
