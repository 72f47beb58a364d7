//! Settings: what is absent stays, what is null is unset, what is empty is empty.

use std::time::Duration;

use serde_json::{Value, json};

use super::Scene;
use crate::conversation::{Detection, Eagerness};
use crate::responder::ToolChoice;

fn update(scene: &mut Scene, mut session: Value) -> Value {
    session["type"] = json!("realtime");
    scene.client(&json!({"type": "session.update", "session": session}));
    let mut sent = scene.only_sent();
    assert_eq!(sent["type"], "session.updated", "{sent}");
    sent["session"].take()
}

#[test]
fn a_session_begins_with_the_documented_defaults() {
    let scene = Scene::new();
    let created = scene.only_sent();
    assert_eq!(created["type"], "session.created");
    let session = &created["session"];
    assert_eq!(session["object"], "realtime.session");
    assert_eq!(session["model"], "gpt-realtime");
    assert_eq!(session["output_modalities"], json!(["audio"]));
    assert_eq!(session["max_output_tokens"], "inf");
    let input = &session["audio"]["input"];
    assert_eq!(
        input["format"],
        json!({"type": "audio/pcm", "rate": 24_000})
    );
    assert_eq!(input["transcription"], Value::Null);
    assert_eq!(
        input["turn_detection"],
        json!({"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300,
            "silence_duration_ms": 500, "idle_timeout_ms": null, "create_response": true,
            "interrupt_response": true})
    );
    let opening = scene.adapter.opening();
    assert_eq!(opening.manner.input_rate_hz, 24_000);
    assert!(opening.settings.create_response);
}

#[test]
fn absent_null_and_empty_are_three_things() {
    let mut scene = Scene::new();
    let all = json!({
        "instructions": "Be brief.",
        "tools": [{"type": "function", "name": "weather", "parameters": {"type": "object"}}],
        "tool_choice": "required",
        "max_output_tokens": 100,
        "audio": {"input": {"transcription": {"model": "whisper-1", "language": "de"}},
            "output": {"voice": "marin", "speed": 1.25}},
    });
    let set = update(&mut scene, all);
    assert_eq!(set["tools"][0]["name"], "weather");
    let (settings, manner) = scene.configured()[0].clone();
    assert_eq!(
        (settings.instructions.as_str(), settings.language.as_str()),
        ("Be brief.", "de")
    );
    assert_eq!(manner.voice.as_deref(), Some("marin"));
    assert_eq!(manner.tools.as_ref().unwrap().len(), 1);
    assert_eq!(
        (manner.tool_choice, manner.most_tokens),
        (ToolChoice::Required, Some(100))
    );

    assert_eq!(update(&mut scene, json!({})), set);
    assert!(scene.configured().is_empty(), "nothing has changed");

    let empty = json!({"instructions": "", "tools": []});
    let after = update(&mut scene, empty);
    assert_eq!(
        (&after["instructions"], &after["tools"]),
        (&json!(""), &json!([]))
    );
    assert_eq!(after["tool_choice"], "required");
    let (_, manner) = scene.configured()[0];
    assert_eq!(
        manner.tools.as_deref(),
        Some([].as_slice()),
        "none, not the service's"
    );

    let null = json!({"max_output_tokens": null, "audio": {
        "input": {"transcription": null, "turn_detection": null}, "output": {"voice": null}}});
    let after = update(&mut scene, null);
    assert_eq!(after["max_output_tokens"], "inf");
    assert_eq!(after["audio"]["input"]["transcription"], Value::Null);
    assert_eq!(after["audio"]["input"]["turn_detection"], Value::Null);
    assert_eq!(after["audio"]["output"]["speed"], 1.25);
    let (settings, manner) = scene.configured()[0];
    assert_eq!(settings.detection, Detection::Manual);
    assert_eq!(manner.voice, None);
}

#[test]
fn detection_is_merged_within_its_type() {
    let mut scene = Scene::new();
    let detection = |it: Value| json!({"audio": {"input": {"turn_detection": it}}});
    update(
        &mut scene,
        detection(json!({"type": "server_vad", "threshold": 0.8})),
    );
    let after = update(&mut scene, detection(json!({"silence_duration_ms": 300})));
    assert_eq!(after["audio"]["input"]["turn_detection"]["threshold"], 0.8);
    let (settings, manner) = scene.configured()[0];
    assert_eq!(
        settings.detection,
        Detection::Silence(Duration::from_millis(300))
    );
    assert!((manner.threshold - 0.8).abs() < 1e-6);
    let after = detection(json!({"type": "semantic_vad", "eagerness": "high",
        "interrupt_response": false}));
    update(&mut scene, after);
    let (settings, manner) = scene.configured()[0];
    assert_eq!(settings.detection, Detection::Semantic(Eagerness::High));
    assert!(!settings.interrupt_response && settings.create_response);
    assert!((manner.threshold - 0.5).abs() < 1e-6);
}

#[test]
fn an_update_with_one_wrong_field_changes_nothing() {
    let mut scene = Scene::new();
    let before = update(&mut scene, json!({}));
    scene.client(&json!({"type": "session.update", "session": {
        "instructions": "Be brief.", "output_modalities": ["video"]}}));
    assert_eq!(scene.error()["param"], "session.output_modalities[0]");
    assert_eq!(update(&mut scene, json!({})), before);
}

#[test]
fn what_is_not_heeded_is_shown_to_be_off() {
    let mut scene = Scene::new();
    let after = update(
        &mut scene,
        json!({"tracing": "auto", "audio": {"input": {"noise_reduction": {"type": "near_field"}}}}),
    );
    assert_eq!(after["tracing"], Value::Null);
    assert_eq!(after["audio"]["input"]["noise_reduction"], Value::Null);
}
