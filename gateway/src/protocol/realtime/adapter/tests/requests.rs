//! What the client asks for, rightly or not.

use serde_json::{Value, json};

use super::Scene;
use crate::conversation::{
    Event, Generation, Input, Item, Message, Outcome, Output, Refusal, Said, Turn,
};

fn item(text: &str, id: &str, previous: &Value) -> Value {
    json!({"type": "conversation.item.create", "previous_item_id": previous, "event_id": "e",
        "item": {"type": "message", "role": "user", "id": id,
            "content": [{"type": "input_text", "text": text}]}})
}

/// Each is refused with this code, and as a fault of this field.
fn check_errors<const N: usize>(cases: [(Value, &str, &str); N]) {
    let mut scene = Scene::new();
    for (mut event, code, param) in cases {
        event["event_id"] = json!("mine");
        let error = scene.client(&event).error();
        assert_eq!(error["code"], code, "{event}: {error}");
        assert_eq!(error["param"], param, "{event}: {error}");
        assert_eq!(error["event_id"], "mine", "{event}");
        assert_eq!(error["type"], "invalid_request_error", "{event}");
    }
}

#[test]
fn what_can_not_be_read_is_an_error_that_names_the_event_and_the_field() {
    check_errors([
        (
            json!({"type": "input_audio_buffer.apend"}),
            "invalid_value",
            "type",
        ),
        (json!({}), "missing_required_parameter", "type"),
        (json!({"type": 7}), "invalid_type", "type"),
        (
            json!({"type": "input_audio_buffer.append"}),
            "missing_required_parameter",
            "audio",
        ),
        (
            json!({"type": "input_audio_buffer.append", "audio": 1}),
            "invalid_type",
            "audio",
        ),
        (
            json!({"type": "input_audio_buffer.append", "audio": "?"}),
            "invalid_value",
            "audio",
        ),
        (
            json!({"type": "input_audio_buffer.append", "audio": "AAAA"}),
            "invalid_value",
            "audio",
        ),
        (
            json!({"type": "session.update"}),
            "missing_required_parameter",
            "session",
        ),
        (
            json!({"type": "session.update", "session": []}),
            "invalid_type",
            "session",
        ),
        (
            json!({"type": "session.update", "session": {"type": "x"}}),
            "invalid_value",
            "session.type",
        ),
        (
            json!({"type": "session.update", "session": {"audio": {"output": {"speed": 9}}}}),
            "invalid_value",
            "session.audio.output.speed",
        ),
        (
            json!({"type": "session.update", "session": {"tools": [{"type": "mcp"}]}}),
            "unsupported",
            "session.tools[0].type",
        ),
    ]);
}

#[test]
fn so_is_what_this_service_can_not_do_or_does_not_know() {
    check_errors([
        (
            json!({"type": "conversation.item.create", "item": {"type": "message", "role": "user",
                "content": [{"type": "input_image", "image_url": "x"}]}}),
            "unsupported",
            "item.content[0].type",
        ),
        (
            json!({"type": "conversation.item.create", "item": {"type": "message", "role": "user",
                "content": [{"type": "input_text"}]}}),
            "missing_required_parameter",
            "item.content[0].text",
        ),
        (
            json!({"type": "conversation.item.truncate", "item_id": "i", "content_index": 0}),
            "missing_required_parameter",
            "audio_end_ms",
        ),
        (
            json!({"type": "conversation.item.delete", "item_id": "none"}),
            "item_not_found",
            "item_id",
        ),
        (
            json!({"type": "response.create", "response": {"conversation": "none"}}),
            "unsupported",
            "response.conversation",
        ),
        (
            json!({"type": "response.create", "response": {"input": []}}),
            "unsupported",
            "response.input",
        ),
        (
            json!({"type": "response.create", "response": {"tool_choice": "maybe"}}),
            "invalid_value",
            "response.tool_choice",
        ),
        (
            json!({"type": "response.cancel", "response_id": "resp_none"}),
            "response_cancel_not_active",
            "response_id",
        ),
    ]);
}

#[test]
fn what_is_no_event_at_all_is_an_error_too() {
    let mut scene = Scene::new();
    for (text, code) in [
        ("", "invalid_json"),
        ("{\"type\": ", "invalid_json"),
        ("[]", "invalid_event"),
        ("null", "invalid_event"),
    ] {
        assert_eq!(scene.client_text(text).error()["code"], code, "{text}");
    }
    let long = format!("{{\"x\": \"{}\"}}", "y".repeat(1 << 20));
    assert_eq!(scene.client_text(&long).error()["code"], "event_too_large");
    let deep = "[".repeat(100_000);
    assert_eq!(scene.client_text(&deep).error()["code"], "invalid_json");
    scene.actions = scene.adapter.receive_bytes();
    assert_eq!(scene.error()["code"], "invalid_event");
}

#[test]
fn an_item_is_told_once_the_conversation_has_it() {
    let mut scene = Scene::new();
    scene.client(&item("Hello.", "mine", &Value::Null));
    let message = Message::User("Hello.".into());
    let after = None;
    assert_eq!(scene.told(), [&Input::AddItem { message, after }]);
    assert!(scene.types().is_empty());
    scene.event(Event::ItemAdded { item: Item(4) });
    let sent = scene.sent();
    assert_eq!(
        scene.types(),
        ["conversation.item.added", "conversation.item.done"]
    );
    assert_eq!(sent[0]["item"]["id"], "mine");
    assert_eq!(sent[0]["item"]["object"], "realtime.item");

    let error = scene.client(&item("Again.", "mine", &Value::Null)).error();
    assert_eq!(error["param"], "item.id");
    scene.client(&item("Between.", "second", &json!("mine")));
    let message = Message::User("Between.".into());
    let after = Some(Item(4));
    assert_eq!(scene.told(), [&Input::AddItem { message, after }]);
    scene.event(Event::Refused(Refusal::NoSuchItem));
    let error = scene.error();
    assert_eq!(
        (&error["param"], &error["event_id"]),
        (&json!("previous_item_id"), &json!("e"))
    );

    scene.client(&json!({"type": "conversation.item.delete", "item_id": "mine"}));
    assert_eq!(scene.told(), [&Input::DeleteItem(Item(4))]);
    scene.event(Event::ItemDeleted { item: Item(4) });
    assert_eq!(scene.only_sent()["type"], "conversation.item.deleted");
    scene.client(&json!({"type": "conversation.item.retrieve", "item_id": "mine"}));
    assert_eq!(scene.error()["code"], "item_not_found");
}

#[test]
fn an_item_behind_one_that_does_not_exist_is_not_added() {
    let mut scene = Scene::new();
    let error = scene.client(&item("x", "a", &json!("none"))).error();
    assert_eq!(error["param"], "previous_item_id");
}

#[test]
fn an_item_can_come_before_all_others() {
    let mut scene = Scene::new();
    scene.turn(1);
    let spoken = scene.sent()[1]["item_id"].clone();
    scene.client(&item("x", "a", &json!("root")));
    let message = Message::User("x".into());
    let after = Some(Item::NONE);
    assert_eq!(scene.told(), [&Input::AddItem { message, after }]);
    scene.event(Event::ItemAdded { item: Item(9) });
    assert_eq!(scene.sent()[0]["previous_item_id"], Value::Null);
    scene.client(&item("y", "b", &Value::Null));
    scene.event(Event::ItemAdded { item: Item(10) });
    assert_eq!(scene.sent()[0]["previous_item_id"], spoken);
}

#[test]
fn one_response_at_a_time() {
    let mut scene = Scene::new();
    scene.client(&json!({"type": "response.create"}));
    assert_eq!(scene.told(), [&Input::CreateResponse]);
    scene.answer_starts(1);
    scene.client(&json!({"type": "response.create", "event_id": "two"}));
    let error = scene.error();
    assert_eq!(error["code"], "conversation_already_has_active_response");
    assert_eq!(error["event_id"], "two");
}

#[test]
fn cancelling_ends_the_response_or_is_refused() {
    let mut scene = Scene::new();
    scene.answer_starts(1);
    scene.client(&json!({"type": "response.cancel"}));
    assert_eq!(scene.told(), [&Input::Cancel]);
    scene.answer_ends(1, Outcome::Cancelled);
    let response = scene.only_sent()["response"].take();
    assert_eq!(response["status_details"]["reason"], "client_cancelled");
    scene.client(&json!({"type": "response.cancel", "event_id": "late"}));
    scene.event(Event::Refused(Refusal::NoAnswer));
    let error = scene.error();
    assert_eq!(error["code"], "response_cancel_not_active");
    assert_eq!(error["event_id"], "late");
    scene.client(&json!({"type": "output_audio_buffer.clear"}));
    assert_eq!(scene.types(), ["output_audio_buffer.cleared"]);
    scene.event(Event::Refused(Refusal::NoAnswer));
    assert!(
        scene.actions.is_empty(),
        "there may have been nothing to clear"
    );
}

#[test]
fn one_response_can_be_otherwise_than_the_session() {
    let mut scene = Scene::new();
    scene.client(&json!({"type": "response.create", "response": {
        "instructions": "Greet.", "output_modalities": ["text"], "metadata": {"topic": "a"},
    }}));
    let (settings, _) = scene.configured()[0];
    assert_eq!(settings.instructions, "Greet.");
    assert_eq!(settings.output, Output::Text);
    assert_eq!(scene.told(), [&Input::CreateResponse]);
    scene.answer_starts(1);
    let response = scene.only_sent()["response"].take();
    assert_eq!(response["metadata"], json!({"topic": "a"}));
    assert_eq!(response["output_modalities"], json!(["text"]));
    let generation = Generation(1);
    scene.event(Event::AnswerSent { generation });
    let (settings, _) = scene.configured()[0];
    assert_eq!(settings.instructions, "");
    assert_ne!(settings.output, Output::Text);

    scene.answer_ends(1, Outcome::Completed);
    assert!(scene.actions.is_empty());
    scene.client(&json!({"type": "response.create", "response": {"instructions": "x"}}));
    scene.event(Event::Refused(Refusal::AnswerInProgress));
    assert_eq!(scene.configured().len(), 1, "as before");
}

#[test]
fn a_transcription_session_has_no_responses() {
    let mut scene = Scene::new();
    scene.client(&json!({"type": "session.update", "session": {"type": "transcription"}}));
    let (settings, _) = scene.configured()[0];
    assert!(!settings.create_response);
    let session = scene.only_sent()["session"].take();
    assert_eq!(session["type"], "transcription");
    scene.client(&json!({"type": "response.create"}));
    assert_eq!(scene.error()["param"], "type");
}

#[test]
fn clearing_forgets_what_was_heard() {
    let mut scene = Scene::new();
    scene.append(4800);
    scene.client(&json!({"type": "input_audio_buffer.clear"}));
    assert_eq!(scene.told(), [&Input::ClearInput]);
    assert_eq!(scene.types(), ["input_audio_buffer.cleared"]);
    scene.client(&json!({"type": "input_audio_buffer.commit"}));
    assert_eq!(scene.error()["code"], "input_audio_buffer_commit_empty");
}

#[test]
fn what_was_said_can_be_deleted_and_followed_once_the_conversation_has_it() {
    let mut scene = Scene::new();
    scene.turn(1);
    let id = scene.sent()[1]["item_id"].clone();
    let delete = json!({"type": "conversation.item.delete", "item_id": id});
    assert_eq!(scene.client(&delete).error()["code"], "unsupported");
    let said = Said::Turn(Turn(1));
    let item = Item(7);
    scene.event(Event::Recorded { item, said });
    assert!(scene.actions.is_empty());
    scene.client(
        &json!({"type": "conversation.item.create", "previous_item_id": id, "item":
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]}}),
    );
    let message = Message::User("x".into());
    let after = Some(Item(7));
    assert_eq!(scene.told(), [&Input::AddItem { message, after }]);
    scene.event(Event::ItemAdded { item: Item(8) });
    assert_eq!(scene.sent()[0]["previous_item_id"], id);
    scene.client(&delete);
    assert_eq!(scene.told(), [&Input::DeleteItem(Item(7))]);
    scene.event(Event::Refused(Refusal::NoSuchItem));
    assert_eq!(
        scene.types(),
        ["conversation.item.deleted"],
        "there were no words in it"
    );
}

#[test]
fn an_answer_that_used_tools_is_deleted_as_a_whole() {
    let mut scene = Scene::new();
    scene.answer_starts(3);
    scene.phrase(3, 0, "Well.");
    scene.audio(3, 0, 0, 100);
    let id = scene.sent()[0]["item"]["id"].clone();
    for item in [Item(4), Item(5)] {
        let said = Said::Answer(Generation(3));
        scene.event(Event::Recorded { item, said });
    }
    scene.answer_ends(3, Outcome::Completed);
    scene.client(&json!({"type": "conversation.item.delete", "item_id": id}));
    let all = [&Input::DeleteItem(Item(4)), &Input::DeleteItem(Item(5))];
    assert_eq!(scene.told(), all);
    scene.event(Event::ItemDeleted { item: Item(4) });
    assert!(scene.actions.is_empty());
    scene.event(Event::ItemDeleted { item: Item(5) });
    assert_eq!(scene.types(), ["conversation.item.deleted"]);
}

#[test]
fn no_two_calls_have_the_same_id() {
    let mut scene = Scene::new();
    let call = json!({"type": "conversation.item.create", "item": {"type": "function_call",
        "call_id": "c", "name": "f", "arguments": "{}"}});
    assert_eq!(scene.client(&call).told().len(), 1);
    assert_eq!(scene.client(&call).error()["param"], "item.call_id");
    scene.event(Event::ItemAdded { item: Item(1) });
    assert_eq!(scene.client(&call).error()["param"], "item.call_id");
}
