//! Whatever a client of the Realtime protocol sends, and whatever comes of the conversation meanwhile:
//! the adapter takes it, what it sends is JSON, and there is one response at a time.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use voice_stack_gateway::conversation::{Event, Generation, Item, Outcome, Settings, ToolCall, Turn};
use voice_stack_gateway::pipeline::{Manner, Outgoing};
use voice_stack_gateway::protocol::realtime::{Action, Adapter, Dialect, Profile, Purpose};

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    let mut adapter = Adapter::new(Profile {
        dialect: if kind & 1 == 0 {
            Dialect::Current
        } else {
            Dialect::Beta
        },
        purpose: if kind & 2 == 0 {
            Purpose::Conversation
        } else {
            Purpose::Transcription
        },
        model: "m".into(),
        tag: "t".into(),
        settings: Settings::default(),
        manner: Manner::default(),
    });
    let mut open = 0;
    check(&adapter.greet(), &mut open);
    // A line is a message of the client, or something of the conversation if it begins with a
    // control character.
    for line in rest.split(|it| *it == b'\n') {
        let actions = match line {
            [what @ 0..32, more @ ..] => adapter.outgoing(outgoing(*what, more)),
            _ => match std::str::from_utf8(line) {
                Ok(text) => adapter.receive(text),
                Err(_) => adapter.receive_bytes(),
            },
        };
        check(&actions, &mut open);
    }
});

fn check(actions: &[Action], open: &mut i32) {
    for action in actions {
        let Action::Send(text) = action else { continue };
        let event: serde_json::Value = serde_json::from_str(text).expect("it is JSON");
        assert!(event["event_id"].is_string());
        match event["type"].as_str().expect("it has a type") {
            "response.created" => *open += 1,
            "response.done" => *open -= 1,
            _ => {}
        }
        assert!((0..=1).contains(open), "one response at a time");
    }
}

fn outgoing(what: u8, more: &[u8]) -> Outgoing {
    let byte = |at: usize| more.get(at).copied().unwrap_or(0);
    let generation = Generation(u64::from(byte(0)) % 4);
    let turn = Turn(u64::from(byte(0)) % 4);
    let at = u64::from(byte(1));
    let text = || String::from_utf8_lossy(more.get(2..).unwrap_or_default()).into_owned();
    let time = Duration::from_millis(at);
    let outcomes = [
        Outcome::Completed,
        Outcome::Interrupted,
        Outcome::Cancelled,
        Outcome::Reopened,
    ];
    Outgoing::Event(match what % 16 {
        0 => {
            return Outgoing::Audio {
                generation,
                phrase: usize::from(byte(2) % 4),
                from: at,
                samples: vec![1; usize::from(byte(3)) + 1],
            };
        }
        1 => {
            return Outgoing::PhraseBegins {
                generation,
                phrase: usize::from(byte(1) % 4),
                text: text(),
            };
        }
        2 => return Outgoing::Pause { generation, at },
        3 => return Outgoing::Resume { generation, at },
        4 => Event::SpeechStarted { turn, at: time },
        5 => Event::TurnEnded {
            turn,
            from: time,
            to: time,
        },
        6 => Event::TurnReopened { turn },
        7 => Event::PartialTranscript { turn, text: text() },
        8 => Event::Transcript { turn, text: text() },
        9 => Event::AnswerStarted {
            generation,
            turn: None,
        },
        10 => Event::AnswerText {
            generation,
            text: text(),
        },
        11 => Event::ToolCalled {
            generation,
            call: ToolCall {
                id: "c".into(),
                name: "f".into(),
                arguments: text(),
                by_client: true,
            },
        },
        12 => Event::AnswerSent { generation },
        13 => Event::AnswerEnded {
            generation,
            outcome: outcomes[usize::from(byte(1) % 4)],
            heard: String::new(),
        },
        14 => Event::ItemAdded { item: Item(at) },
        _ => Event::FalseAlarm {
            turn,
            resumed: true,
        },
    })
}
