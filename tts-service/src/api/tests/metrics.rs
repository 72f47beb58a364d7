//! `docs/METRICS.md` against what is exported.

use std::time::Instant;

use voice_common::pressure::{Reading, Resource, Scope};

use super::*;

#[path = "../../../../common/tests/support/documented_metrics.rs"]
mod documented_metrics;

/// A metric without series is not in a scrape: each gets one.
#[tokio::test]
async fn every_metric_is_documented_and_nothing_else_is() {
    let service = service(&[], Scripted::default());
    let core = &service.core;
    let reading = Reading {
        resource: Resource::Memory,
        percent: 50.0,
        used_bytes: None,
        limit_bytes: None,
        scope: Scope::Host,
    };
    core.pressure.observe(&[reading], Instant::now());
    let answer = service.speak(json!({"input": "One sentence."})).await;
    assert_eq!(answer.status, StatusCode::OK);
    let unload = Request::post("/v1/models/joe/unload").body(Body::empty());
    assert_eq!(service.send(unload.unwrap()).await.status, StatusCode::OK);
    documented_metrics::assert_documented(&core.encode_metrics(), "TTS");
}
