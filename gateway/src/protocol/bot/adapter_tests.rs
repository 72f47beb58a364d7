use serde_json::Value;

use super::*;

fn adapter() -> Adapter {
    Adapter::new(&Opening::default())
}

fn say(adapter: &mut Adapter, message: &str) -> Vec<Step> {
    adapter.said(&Message::Text(message.to_owned().into()))
}

fn told(messages: &[Message]) -> Vec<Value> {
    let told = messages.iter().map(|it| match it {
        Message::Text(text) => serde_json::from_str(text).unwrap(),
        Message::Binary(bytes) => json!(bytes.len()),
    });
    told.collect()
}

fn code(steps: &[Step]) -> Value {
    let [Step::Answer(message)] = steps else {
        panic!("{steps:?}");
    };
    told(std::slice::from_ref(message))[0]["code"].clone()
}

const ANSWER: Generation = Generation(7);

#[test]
fn audio_comes_in_as_samples() {
    let mut adapter = adapter();
    let bytes = Message::Binary(vec![1, 0, 0xff, 0xff].into());
    assert_eq!(adapter.said(&bytes), [Step::Hear(vec![1, -1])]);
    let half = Message::Binary(vec![1, 0, 1].into());
    assert_eq!(code(&adapter.said(&half)), "invalid_audio");
}

#[test]
fn who_pushes_to_talk_alone_says_when_the_user_speaks() {
    let mut adapter = adapter();
    let first = say(&mut adapter, r#"{"type":"speech_start"}"#);
    assert!(matches!(
        &first[..],
        [Step::Configure(settings, _), Step::SpeechStarted] if settings.detection == Detection::Manual
    ));
    assert_eq!(
        say(&mut adapter, r#"{"type":"speech_end"}"#),
        [Step::SpeechEnded]
    );
    assert_eq!(
        say(&mut adapter, r#"{"type":"speech_start"}"#),
        [Step::SpeechStarted]
    );
}

#[test]
fn a_start_says_what_is_otherwise_and_keeps_the_rest() {
    let mut adapter = adapter();
    let start = r#"{"type":"start","sample_rate":8000,"encoding":"s16le","voice":"joe","x":1}"#;
    say(&mut adapter, start);
    let steps = say(&mut adapter, r#"{"type":"start","language":"de"}"#);
    let [Step::Configure(settings, manner)] = &steps[..] else {
        panic!("{steps:?}");
    };
    assert_eq!(settings.language, "de");
    assert_eq!(manner.input_rate_hz, 8000);
    assert_eq!(manner.voice.as_deref(), Some("joe"));
}

#[test]
fn what_is_not_understood_is_told_and_nothing_else_happens() {
    let mut adapter = adapter();
    for (message, expected) in [
        ("{", "invalid_message"),
        (r#"{"type":"dance"}"#, "invalid_message"),
        (r#"{"type":"text"}"#, "invalid_message"),
        (r#"{"type":"start","encoding":"mp3"}"#, "invalid_parameter"),
        (r#"{"type":"start","sample_rate":1}"#, "invalid_parameter"),
    ] {
        assert_eq!(code(&say(&mut adapter, message)), expected, "{message}");
    }
}

#[test]
fn an_answer_is_framed_and_its_playback_is_counted_in_samples() {
    let mut adapter = adapter();
    let played = r#"{"type":"playback","played_ms":100}"#;
    assert_eq!(say(&mut adapter, played), [], "nothing plays");
    let audio = Outgoing::Audio {
        generation: ANSWER,
        phrase: 0,
        from: 0,
        samples: vec![1, 2],
    };
    let first = told(&adapter.tell(&audio));
    assert_eq!(first[0]["type"], "audio_start");
    assert_eq!((&first[0]["response"], &first[1]), (&json!(7), &json!(4)));
    assert_eq!(told(&adapter.tell(&audio)), [json!(4)]);
    let input = Input::Playback {
        generation: ANSWER,
        played: 2400,
    };
    assert_eq!(say(&mut adapter, played), [Step::Tell(input)]);
    let sent = Outgoing::Event(Event::AnswerSent { generation: ANSWER });
    assert_eq!(told(&adapter.tell(&sent))[0]["type"], "audio_end");
    let ended = Outgoing::Event(Event::AnswerEnded {
        generation: ANSWER,
        outcome: Outcome::Completed,
        heard: "Hello.".into(),
    });
    assert_eq!(
        told(&adapter.tell(&ended)),
        [json!({"type": "response_done", "response": 7, "status": "completed", "text": "Hello."})]
    );
}

#[test]
fn a_pause_says_where_in_milliseconds() {
    let mut adapter = adapter();
    for (outgoing, kind) in [
        (
            Outgoing::Pause {
                generation: ANSWER,
                at: 24_000,
            },
            "pause",
        ),
        (
            Outgoing::Resume {
                generation: ANSWER,
                at: 24_000,
            },
            "resume",
        ),
        (
            Outgoing::Flush {
                generation: ANSWER,
                at: 24_000,
            },
            "interrupted",
        ),
    ] {
        assert_eq!(
            told(&adapter.tell(&outgoing)),
            [json!({
                "type": kind, "response": 7, "played_ms": 1000, "played_samples": 24_000,
            })]
        );
    }
}

#[test]
fn it_is_busy_from_the_end_of_a_turn_to_the_end_of_its_answer() {
    let mut adapter = adapter();
    let mut after = |event| {
        adapter.tell(&Outgoing::Event(event));
        adapter.is_busy()
    };
    let turn = Turn(1);
    let (from, to) = (
        crate::conversation::Time::ZERO,
        crate::conversation::Time::ZERO,
    );
    assert!(after(Event::TurnEnded { turn, from, to }));
    assert!(after(Event::AnswerStarted {
        generation: ANSWER,
        turn: Some(turn)
    }));
    assert!(!after(Event::AnswerEnded {
        generation: ANSWER,
        outcome: Outcome::Interrupted,
        heard: String::new()
    }));
    assert!(after(Event::TurnEnded { turn, from, to }));
    assert!(!after(Event::NothingUnderstood { turn }));
}
