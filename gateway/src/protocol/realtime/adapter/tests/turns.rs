//! What the user says.

use serde_json::json;

use super::{Scene, at};
use crate::conversation::{Event, Generation, Outcome, Stage, Turn};
use crate::protocol::realtime::adapter::Action;
use crate::protocol::realtime::session::{Dialect, Purpose};

fn transcribing() -> Scene {
    let mut scene = Scene::new();
    scene.client(&json!({"type": "session.update", "session": {
        "type": "realtime", "audio": {"input": {"transcription": {"model": "whisper-1"}}},
    }}));
    scene
}

#[test]
fn a_turn_is_told_in_the_documented_order_under_one_name() {
    let mut scene = transcribing();
    let turn = Turn(1);
    scene.event(Event::SpeechStarted { turn, at: at(1000) });
    let started = scene.only_sent();
    assert_eq!(started["type"], "input_audio_buffer.speech_started");
    assert_eq!(started["audio_start_ms"], 700, "with its padding");
    let id = started["item_id"].clone();
    scene.append(72_000);
    let (from, to) = (at(1000), at(2000));
    scene.event(Event::TurnEnded { turn, from, to });
    let sent = scene.sent();
    assert_eq!(
        scene.types(),
        [
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
        ]
    );
    assert_eq!(sent[0]["audio_end_ms"], 2500, "with the silence");
    assert_eq!((&sent[0]["item_id"], &sent[1]["item_id"]), (&id, &id));
    assert_eq!(sent[2]["item"]["id"], id);
    assert_eq!(sent[2]["item"]["role"], "user");
    let content = json!([{"type": "input_audio", "transcript": null}]);
    assert_eq!(sent[2]["item"]["content"], content);
    assert_eq!(sent[3]["item"]["status"], "completed");

    scene.event(Event::Transcript {
        turn,
        text: "Hello there.".into(),
    });
    let sent = scene.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0]["delta"], "Hello there.");
    assert_eq!(sent[1]["transcript"], "Hello there.");
    assert_eq!(sent[1]["item_id"], id);
    let usage = json!({"type": "duration", "seconds": 1.0});
    assert_eq!(sent[1]["usage"], usage);

    scene.client(&json!({"type": "conversation.item.retrieve", "item_id": id}));
    let item = &scene.only_sent()["item"];
    assert_eq!(item["content"][0]["transcript"], "Hello there.");
}

#[test]
fn without_transcription_the_client_is_not_told_what_was_said() {
    let mut scene = Scene::new();
    scene.turn(1);
    let turn = Turn(1);
    scene.event(Event::PartialTranscript {
        turn,
        text: "Hello".into(),
    });
    assert!(scene.actions.is_empty());
    scene.event(Event::Transcript {
        turn,
        text: "Hello.".into(),
    });
    assert!(scene.actions.is_empty());
}

#[test]
fn partial_transcripts_only_ever_go_on_and_the_whole_follows() {
    let mut scene = Scene::of(Dialect::Current, Purpose::Transcription);
    let turn = Turn(1);
    scene.event(Event::SpeechStarted { turn, at: at(0) });
    let mut deltas = String::new();
    for text in ["Good", "Good morning to", "Good morning to you", "Good"] {
        let text = text.into();
        scene.event(Event::PartialTranscript { turn, text });
        for event in scene.sent() {
            deltas += event["delta"].as_str().unwrap();
        }
    }
    assert_eq!(deltas, "Good morning to");
    let (from, to) = (at(0), at(900));
    scene.event(Event::TurnEnded { turn, from, to });
    scene.event(Event::Transcript {
        turn,
        text: "Good morning to you all.".into(),
    });
    assert_eq!(scene.sent()[0]["delta"], " you all.");
    assert_eq!(scene.sent()[1]["transcript"], "Good morning to you all.");
}

#[test]
fn noise_stops_without_being_an_item() {
    let mut scene = Scene::new();
    let turn = Turn(1);
    scene.event(Event::SpeechStarted { turn, at: at(1000) });
    let id = scene.only_sent()["item_id"].clone();
    let resumed = true;
    scene.event(Event::FalseAlarm { turn, resumed });
    let stopped = scene.only_sent();
    assert_eq!(stopped["type"], "input_audio_buffer.speech_stopped");
    assert_eq!(stopped["item_id"], id);
}

#[test]
fn a_turn_that_goes_on_after_its_end_is_another_item() {
    let mut scene = Scene::new();
    scene.turn(1);
    let old = scene.sent()[1]["item_id"].clone();
    scene.answer_starts(7);
    scene.answer_ends(7, Outcome::Reopened);
    let done = scene.only_sent();
    assert_eq!(done["response"]["status"], "cancelled");
    assert_eq!(
        done["response"]["status_details"]["reason"],
        "turn_detected"
    );
    scene.event(Event::TurnReopened { turn: Turn(1) });
    assert_eq!(
        scene.types(),
        [
            "conversation.item.deleted",
            "input_audio_buffer.speech_started"
        ]
    );
    assert_eq!(scene.sent()[0]["item_id"], old);
    let new = scene.sent()[1]["item_id"].clone();
    assert_ne!(new, old);
    let (turn, from, to) = (Turn(1), at(1000), at(4000));
    scene.event(Event::TurnEnded { turn, from, to });
    assert_eq!(scene.sent()[1]["item_id"], new);
    assert_eq!(scene.sent()[1]["previous_item_id"], json!(null));
}

#[test]
fn what_could_not_be_transcribed_is_said_of_its_item() {
    let mut scene = transcribing();
    scene.turn(1);
    let id = scene.sent()[1]["item_id"].clone();
    let stage = Stage::Transcript;
    scene.event(Event::Failed { stage });
    let failed = scene.only_sent();
    let name = "conversation.item.input_audio_transcription.failed";
    assert_eq!(failed["type"], name);
    assert_eq!(failed["item_id"], id);
    assert_eq!(failed["error"]["code"], "transcription_failed");
}

#[test]
fn without_detection_the_client_commits_and_nothing_is_said_of_speech() {
    let mut scene = Scene::new();
    scene.client(&json!({"type": "session.update", "session": {
        "type": "realtime", "audio": {"input": {"turn_detection": null}},
    }}));
    scene.append(2400);
    assert_eq!(scene.actions, [Action::Hear(vec![0; 2400])]);
    scene.client(&json!({"type": "input_audio_buffer.commit"}));
    assert_eq!(scene.actions, [Action::Commit]);
    let (turn, from, to) = (Turn(3), at(0), at(100));
    scene.event(Event::TurnEnded { turn, from, to });
    assert_eq!(
        scene.types(),
        [
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
        ]
    );
    let client = scene.client(&json!({"type": "input_audio_buffer.commit", "event_id": "c"}));
    let error = client.error();
    assert_eq!(error["code"], "input_audio_buffer_commit_empty");
    assert_eq!(error["event_id"], "c");
}

#[test]
fn items_follow_each_other_by_name() {
    let mut scene = Scene::new();
    scene.turn(1);
    let user = scene.sent()[1]["item_id"].clone();
    scene.answer_starts(2);
    scene.phrase(2, 0, "Hi.");
    scene.audio(2, 0, 0, 240);
    let added = scene.sent().remove(1);
    assert_eq!(added["type"], "conversation.item.added");
    assert_eq!(added["previous_item_id"], user);
    let generation = Generation(2);
    scene.event(Event::AnswerSent { generation });
    scene.turn(3);
    assert_eq!(scene.sent()[1]["previous_item_id"], added["item"]["id"]);
}
