//! Whatever the client and the conversation say, in whatever order: nothing panics, and everything
//! that the client is told has begun is told to have ended, once.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::ledger::Ledger;
use super::{Scene, at};
use crate::conversation::{
    Closing, Event, Generation, Item, Outcome, Refusal, Said, Stage, ToolCall, Turn,
};
use crate::pipeline::Outgoing;
use crate::protocol::realtime::session::{Dialect, Purpose};

#[derive(Debug, Clone)]
enum Step {
    Client(Value),
    Text(String),
    Outgoing(Outgoing),
}

fn item_id() -> impl Strategy<Value = String> {
    // As the adapter names them, and others.
    prop_oneof![(1..80u64).prop_map(|it| format!("item_t{it:06}")), "[a-c]"]
}

fn client_event() -> impl Strategy<Value = Value> {
    let audio = prop_oneof![Just("AAAAAAAA".to_owned()), "[A-Za-z0-9+/=]{0,12}"];
    let modality = prop_oneof![Just("text"), Just("audio"), Just("video")];
    let detection = prop_oneof![
        Just(Value::Null),
        Just(json!({"type": "server_vad", "create_response": false})),
        Just(json!({"type": "semantic_vad", "eagerness": "low"})),
        Just(json!({"silence_duration_ms": -1})),
    ];
    let format = prop_oneof![Just("audio/pcm"), Just("audio/pcmu"), Just("audio/pcma")];
    prop_oneof![
        audio.prop_map(|it| json!({"type": "input_audio_buffer.append", "audio": it})),
        Just(json!({"type": "input_audio_buffer.commit"})),
        Just(json!({"type": "input_audio_buffer.clear"})),
        Just(json!({"type": "output_audio_buffer.clear"})),
        (modality.clone(), detection, format).prop_map(|(modality, detection, format)| {
            json!({"type": "session.update", "session": {"output_modalities": [modality],
                "audio": {"input": {"turn_detection": detection, "transcription": {}},
                    "output": {"format": {"type": format}}}}})
        }),
        ("[a-c]", item_id()).prop_map(|(id, previous)| {
            json!({"type": "conversation.item.create", "previous_item_id": previous, "item":
                {"type": "message", "role": "user", "id": id,
                    "content": [{"type": "input_text", "text": "x"}]}})
        }),
        item_id().prop_map(|it| json!({"type": "conversation.item.create", "item":
            {"type": "function_call_output", "call_id": it, "output": "x"}})),
        item_id().prop_map(|it| json!({"type": "conversation.item.retrieve", "item_id": it})),
        item_id().prop_map(|it| json!({"type": "conversation.item.delete", "item_id": it})),
        (item_id(), 0..2u8, 0..500u64).prop_map(|(id, part, ms)| {
            json!({"type": "conversation.item.truncate", "item_id": id, "content_index": part,
                "audio_end_ms": ms})
        }),
        modality.prop_map(|it| json!({"type": "response.create", "response":
            {"modalities": [it], "output_modalities": [it]}})),
        Just(json!({"type": "response.create"})),
        Just(json!({"type": "response.cancel"})),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let turn = || (0..3u64).prop_map(Turn);
    let generation = || (0..3u64).prop_map(Generation);
    let stage = prop_oneof![
        Just(Stage::Transcript),
        Just(Stage::Response),
        Just(Stage::Tool)
    ];
    let outcome = prop_oneof![
        Just(Outcome::Completed),
        Just(Outcome::Interrupted),
        Just(Outcome::Cancelled),
        Just(Outcome::Reopened),
        Just(Outcome::Failed(Stage::Speech)),
    ];
    let refusal = prop_oneof![
        Just(Refusal::AnswerInProgress),
        Just(Refusal::NoAnswer),
        Just(Refusal::NoSuchItem),
    ];
    let said = prop_oneof![
        turn().prop_map(Said::Turn),
        generation().prop_map(Said::Answer),
        Just(Said::Call("c".into())),
    ];
    let text = || "[a-zü ]{0,6}";
    prop_oneof![
        // A turn is begun once.
        turn().prop_map(|turn| Event::SpeechStarted { turn, at: at(5) }),
        (turn(), text()).prop_map(|(turn, text)| Event::PartialTranscript { turn, text }),
        turn().prop_map(|turn| Event::TurnEnded {
            turn,
            from: at(1),
            to: at(9)
        }),
        turn().prop_map(|turn| Event::TurnReopened { turn }),
        (turn(), text()).prop_map(|(turn, text)| Event::Transcript { turn, text }),
        turn().prop_map(|turn| Event::FalseAlarm {
            turn,
            resumed: true
        }),
        turn().prop_map(|turn| Event::NothingUnderstood { turn }),
        generation().prop_map(|generation| Event::AnswerStarted {
            generation,
            turn: None
        }),
        (generation(), text())
            .prop_map(|(generation, text)| Event::AnswerText { generation, text }),
        (generation(), any::<bool>()).prop_map(|(generation, by_client)| Event::ToolCalled {
            generation,
            call: ToolCall {
                id: "c".into(),
                name: "f".into(),
                arguments: "{}".into(),
                by_client,
            },
        }),
        generation().prop_map(|generation| Event::AnswerSent { generation }),
        (generation(), outcome).prop_map(|(generation, outcome)| Event::AnswerEnded {
            generation,
            outcome,
            heard: String::new(),
        }),
        (0..9u64, said).prop_map(|(it, said)| Event::Recorded {
            item: Item(it),
            said
        }),
        (0..9u64).prop_map(|it| Event::ItemAdded { item: Item(it) }),
        (0..9u64).prop_map(|it| Event::ItemDeleted { item: Item(it) }),
        stage.prop_map(|stage| Event::Failed { stage }),
        refusal.prop_map(Event::Refused),
    ]
}

fn outgoing() -> impl Strategy<Value = Outgoing> {
    let generation = || (0..3u64).prop_map(Generation);
    prop_oneof![
        4 => event().prop_map(Outgoing::Event),
        2 => (generation(), 0..3usize, 0..9u64, 1..40usize).prop_map(
            |(generation, phrase, from, samples)| Outgoing::Audio {
                generation,
                phrase,
                from: from * 10,
                samples: vec![1; samples],
            }
        ),
        1 => (generation(), 0..3usize).prop_map(|(generation, phrase)| Outgoing::PhraseBegins {
            generation,
            phrase,
            text: "Äh, yes.".into(),
        }),
        1 => (generation(), 0..90u64).prop_map(|(generation, at)| Outgoing::Pause {
            generation,
            at
        }),
        1 => (generation(), 0..90u64).prop_map(|(generation, at)| Outgoing::Resume {
            generation,
            at
        }),
        1 => (generation(), 0..90u64).prop_map(|(generation, at)| Outgoing::Flush {
            generation,
            at
        }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => client_event().prop_map(Step::Client),
        1 => "[\\[\\]{}\":,a-z0-9 ]{0,30}".prop_map(Step::Text),
        8 => outgoing().prop_map(Step::Outgoing),
    ]
}

proptest! {
    #[test]
    fn everything_that_is_opened_is_closed_once(steps in prop::collection::vec(step(), 0..120)) {
        let mut scene = Scene::of(Dialect::Current, Purpose::Conversation);
        let mut ledger = Ledger::default();
        let end = Step::Outgoing(Outgoing::Closed(Closing::HungUp));
        for step in steps.into_iter().chain([end]) {
            match step {
                Step::Client(event) => scene.client(&event),
                Step::Text(text) => scene.client_text(&text),
                Step::Outgoing(outgoing) => scene.outgoing(outgoing),
            };
            for event in scene.sent() {
                ledger.enter(&event);
            }
        }
        ledger.close();
    }

    #[test]
    fn the_beta_has_no_name_that_is_not_its_own(steps in prop::collection::vec(step(), 0..60)) {
        let mut scene = Scene::of(Dialect::Beta, Purpose::Conversation);
        for step in steps {
            match step {
                Step::Client(event) => scene.client(&event),
                Step::Text(text) => scene.client_text(&text),
                Step::Outgoing(outgoing) => scene.outgoing(outgoing),
            };
            for event in scene.sent() {
                let name = event["type"].as_str().unwrap();
                prop_assert!(!name.starts_with("response.output_audio"), "{}", name);
                prop_assert!(!name.starts_with("response.output_text"), "{}", name);
                prop_assert!(!name.starts_with("conversation.item.added"), "{}", name);
                prop_assert!(!event.to_string().contains("output_modalities"));
            }
        }
    }
}
