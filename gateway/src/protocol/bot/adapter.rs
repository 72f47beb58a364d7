//! From the client's messages to facts, and from what a conversation says to messages.

use serde_json::json;
use voice_common::websocket::Message;

use super::wire::{self, FromClient, Start, audio, error, text};
use crate::conversation::{
    Detection, Event, Generation, Input, Outcome, Refusal, Settings, Stage, Turn,
};
use crate::pipeline::{Manner, Opening, Outgoing};
use crate::speech::SPOKEN_RATE_HZ;

/// What is to be done about a message of the client.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    Hear(Vec<i16>),
    SpeechStarted,
    SpeechEnded,
    Tell(Input),
    Configure(Box<Settings>, Box<Manner>),
    /// The client is told so at once.
    Answer(Message),
}

/// Between a client and a conversation.
#[derive(Debug)]
pub(super) struct Adapter {
    settings: Settings,
    manner: Manner,
    /// The turn that has ended and is not answered yet.
    awaited: Option<Turn>,
    /// The answer that is being given.
    answer: Option<Generation>,
    /// The answer whose audio has begun.
    audio: Option<Generation>,
    /// Its audio has not ended.
    is_sounding: bool,
}

impl Adapter {
    pub(super) fn new(opening: &Opening) -> Self {
        Self {
            settings: opening.settings.clone(),
            manner: opening.manner.clone(),
            awaited: None,
            answer: None,
            audio: None,
            is_sounding: false,
        }
    }

    /// Whether something is being answered.
    pub(super) fn is_busy(&self) -> bool {
        self.awaited.is_some() || self.answer.is_some()
    }

    /// What the client said.
    pub(super) fn said(&mut self, message: &Message) -> Vec<Step> {
        let said = match message {
            Message::Binary(bytes) => return vec![hear(bytes)],
            Message::Text(said) => serde_json::from_str(said),
        };
        match said {
            Ok(FromClient::Start(start)) => vec![self.start(start)],
            Ok(FromClient::SpeechStart {}) => self.speech_start(),
            Ok(FromClient::SpeechEnd {}) => vec![Step::SpeechEnded],
            Ok(FromClient::Text { text }) => vec![Step::Tell(Input::Text(text))],
            Ok(FromClient::Playback {
                played_ms,
                response,
            }) => self.playback(played_ms, response).into_iter().collect(),
            Ok(FromClient::Cancel {}) => vec![Step::Tell(Input::Cancel)],
            Err(cause) => vec![refused("invalid_message", &cause.to_string())],
        }
    }

    fn start(&mut self, start: Start) -> Step {
        if start.encoding.is_some_and(|it| it != "s16le") {
            return refused("invalid_parameter", "encoding: only s16le is understood");
        }
        let rate = start.sample_rate.unwrap_or(self.manner.input_rate_hz);
        if !(8_000..=48_000).contains(&rate) {
            return refused("invalid_parameter", "sample_rate: from 8000 to 48000");
        }
        self.manner.input_rate_hz = rate;
        self.manner.voice = start.voice.or(self.manner.voice.take());
        if let Some(language) = start.language {
            self.settings.language = language;
        }
        if let Some(is_cancelled) = start.echo_cancelled {
            self.settings.echo_cancelled = is_cancelled;
        }
        self.configure()
    }

    fn configure(&self) -> Step {
        Step::Configure(
            Box::new(self.settings.clone()),
            Box::new(self.manner.clone()),
        )
    }

    /// Who pushes a button to talk does not want anything else to be taken for talk.
    fn speech_start(&mut self) -> Vec<Step> {
        if self.settings.detection == Detection::Manual {
            return vec![Step::SpeechStarted];
        }
        self.settings.detection = Detection::Manual;
        vec![self.configure(), Step::SpeechStarted]
    }

    fn playback(&self, played_ms: u64, response: Option<u64>) -> Option<Step> {
        let generation = response.map(Generation).or(self.audio)?;
        let played = played_ms.saturating_mul(u64::from(SPOKEN_RATE_HZ) / 1000);
        Some(Step::Tell(Input::Playback { generation, played }))
    }

    /// What the client is to be told of this.
    pub(super) fn tell(&mut self, outgoing: &Outgoing) -> Vec<Message> {
        match outgoing {
            Outgoing::Audio {
                generation,
                samples,
                ..
            } => self.sound(*generation, samples),
            Outgoing::PhraseBegins {
                generation,
                text: words,
                ..
            } => vec![text(&json!({
                "type": "agent_text", "response": generation.0, "text": words,
            }))],
            Outgoing::Pause { generation, at } => vec![position("pause", *generation, *at)],
            Outgoing::Resume { generation, at } => vec![position("resume", *generation, *at)],
            Outgoing::Flush { generation, at } => {
                self.is_sounding = false;
                vec![position("interrupted", *generation, *at)]
            }
            Outgoing::Event(event) => self.event(event),
            Outgoing::Closed(_) => Vec::new(),
        }
    }

    fn sound(&mut self, generation: Generation, samples: &[i16]) -> Vec<Message> {
        let mut messages = Vec::new();
        if self.audio != Some(generation) {
            self.audio = Some(generation);
            messages.push(text(&json!({
                "type": "audio_start", "response": generation.0,
                "encoding": "s16le", "sample_rate": SPOKEN_RATE_HZ,
            })));
        }
        self.is_sounding = true;
        messages.push(audio(samples));
        messages
    }

    fn event(&mut self, event: &Event) -> Vec<Message> {
        let message = match event {
            Event::PartialTranscript { text, .. } => {
                json!({"type": "transcript", "text": text, "final": false})
            }
            Event::Transcript { text, .. } => {
                json!({"type": "transcript", "text": text, "final": true})
            }
            Event::TurnEnded { turn, .. } => {
                self.awaited = Some(*turn);
                return Vec::new();
            }
            Event::TurnReopened { .. } => {
                self.awaited = None;
                return Vec::new();
            }
            Event::NothingUnderstood { .. } => {
                self.awaited = None;
                json!({"type": "response_done", "status": "nothing_understood", "text": ""})
            }
            Event::AnswerStarted { generation, .. } => {
                self.awaited = None;
                self.answer = Some(*generation);
                return Vec::new();
            }
            Event::ToolCalled { call, .. } => {
                json!({"type": "tool_call", "name": call.name, "arguments": call.arguments})
            }
            Event::AnswerSent { generation } => return self.audio_end(*generation),
            Event::AnswerEnded {
                generation,
                outcome,
                heard,
            } => return self.done(*generation, *outcome, heard),
            Event::Failed { stage } => {
                let (code, message) = failed(*stage);
                return vec![error(code, message)];
            }
            Event::Refused(refusal) => {
                let (code, message) = refusal_of(*refusal);
                return vec![error(code, message)];
            }
            Event::SpeechStarted { .. }
            | Event::FalseAlarm { .. }
            | Event::Recorded { .. }
            | Event::AnswerText { .. }
            | Event::ToolDone { .. }
            | Event::ItemAdded { .. }
            | Event::ItemDeleted { .. }
            | Event::Speculated { .. } => return Vec::new(),
        };
        vec![text(&message)]
    }

    fn audio_end(&mut self, generation: Generation) -> Vec<Message> {
        if self.audio != Some(generation) || !std::mem::take(&mut self.is_sounding) {
            return Vec::new();
        }
        vec![text(
            &json!({"type": "audio_end", "response": generation.0}),
        )]
    }

    fn done(&mut self, generation: Generation, outcome: Outcome, heard: &str) -> Vec<Message> {
        self.answer = None;
        let mut messages = self.audio_end(generation);
        let status = match outcome {
            Outcome::Completed => "completed",
            Outcome::Interrupted => "interrupted",
            Outcome::Cancelled => "cancelled",
            Outcome::Superseded => "superseded",
            Outcome::Reopened => "reopened",
            Outcome::Failed(_) => "failed",
        };
        messages.push(text(&json!({
            "type": "response_done", "response": generation.0, "status": status, "text": heard,
        })));
        messages
    }
}

fn hear(bytes: &[u8]) -> Step {
    wire::samples(bytes).map_or_else(
        || refused("invalid_audio", "a message of audio ends within a sample"),
        Step::Hear,
    )
}

fn refused(code: &str, message: &str) -> Step {
    Step::Answer(error(code, message))
}

fn position(kind: &str, generation: Generation, at: u64) -> Message {
    let played_ms = at * 1000 / u64::from(SPOKEN_RATE_HZ);
    text(&json!({
        "type": kind, "response": generation.0, "played_ms": played_ms, "played_samples": at,
    }))
}

fn failed(stage: Stage) -> (&'static str, &'static str) {
    match stage {
        Stage::Transcript => (
            "transcript_failed",
            "What was said could not be transcribed.",
        ),
        Stage::Response => ("response_failed", "No answer came, or it broke off."),
        Stage::Tool => ("tool_failed", "A tool failed."),
        Stage::Speech => ("speech_failed", "The answer could not be spoken."),
        Stage::Turn => ("turn_timeout", "The answer took too long."),
    }
}

fn refusal_of(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::AnswerInProgress => ("answer_in_progress", "An answer is in progress already."),
        Refusal::NoAnswer => ("no_answer", "There is no answer to end."),
        Refusal::NoSuchItem => ("no_such_item", "There is no such entry."),
    }
}

#[cfg(test)]
#[path = "adapter_tests.rs"]
mod tests;
