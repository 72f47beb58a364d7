//! The names that the beta had.

use serde_json::{Value, json};

use super::Scene;
use crate::conversation::{Detection, Event, Generation, Item};
use crate::protocol::realtime::session::{Dialect, Purpose};

fn beta() -> Scene {
    Scene::of(Dialect::Beta, Purpose::Conversation)
}

#[test]
fn a_beta_session_is_flat() {
    let mut scene = beta();
    assert_eq!(scene.types(), ["session.created", "conversation.created"]);
    let session = &scene.sent()[0]["session"];
    assert_eq!(session["modalities"], json!(["audio", "text"]));
    assert_eq!(session["input_audio_format"], "pcm16");
    scene.client(&json!({"type": "session.update", "session": {
        "modalities": ["text"], "turn_detection": null, "voice": "alloy", "temperature": 0.8,
        "output_audio_format": "g711_ulaw", "max_response_output_tokens": "inf",
        "input_audio_transcription": {"model": "whisper-1"},
    }}));
    let session = scene.only_sent()["session"].take();
    assert_eq!(session["modalities"], json!(["text"]));
    assert_eq!(session["output_audio_format"], "g711_ulaw");
    assert_eq!(session["turn_detection"], Value::Null);
    assert_eq!(session["input_audio_transcription"]["model"], "whisper-1");
    let (settings, manner) = scene.configured()[0];
    assert_eq!(settings.detection, Detection::Manual);
    assert_eq!(manner.voice.as_deref(), Some("alloy"));
    scene.client(&json!({"type": "session.update", "session": {"input_audio_format": "mp3"}}));
    assert_eq!(scene.error()["param"], "session.input_audio_format");
}

#[test]
fn beta_answers_have_their_old_names() {
    let mut scene = beta();
    scene.answer_starts(1);
    let response = scene.only_sent()["response"].take();
    assert_eq!(response["modalities"], json!(["audio", "text"]));
    assert_eq!(response["output_audio_format"], "pcm16");
    assert_eq!(response.get("audio"), None);
    scene.phrase(1, 0, "Hello.");
    scene.audio(1, 0, 0, 240);
    assert_eq!(
        scene.types(),
        [
            "response.output_item.added",
            "conversation.item.created",
            "response.content_part.added",
            "response.audio_transcript.delta",
            "response.audio.delta",
        ]
    );
    let generation = Generation(1);
    scene.event(Event::AnswerSent { generation });
    assert_eq!(
        scene.types(),
        [
            "response.audio.done",
            "response.audio_transcript.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.done",
        ]
    );
    let done = scene.sent().pop().unwrap();
    let content = &done["response"]["output"][0]["content"][0];
    assert_eq!(content, &json!({"type": "audio", "transcript": "Hello."}));
}

#[test]
fn a_beta_item_is_created_once() {
    let mut scene = beta();
    scene.client(
        &json!({"type": "conversation.item.create", "item": {"type": "message",
        "role": "assistant", "content": [{"type": "text", "text": "Hi."}]}}),
    );
    scene.event(Event::ItemAdded { item: Item(1) });
    assert_eq!(scene.types(), ["conversation.item.created"]);
    assert_eq!(scene.only_sent()["item"]["content"][0]["type"], "text");
}

#[test]
fn beta_transcription_sessions_have_events_of_their_own() {
    let mut scene = Scene::of(Dialect::Beta, Purpose::Transcription);
    assert_eq!(scene.types()[0], "transcription_session.created");
    scene.client(&json!({"type": "transcription_session.update", "session": {
        "input_audio_transcription": {"language": "en"}}}));
    assert_eq!(scene.types(), ["transcription_session.updated"]);
}
