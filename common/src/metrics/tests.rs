use super::*;
use crate::pressure::{Reading, Resource, Scope};

/// Metrics of which each series has a value.
fn scrape(service: &'static str) -> String {
    let metrics = Metrics::new(service);
    metrics.speech.first_audio(Duration::from_millis(90));
    metrics.speech.cache_asked(CacheOutcome::Hit);
    metrics.speech.cache_bytes_changed(1000);
    metrics.request_finished("/v1/audio/transcriptions", 200, Duration::from_millis(80));
    metrics.rejected("queue_full");
    metrics.cancelled(CancelCause::Disconnected, CancelStage::Queue);
    metrics.admitted(Duration::ZERO);
    metrics.inference_finished(InferenceCost {
        processing_seconds: 0.1,
        audio_seconds: 2.0,
    });
    metrics.models.loaded("tiny.en", Duration::from_millis(30));
    metrics.models.unloaded("tiny.en");
    metrics.queue_limited_to(32);
    metrics.ready(true);
    let _open = metrics.connection_opened();
    metrics.connection_closed(ConnectionEnd::SlowHead);
    metrics.encode(&Levels {
        occupancy: Occupancy {
            slots: 2,
            active: 1,
            queued: 3,
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
    })
}

#[test]
fn a_scrape_shows_names_labels_and_base_units() {
    let text = scrape("asr");
    for line in [
        r#"voice_requests_total{service="asr",endpoint="/v1/audio/transcriptions",status="200"} 1"#,
        r#"voice_rejections_total{service="asr",reason="queue_full"} 1"#,
        r#"voice_cancellations_total{service="asr",cause="disconnected",stage="queue"} 1"#,
        r#"voice_audio_seconds_total{service="asr"} 2.0"#,
        r#"voice_slots{service="asr"} 2"#,
        r#"voice_queue_depth{service="asr"} 3"#,
        r#"voice_queue_limit{service="asr"} 32"#,
        r#"voice_ready{service="asr"} 1"#,
        r#"voice_model_loads_total{service="asr",model="tiny.en",outcome="ok"} 1"#,
        r#"voice_real_time_factor_bucket{service="asr",le="0.05"} 1"#,
        r#"voice_pressure_ratio{service="asr",resource="memory"} 0.92"#,
        r#"voice_pressure_threshold_ratio{service="asr",resource="memory"} 0.9"#,
        r#"voice_pressure_tripped{service="asr",resource="memory"} 1"#,
        r#"voice_pressure_trips_total{service="asr",resource="memory"} 5"#,
        r#"voice_uploads_held_bytes{service="asr"} 4096"#,
        r#"voice_connections_closed_total{service="asr",reason="slow_head"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[test]
fn counters_whose_labels_are_known_begin_at_zero() {
    let text = scrape("tts");
    for line in [
        r#"voice_rejections_total{service="tts",reason="model_unavailable"} 0"#,
        r#"voice_cancellations_total{service="tts",cause="deadline",stage="inference"} 0"#,
        r#"voice_answers_broken_off_total{service="tts",reason="internal_error"} 0"#,
        r#"voice_connections_closed_total{service="tts",reason="too_many"} 0"#,
        r#"voice_cache_requests_total{service="tts",outcome="joined"} 0"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[test]
fn every_metric_is_documented_and_nothing_else_is() {
    let page = include_str!("../../../docs/METRICS.md");
    let mut documented: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|rest| rest.split('`').next().unwrap())
        .collect();
    // What both export, and what one of them adds.
    assert!(!scrape("asr").contains("voice_cache"));
    let text = scrape("tts");
    let mut exported: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .map(|line| {
            let (name, kind) = line.split_once(' ').unwrap();
            let suffix = if kind == "counter" { "_total" } else { "" };
            format!("{name}{suffix}")
        })
        .collect();
    documented.sort_unstable();
    exported.sort_unstable();
    assert_eq!(documented, exported);
}
