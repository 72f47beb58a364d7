//! Memory, swap and stalls past their thresholds, from a script.

use std::time::Instant;

use voice_common::pressure::{GuardStatus, Reading, Resource, Scope};

use super::*;

/// The readings of a box whose memory and swap are a script's.
struct Readings<'a> {
    service: &'a Service,
    now: Instant,
}

fn reading(resource: Resource, percent: f64) -> Reading {
    Reading::of_percent(resource, Scope::Host, percent)
}

impl Readings<'_> {
    /// A quarter of a second later, the resource reads this.
    fn reads(&mut self, resource: Resource, percent: f64) {
        self.now += Duration::from_millis(250);
        let pressure = &self.service.app.jobs.core.pressure;
        pressure.observe(&[reading(resource, percent)], self.now);
    }

    fn guard(&self, resource: Resource) -> GuardStatus {
        let status = self.service.app.jobs.core.pressure.status();
        status
            .into_iter()
            .find(|it| it.resource == resource)
            .unwrap()
    }
}

fn on(service: &Service) -> Readings<'_> {
    Readings {
        service,
        now: Instant::now(),
    }
}

/// Up by half a point a reading, and down again, with noise of two points on top.
fn ramp(from: f64, to: f64) -> impl Iterator<Item = f64> {
    let steps = ((to - from) * 2.0) as u32;
    let noise = |step: u32| f64::from(step * 7 % 5) - 2.0;
    let up = (0..=steps).map(move |step| from + f64::from(step) / 2.0 + noise(step));
    let down = (0..=steps).map(move |step| to - f64::from(step) / 2.0 + noise(step));
    up.chain(down)
}

#[tokio::test]
async fn a_ramp_over_the_threshold_and_back_refuses_once_and_takes_requests_once_again() {
    for (resource, from, to, named) in [
        (Resource::Memory, 60.0, 97.0, "memory"),
        (Resource::Swap, 50.0, 90.0, "swap"),
        (Resource::Psi, 0.0, 40.0, "psi"),
    ] {
        let service = service(&[], Scripted::default());
        let mut it = on(&service);
        let mut answers = Vec::new();
        for percent in ramp(from, to) {
            it.reads(resource, percent);
            answers.push(service.transcribe(&[]).await);
        }
        let statuses: Vec<u16> = answers.iter().map(|it| it.status.as_u16()).collect();
        let transitions = statuses.windows(2).filter(|it| it[0] != it[1]).count();
        assert_eq!(transitions, 2, "{named}: {statuses:?}");
        assert_eq!(it.guard(resource).trips, 1);

        let refused = answers.iter().find(|it| it.status == 503).unwrap();
        assert_eq!(refused.json()["error"]["code"], "resource_exhausted");
        let message = refused.json()["error"]["message"].to_string();
        let begin = format!("\"Resource threshold exceeded ({named}: ");
        assert!(
            message.starts_with(&begin) && message.ends_with("%)\""),
            "{message}"
        );
        assert!(refused.headers.contains_key(header::RETRY_AFTER));
    }
}

#[tokio::test]
async fn under_pressure_the_body_is_not_waited_for() {
    let service = service(&[], Scripted::default());
    on(&service).reads(Resource::Memory, 92.0);
    let never = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    // It would send its body only when told to go on.
    let request = Request::post("/v1/audio/transcriptions")
        .header(header::EXPECT, "100-continue")
        .body(Body::from_stream(never))
        .unwrap();
    let answer = service.send(request).await;
    assert_eq!(answer.error().1, "resource_exhausted");
    assert!(answer.text.contains("(memory: 92%)"), "{}", answer.text);
}

#[tokio::test]
async fn probes_and_lists_are_answered_under_pressure() {
    let service = service(&[], Scripted::default());
    on(&service).reads(Resource::Swap, 99.0);
    for path in [
        "/health",
        "/health/ready",
        "/health/detailed",
        "/metrics",
        "/v1/models",
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(service.send(request).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_guard_that_stays_tripped_makes_the_service_unready() {
    for (seconds_ago, expected) in [(9, 200), (11, 503)] {
        let service = service(&[], Scripted::default());
        let mut it = on(&service);
        it.now = it
            .now
            .checked_sub(Duration::from_secs(seconds_ago))
            .expect("this box runs for longer than some seconds");
        it.reads(Resource::Memory, 95.0);
        let get = |path| Request::get(path).body(Body::empty()).unwrap();
        let ready = service.send(get("/health/ready")).await;
        assert_eq!(ready.status.as_u16(), expected, "{}", ready.text);
        if expected == 503 {
            assert!(ready.text.contains("(memory: 95%)"), "{}", ready.text);
        }
        let detailed = service.send(get("/health/detailed")).await.json();
        let memory = &detailed["resources"][0];
        assert_eq!(memory["resource"], "memory");
        assert_eq!(memory["tripped"], true);
        assert_eq!(memory["threshold_percent"], 90.0);
    }
}

#[tokio::test]
async fn a_threshold_of_zero_turns_a_guard_off() {
    let service = service(&["--memory-threshold-percent", "0"], Scripted::default());
    on(&service).reads(Resource::Memory, 100.0);
    assert_eq!(service.transcribe(&[]).await.status, StatusCode::OK);
}
