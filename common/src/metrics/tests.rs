use super::*;
use crate::pressure::{Reading, Resource, Scope};

fn levels() -> Levels {
    Levels {
        occupancy: Occupancy {
            slots: 2,
            active: 1,
            queued: 3,
            queued_interactive: 1,
            active_high_water: 2,
        },
        high_water: 2,
        held_bytes: 4096,
        guards: vec![GuardStatus {
            resource: Resource::Memory,
            latest: Some(Reading {
                resource: Resource::Memory,
                percent: 92.0,
                used_bytes: None,
                limit_bytes: None,
                scope: Scope::Host,
            }),
            threshold_percent: 90.0,
            tripped: true,
            tripped_for: None,
            trips: 5,
        }],
    }
}

/// All that common names, each series with a value.
fn scrape() -> String {
    let mut metrics = Metrics::new("test");
    let (models, inference) = (ModelMetrics::default(), InferenceMetrics::default());
    metrics.extend(|registry| {
        models.register(registry);
        inference.register(registry);
    });
    metrics.request_finished("/v1/audio/transcriptions", 200, Duration::from_millis(80));
    metrics.rejected("queue_full");
    metrics.cancelled(CancelCause::Disconnected, CancelStage::Queue);
    metrics.admitted(Duration::ZERO);
    inference.finished(InferenceCost {
        processing_seconds: 0.1,
        audio_seconds: 2.0,
    });
    models.loaded("tiny.en", Duration::from_millis(30));
    models.unloaded("tiny.en");
    metrics.queue_limited_to(32);
    metrics.ready(true);
    let _open = metrics.connection_opened();
    metrics.connection_closed(ConnectionEnd::SlowHead);
    metrics.encode(&levels())
}

#[test]
fn a_scrape_shows_names_labels_and_base_units() {
    let text = scrape();
    for line in [
        r#"voice_requests_total{service="test",endpoint="/v1/audio/transcriptions",status="200"} 1"#,
        r#"voice_rejections_total{service="test",reason="queue_full"} 1"#,
        r#"voice_cancellations_total{service="test",cause="disconnected",stage="queue"} 1"#,
        r#"voice_audio_seconds_total{service="test"} 2.0"#,
        r#"voice_slots{service="test"} 2"#,
        r#"voice_queue_depth{service="test"} 3"#,
        r#"voice_queue_depth_by_priority{service="test",priority="interactive"} 1"#,
        r#"voice_queue_depth_by_priority{service="test",priority="batch"} 2"#,
        r#"voice_queue_limit{service="test"} 32"#,
        r#"voice_ready{service="test"} 1"#,
        r#"voice_model_loads_total{service="test",model="tiny.en",outcome="ok"} 1"#,
        r#"voice_real_time_factor_bucket{service="test",le="0.05"} 1"#,
        r#"voice_pressure_ratio{service="test",resource="memory"} 0.92"#,
        r#"voice_pressure_threshold_ratio{service="test",resource="memory"} 0.9"#,
        r#"voice_pressure_tripped{service="test",resource="memory"} 1"#,
        r#"voice_pressure_trips_total{service="test",resource="memory"} 5"#,
        r#"voice_uploads_held_bytes{service="test"} 4096"#,
        r#"voice_connections_closed_total{service="test",reason="slow_head"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[test]
fn counters_whose_labels_are_known_begin_at_zero() {
    let text = scrape();
    for line in [
        r#"voice_rejections_total{service="test",reason="queue_timeout"} 0"#,
        r#"voice_cancellations_total{service="test",cause="deadline",stage="inference"} 0"#,
        r#"voice_answers_broken_off_total{service="test",reason="internal_error"} 0"#,
        r#"voice_connections_closed_total{service="test",reason="too_many"} 0"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[test]
fn a_service_without_models_counts_nothing_of_them() {
    let text = Metrics::new("test").encode(&levels());
    assert!(
        !text.contains("model") && !text.contains("inference_seconds"),
        "{text}"
    );
}
