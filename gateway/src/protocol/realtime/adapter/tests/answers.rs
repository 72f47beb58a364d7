//! What the bot says.

use serde_json::{Value, json};

use super::{Scene, at};
use crate::conversation::{Event, Generation, Input, Outcome, Stage, ToolCall, Turn};
use crate::pipeline::Outgoing;

fn pause(scene: &mut Scene, generation: u64, at: u64) -> &mut Scene {
    let generation = Generation(generation);
    scene.outgoing(Outgoing::Pause { generation, at })
}

fn resume(scene: &mut Scene, generation: u64, at: u64) -> &mut Scene {
    let generation = Generation(generation);
    scene.outgoing(Outgoing::Resume { generation, at })
}

fn all_sent(scene: &mut Scene, generation: u64) -> &mut Scene {
    let generation = Generation(generation);
    scene.event(Event::AnswerSent { generation })
}

fn call(id: &str) -> ToolCall {
    ToolCall {
        id: id.into(),
        name: "weather".into(),
        arguments: r#"{"city":"Oslo"}"#.into(),
        by_client: true,
    }
}

/// An answer of which a second was sent, and its item.
fn speaking(scene: &mut Scene) -> Value {
    scene.answer_starts(5);
    scene.phrase(5, 0, "Once upon a time.");
    scene.audio(5, 0, 0, 24_000);
    scene.sent()[0]["item"]["id"].clone()
}

fn truncate(scene: &mut Scene, item: &Value, ms: u64) {
    scene.client(
        &json!({"type": "conversation.item.truncate", "item_id": item,
        "content_index": 0, "audio_end_ms": ms}),
    );
}

#[test]
fn a_spoken_answer_is_told_in_the_documented_order() {
    let mut scene = Scene::new();
    scene.answer_starts(5);
    let created = scene.only_sent();
    assert_eq!(created["type"], "response.created");
    assert_eq!(created["response"]["status"], "in_progress");
    let response = created["response"]["id"].clone();
    scene.phrase(5, 0, "Hello.");
    scene.audio(5, 0, 0, 2400);
    assert_eq!(
        scene.types(),
        [
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
            "response.output_audio_transcript.delta",
            "response.output_audio.delta",
        ]
    );
    let sent = scene.sent();
    assert_eq!(sent[0]["item"]["status"], "in_progress");
    assert_eq!(sent[0]["item"]["content"], json!([]));
    assert_eq!(sent[2]["part"], json!({"type": "audio", "transcript": ""}));
    assert_eq!(sent[4]["response_id"], response);
    scene.audio(5, 0, 2400, 2400);
    assert_eq!(scene.types(), ["response.output_audio.delta"]);
    scene.phrase(5, 1, "How are you?");
    scene.audio(5, 1, 4800, 2400);
    assert_eq!(scene.sent()[0]["delta"], " How are you?");

    all_sent(&mut scene, 5);
    assert_eq!(
        scene.types(),
        [
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "response.output_item.done",
            "conversation.item.done",
            "response.done",
        ]
    );
    let done = scene.sent().pop().unwrap();
    assert_eq!(done["response"]["status"], "completed");
    let output = &done["response"]["output"][0];
    assert_eq!(output["status"], "completed");
    let content = json!([{"type": "output_audio", "transcript": "Hello. How are you?"}]);
    assert_eq!(output["content"], content);
    let details = &done["response"]["usage"]["output_token_details"];
    assert_eq!(details["audio_tokens"], 6, "{done}");
    scene.answer_ends(5, Outcome::Completed);
    assert!(scene.actions.is_empty());
}

#[test]
fn a_written_answer_is_told_in_the_documented_order() {
    let mut scene = Scene::new();
    scene.client(&json!({"type": "session.update", "session":
        {"type": "realtime", "output_modalities": ["text"]}}));
    scene.answer_starts(5);
    let generation = Generation(5);
    for text in ["Hel", "lo."] {
        let text = text.into();
        scene.event(Event::AnswerText { generation, text });
    }
    assert_eq!(scene.types(), ["response.output_text.delta"]);
    all_sent(&mut scene, 5);
    assert_eq!(
        scene.types(),
        [
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "conversation.item.done",
            "response.done",
        ]
    );
    assert_eq!(scene.sent()[0]["text"], "Hello.");
    let done = scene.sent().pop().unwrap();
    let content = json!([{"type": "output_text", "text": "Hello."}]);
    assert_eq!(done["response"]["output"][0]["content"], content);
    assert_eq!(done["response"]["output_modalities"], json!(["text"]));
}

#[test]
fn a_function_call_is_an_item_of_its_own_and_its_result_asks_for_nothing() {
    let mut scene = Scene::new();
    scene.answer_starts(5);
    let generation = Generation(5);
    let call = call("call_1");
    scene.event(Event::ToolCalled { generation, call });
    assert_eq!(
        scene.types(),
        [
            "response.output_item.added",
            "conversation.item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
            "conversation.item.done",
        ]
    );
    let sent = scene.sent();
    assert_eq!(sent[0]["item"]["arguments"], "");
    assert_eq!(sent[3]["arguments"], r#"{"city":"Oslo"}"#);
    assert_eq!(
        (&sent[3]["name"], &sent[3]["call_id"]),
        (&json!("weather"), &json!("call_1"))
    );
    all_sent(&mut scene, 5);
    let done = scene.only_sent();
    let output = &done["response"]["output"];
    assert_eq!(output.as_array().unwrap().len(), 1);
    assert_eq!(output[0]["type"], "function_call");
    scene.answer_ends(5, Outcome::Completed);
    let result = json!({"type": "function_call_output", "call_id": "call_1", "output": "rain"});
    scene.client(&json!({"type": "conversation.item.create", "item": result}));
    assert_eq!(scene.told().len(), 1);
    scene.client(&json!({"type": "response.create"}));
    assert_eq!(scene.told(), [&Input::CreateResponse]);
}

#[test]
fn what_the_service_runs_by_itself_is_not_told() {
    let mut scene = Scene::new();
    scene.answer_starts(5);
    let generation = Generation(5);
    let by_client = false;
    let call = ToolCall {
        by_client,
        ..call("a")
    };
    scene.event(Event::ToolCalled { generation, call });
    assert!(scene.actions.is_empty());
}

#[test]
fn speech_cancels_the_response_and_truncation_says_what_was_heard() {
    let mut scene = Scene::new();
    let item = speaking(&mut scene);
    let turn = Turn(6);
    scene.event(Event::SpeechStarted { turn, at: at(900) });
    pause(&mut scene, 5, 19_000);
    let done = scene.sent().pop().unwrap();
    assert_eq!(done["response"]["status"], "cancelled");
    assert_eq!(
        done["response"]["status_details"]["reason"],
        "turn_detected"
    );
    assert_eq!(done["response"]["output"][0]["status"], "incomplete");
    truncate(&mut scene, &item, 500);
    let (generation, played) = (Generation(5), 12_000);
    let playback = Input::Playback { generation, played };
    assert_eq!(scene.told(), [&playback], "not decided yet");
    assert_eq!(scene.types(), ["conversation.item.truncated"]);
    scene.answer_ends(5, Outcome::Interrupted);
    assert!(scene.actions.is_empty());
    scene.client(&json!({"type": "conversation.item.retrieve", "item_id": item}));
    let item = &scene.only_sent()["item"];
    assert_eq!(item["content"][0]["transcript"], "Once");
}

#[test]
fn after_a_false_alarm_the_rest_is_a_response_of_its_own() {
    let mut scene = Scene::new();
    let first = speaking(&mut scene);
    scene.phrase(5, 1, "There was a king.");
    scene.audio(5, 1, 24_000, 24_000);
    pause(&mut scene, 5, 30_000);
    let response = scene.sent().pop().unwrap()["response"]["id"].clone();
    scene.audio(5, 1, 48_000, 100);
    assert!(scene.actions.is_empty(), "the client would play it");
    resume(&mut scene, 5, 30_000);
    scene.audio(5, 1, 30_000, 18_000);
    assert_eq!(
        scene.types(),
        [
            "response.created",
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
            "response.output_audio_transcript.delta",
            "response.output_audio.delta",
        ]
    );
    let sent = scene.sent();
    assert_ne!(sent[0]["response"]["id"], response);
    assert_eq!(sent[4]["delta"], "There was a king.");
    let second = sent[1]["item"]["id"].clone();
    assert_ne!(second, first);

    truncate(&mut scene, &first, 800);
    assert!(scene.told().is_empty(), "it plays another item");
    truncate(&mut scene, &second, 250);
    let (generation, played) = (Generation(5), 36_000);
    assert_eq!(scene.told(), [&Input::Truncate { generation, played }]);
    scene.answer_ends(5, Outcome::Interrupted);
    assert_eq!(scene.types().last().unwrap(), "response.done");
}

#[test]
fn what_was_told_to_be_complete_can_still_be_paused_and_go_on() {
    let mut scene = Scene::new();
    speaking(&mut scene);
    all_sent(&mut scene, 5);
    assert_eq!(scene.types().last().unwrap(), "response.done");
    pause(&mut scene, 5, 12_000);
    assert!(scene.actions.is_empty());
    resume(&mut scene, 5, 12_000);
    scene.audio(5, 0, 12_000, 6_000);
    assert_eq!(scene.types()[0], "response.created");
    scene.audio(5, 0, 18_000, 6_000);
    let done = scene.sent().pop().unwrap();
    assert_eq!(done["type"], "response.done", "all of it was sent again");
    assert_eq!(done["response"]["status"], "completed");
}

#[test]
fn a_call_while_somebody_may_be_speaking_waits_until_that_is_decided() {
    let mut scene = Scene::new();
    speaking(&mut scene);
    pause(&mut scene, 5, 100);
    let generation = Generation(5);
    let call = call("a");
    scene.event(Event::ToolCalled { generation, call });
    assert!(scene.actions.is_empty());
    resume(&mut scene, 5, 100);
    assert_eq!(scene.types()[0], "response.created");
    assert_eq!(scene.types().last().unwrap(), "conversation.item.done");
}

#[test]
fn an_answer_that_fails_is_a_response_that_failed() {
    for stage in [Stage::Response, Stage::Speech, Stage::Turn] {
        let mut scene = Scene::new();
        scene.event(Event::Failed { stage });
        assert!(scene.actions.is_empty());
        speaking(&mut scene);
        all_sent(&mut scene, 5);
        let done = scene.sent().pop().unwrap();
        assert_eq!(done["response"]["status"], "failed");
        let error = &done["response"]["status_details"]["error"];
        assert_eq!(error["type"], "server_error", "{done}");
    }
}

#[test]
fn a_client_that_stops_the_bot_otherwise_ends_its_answer() {
    let mut scene = Scene::new();
    let item = speaking(&mut scene);
    truncate(&mut scene, &item, 1000);
    let (generation, played) = (Generation(5), 24_000);
    assert_eq!(scene.told(), [&Input::Truncate { generation, played }]);
    truncate(&mut scene, &item, 1001);
    let error = scene.error();
    assert_eq!(error["param"], "audio_end_ms");
    let message = "Audio content of 1000ms is already shorter than 1001ms";
    assert_eq!(error["message"], message);
}

#[test]
fn telephones_get_their_own_format() {
    let mut scene = Scene::new();
    scene.client(
        &json!({"type": "session.update", "session": {"type": "realtime",
        "audio": {"output": {"format": {"type": "audio/pcmu"}}}}}),
    );
    scene.answer_starts(5);
    scene.audio(5, 0, 0, 24_000);
    let delta = scene.sent().pop().unwrap();
    let bytes = delta["delta"].as_str().unwrap().len() / 4 * 3;
    assert!((7_900..=8_000).contains(&bytes), "{bytes}");
}

#[test]
fn audio_of_an_answer_that_is_over_is_not_sent() {
    let mut scene = Scene::new();
    speaking(&mut scene);
    scene.answer_ends(5, Outcome::Cancelled);
    scene.audio(5, 0, 24_000, 100);
    assert!(scene.actions.is_empty());
}
