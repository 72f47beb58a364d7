//! Sequences of events, without a socket: what the client says and what the conversation says come
//! in, and what the client is told and the conversation is told comes out.

mod answers;
mod dialect;
mod ledger;
mod properties;
mod requests;
mod session;
mod turns;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Action, Adapter, Profile};
use crate::conversation::{Event, Generation, Input, Outcome, Settings, Time, Turn};
use crate::pipeline::{Manner, Outgoing};
use crate::protocol::realtime::session::{Dialect, Purpose};

/// A session, and what came of the last step.
pub(super) struct Scene {
    pub(super) adapter: Adapter,
    pub(super) actions: Vec<Action>,
}

pub(super) fn at(ms: u64) -> Time {
    Time::from_millis(ms)
}

impl Scene {
    pub(super) fn new() -> Self {
        Self::of(Dialect::Current, Purpose::Conversation)
    }

    pub(super) fn of(dialect: Dialect, purpose: Purpose) -> Self {
        let mut adapter = Adapter::new(Profile {
            dialect,
            purpose,
            model: "gpt-realtime".into(),
            tag: "t".into(),
            settings: Settings::default(),
            manner: Manner::default(),
        });
        let actions = adapter.greet();
        Self { adapter, actions }
    }

    pub(super) fn client(&mut self, event: &Value) -> &mut Self {
        self.client_text(&event.to_string())
    }

    pub(super) fn client_text(&mut self, text: &str) -> &mut Self {
        self.actions = self.adapter.receive(text);
        self
    }

    pub(super) fn outgoing(&mut self, outgoing: Outgoing) -> &mut Self {
        self.actions = self.adapter.outgoing(outgoing);
        self
    }

    pub(super) fn event(&mut self, event: Event) -> &mut Self {
        self.outgoing(Outgoing::Event(event))
    }

    pub(super) fn audio(&mut self, generation: u64, phrase: usize, from: u64, samples: usize) {
        self.outgoing(Outgoing::Audio {
            generation: Generation(generation),
            phrase,
            from,
            samples: vec![100; samples],
        });
    }

    pub(super) fn phrase(&mut self, generation: u64, phrase: usize, text: &str) {
        self.outgoing(Outgoing::PhraseBegins {
            generation: Generation(generation),
            phrase,
            text: text.into(),
        });
    }

    pub(super) fn answer_starts(&mut self, generation: u64) -> &mut Self {
        self.event(Event::AnswerStarted {
            generation: Generation(generation),
            turn: None,
        })
    }

    pub(super) fn answer_ends(&mut self, generation: u64, outcome: Outcome) -> &mut Self {
        self.event(Event::AnswerEnded {
            generation: Generation(generation),
            outcome,
            heard: String::new(),
        })
    }

    /// A turn from its beginning to its end.
    pub(super) fn turn(&mut self, turn: u64) {
        let turn = Turn(turn);
        self.event(Event::SpeechStarted { turn, at: at(1000) });
        let (from, to) = (at(1000), at(2000));
        self.event(Event::TurnEnded { turn, from, to });
    }

    pub(super) fn append(&mut self, samples: usize) -> &mut Self {
        let audio = STANDARD.encode(vec![0; samples * 2]);
        self.client(&json!({"type": "input_audio_buffer.append", "audio": audio}))
    }

    /// What the client was sent.
    pub(super) fn sent(&self) -> Vec<Value> {
        let texts = self.actions.iter().filter_map(|it| match it {
            Action::Send(text) => Some(text),
            _ => None,
        });
        texts.map(|it| serde_json::from_str(it).unwrap()).collect()
    }

    pub(super) fn only_sent(&self) -> Value {
        let mut sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }

    pub(super) fn types(&self) -> Vec<String> {
        let name = |it: Value| it["type"].as_str().unwrap().to_owned();
        self.sent().into_iter().map(name).collect()
    }

    /// What the conversation was told.
    pub(super) fn told(&self) -> Vec<&Input> {
        let inputs = self.actions.iter().filter_map(|it| match it {
            Action::Tell(input) => Some(input),
            _ => None,
        });
        inputs.collect()
    }

    pub(super) fn configured(&self) -> Vec<&(Settings, Manner)> {
        let all = self.actions.iter().filter_map(|it| match it {
            Action::Configure(both) => Some(&**both),
            _ => None,
        });
        all.collect()
    }

    /// The error, which must be all that came of it.
    pub(super) fn error(&self) -> Value {
        let mut sent = self.only_sent();
        assert_eq!(sent["type"], "error", "{sent}");
        assert_eq!(self.actions.len(), 1);
        sent["error"].take()
    }
}
