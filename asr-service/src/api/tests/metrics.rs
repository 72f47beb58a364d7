//! `docs/METRICS.md` against what is exported.

use std::time::Instant;

use voice_common::pressure::{Reading, Resource, Scope};

use super::*;

/// The names in the page, without those that only the other service exports.
fn documented() -> Vec<&'static str> {
    let page = include_str!("../../../../docs/METRICS.md");
    let mut names: Vec<&str> = page
        .lines()
        .filter(|line| !line.contains("| TTS only:"))
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|rest| rest.split('`').next().unwrap())
        .collect();
    names.sort_unstable();
    names
}

fn exported(scrape: &str) -> Vec<String> {
    let types = scrape.lines().filter_map(|it| it.strip_prefix("# TYPE "));
    let mut names: Vec<String> = types
        .map(|line| {
            let (name, kind) = line.split_once(' ').unwrap();
            let suffix = if kind == "counter" { "_total" } else { "" };
            format!("{name}{suffix}")
        })
        .collect();
    names.sort_unstable();
    names
}

/// A metric without series is not in a scrape: each gets one.
#[tokio::test]
async fn every_metric_is_documented_and_nothing_else_is() {
    let service = service(&[], Scripted::default());
    let core = &service.app.jobs.core;
    let reading = Reading {
        resource: Resource::Memory,
        percent: 50.0,
        used_bytes: None,
        limit_bytes: None,
        scope: Scope::Host,
    };
    core.pressure.observe(&[reading], Instant::now());
    assert_eq!(service.transcribe(&[]).await.status, StatusCode::OK);
    let unload = Request::post("/v1/models/tiny.en/unload").body(Body::empty());
    assert_eq!(service.send(unload.unwrap()).await.status, StatusCode::OK);
    assert_eq!(exported(&core.encode_metrics()), documented());
}
