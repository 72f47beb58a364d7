//! The names that the beta of the API had.

use serde_json::{Value, json};

const EVENTS: [(&str, &str); 7] = [
    ("conversation.item.added", "conversation.item.created"),
    ("response.output_text.delta", "response.text.delta"),
    ("response.output_text.done", "response.text.done"),
    ("response.output_audio.delta", "response.audio.delta"),
    ("response.output_audio.done", "response.audio.done"),
    (
        "response.output_audio_transcript.delta",
        "response.audio_transcript.delta",
    ),
    (
        "response.output_audio_transcript.done",
        "response.audio_transcript.done",
    ),
];

/// The event as a client of the beta knows it, if it does.
pub(super) fn event(mut event: Value) -> Option<Value> {
    let name = event["type"].as_str()?;
    if name == "conversation.item.done" {
        return None;
    }
    let renamed = EVENTS.iter().find(|(current, _)| *current == name);
    if let Some((_, beta)) = renamed {
        event["type"] = json!(beta);
    }
    if let Some(item) = event.get_mut("item") {
        rename_content(item);
    }
    if let Some(response) = event.get_mut("response") {
        flatten_response(response);
    }
    Some(event)
}

fn rename_content(item: &mut Value) {
    let parts = item.get_mut("content").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten() {
        match part["type"].as_str() {
            Some("output_text") => part["type"] = json!("text"),
            Some("output_audio") => part["type"] = json!("audio"),
            _ => {}
        }
    }
}

fn flatten_response(response: &mut Value) {
    let items = response.get_mut("output").and_then(Value::as_array_mut);
    items.into_iter().flatten().for_each(rename_content);
    let Some(fields) = response.as_object_mut() else {
        return;
    };
    if let Some(modalities) = fields.remove("output_modalities") {
        fields.insert("modalities".into(), both(&modalities));
    }
    if let Some(mut audio) = fields.remove("audio") {
        let output = &mut audio["output"];
        let format = match output["format"]["type"].as_str() {
            Some("audio/pcmu") => "g711_ulaw",
            Some("audio/pcma") => "g711_alaw",
            _ => "pcm16",
        };
        fields.insert("output_audio_format".into(), json!(format));
        fields.insert("voice".into(), output["voice"].take());
    }
}

/// Here audio goes with its text.
fn both(modalities: &Value) -> Value {
    if modalities == &json!(["audio"]) {
        json!(["audio", "text"])
    } else {
        modalities.clone()
    }
}
