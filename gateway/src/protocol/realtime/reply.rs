//! An answer of the conversation, and the response in which the client gets it, or a stretch of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::format::Encoder;
use super::ids::Ids;
use super::item::Item;
use super::problem::Problem;
use super::server_event::{Part, PartOf};
use super::session::{Modality, Session};
use crate::conversation::{Generation, Outcome, Stage, ToolCall};

/// Four bytes of text, or 50 ms of audio: nobody counts tokens here, so these are estimates.
const BYTES_A_TOKEN: u64 = 4;
const SAMPLES_A_TOKEN: u64 = 1200;

/// An answer of the conversation, in one response or, if it was paused, in several.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) generation: Generation,
    /// The words of its phrases.
    pub(super) phrases: BTreeMap<usize, String>,
    /// It is paused because somebody speaks.
    pub(super) is_held: bool,
    /// Calls that the client gets when the answer goes on.
    pub(super) calls: Vec<ToolCall>,
    /// Where its present stretch begins, in samples.
    pub(super) base: u64,
    /// All before was sent to the client.
    pub(super) sent: u64,
    /// How long it is, once all of it was sent.
    pub(super) length: Option<u64>,
    pub(super) failed: Option<Stage>,
    /// It is otherwise than the session.
    pub(super) is_special: bool,
    /// The item of its last message.
    pub(super) item_id: Option<String>,
    pub(super) reply: Option<Reply>,
}

impl Answer {
    pub(super) fn new(generation: Generation, failed: Option<Stage>, is_special: bool) -> Self {
        Self {
            generation,
            phrases: BTreeMap::new(),
            is_held: false,
            calls: Vec::new(),
            base: 0,
            sent: 0,
            length: None,
            failed,
            is_special,
            item_id: None,
            reply: None,
        }
    }
}

/// A response that is not done.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) id: String,
    /// What holds for it.
    pub(super) session: Session,
    pub(super) metadata: Option<Value>,
    pub(super) items: u64,
    pub(super) message: Option<Message>,
    pub(super) output: Vec<(u64, Item)>,
    samples: u64,
}

/// A message of a response that is not done.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) item_id: String,
    pub(super) index: u64,
    pub(super) modality: Modality,
    /// The words so far, spoken or written.
    pub(super) text: String,
    /// Whose words were told.
    pub(super) phrases: BTreeSet<usize>,
    pub(super) encoder: Encoder,
}

impl Message {
    pub(super) fn part(&self) -> Part {
        let text = self.text.clone();
        match self.modality {
            Modality::Audio => Part::Audio { transcript: text },
            Modality::Text => Part::Text { text },
        }
    }

    /// The words of the next phrase, as they go on from those so far.
    pub(super) fn append_phrase(&mut self, text: &str) -> String {
        const WIDE: [char; 7] = ['。', '！', '？', '，', '、', '；', '：'];
        let needs_space = !self.text.is_empty() && !self.text.ends_with(WIDE);
        let delta = if needs_space {
            format!(" {text}")
        } else {
            text.to_owned()
        };
        self.text.push_str(&delta);
        delta
    }
}

impl Reply {
    pub(super) fn new(id: String, session: Session, metadata: Option<Value>) -> Self {
        Self {
            id,
            session,
            metadata,
            items: 0,
            message: None,
            output: Vec::new(),
            samples: 0,
        }
    }

    pub(super) fn next_index(&mut self) -> u64 {
        self.items += 1;
        self.items - 1
    }

    pub(super) fn count_audio(&mut self, samples: usize) {
        self.samples += samples as u64;
    }

    pub(super) fn part_of(&self, message: &Message) -> PartOf {
        PartOf {
            response_id: self.id.clone(),
            item_id: message.item_id.clone(),
            output_index: message.index,
            content_index: 0,
        }
    }

    fn json(&self, ids: &Ids, status: &str) -> Value {
        json!({
            "object": "realtime.response",
            "id": self.id,
            "conversation_id": ids.own("conv"),
            "status": status,
            "status_details": null,
            "output": [],
            "output_modalities": self.session.modalities_json(),
            "max_output_tokens": self.session.tokens_json(),
            "audio": {
                "output": {
                    "format": self.session.output_format.to_json(),
                    "voice": self.session.voice,
                },
            },
            "usage": null,
            "metadata": self.metadata,
        })
    }

    pub(super) fn created(&self, ids: &Ids) -> Value {
        self.json(ids, "in_progress")
    }

    /// The whole, as it ended; what was said before has so many bytes.
    pub(super) fn done(&self, ids: &Ids, end: End, input_bytes: usize) -> Value {
        let (status, details) = end.status();
        let mut response = self.json(ids, status);
        response["status_details"] = details;
        let mut output: Vec<&(u64, Item)> = self.output.iter().collect();
        output.sort_by_key(|(index, _)| *index);
        let output = output.into_iter().map(|(_, item)| json!(item));
        response["output"] = output.collect();
        let bytes: usize = self.output.iter().map(|(_, it)| it.text().len()).sum();
        response["usage"] = usage(input_bytes as u64, bytes as u64, self.samples);
        response
    }
}

fn usage(input_bytes: u64, output_bytes: u64, samples: u64) -> Value {
    let input = input_bytes.div_ceil(BYTES_A_TOKEN);
    let text = output_bytes.div_ceil(BYTES_A_TOKEN);
    let audio = samples.div_ceil(SAMPLES_A_TOKEN);
    json!({
        "total_tokens": input + text + audio,
        "input_tokens": input,
        "output_tokens": text + audio,
        "input_token_details": {
            "text_tokens": input,
            "audio_tokens": 0,
            "image_tokens": 0,
            "cached_tokens": 0,
        },
        "output_token_details": {"text_tokens": text, "audio_tokens": audio},
    })
}

/// How a response ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Completed,
    /// Somebody speaks.
    TurnDetected,
    ClientCancelled,
    Failed(Stage),
}

impl End {
    pub(super) fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Completed => Self::Completed,
            Outcome::Interrupted | Outcome::Reopened => Self::TurnDetected,
            Outcome::Cancelled | Outcome::Superseded => Self::ClientCancelled,
            Outcome::Failed(stage) => Self::Failed(stage),
        }
    }

    pub(super) fn is_whole(self) -> bool {
        matches!(self, Self::Completed)
    }

    fn status(self) -> (&'static str, Value) {
        let cancelled = |reason| json!({"type": "cancelled", "reason": reason});
        match self {
            Self::Completed => ("completed", Value::Null),
            Self::TurnDetected => ("cancelled", cancelled("turn_detected")),
            Self::ClientCancelled => ("cancelled", cancelled("client_cancelled")),
            Self::Failed(stage) => {
                let (code, message) = match stage {
                    Stage::Transcript => ("transcription_failed", "Speech recognition failed."),
                    Stage::Response | Stage::Tool => ("response_failed", "No answer came."),
                    Stage::Speech => ("speech_failed", "Speech synthesis failed."),
                    Stage::Turn => ("turn_timeout", "The answer took too long."),
                };
                let error = json!({"type": "server_error", "code": code, "message": message});
                ("failed", json!({"type": "failed", "error": error}))
            }
        }
    }
}

pub(super) fn in_progress(response_id: Option<&str>) -> Problem {
    let id = response_id.unwrap_or_default();
    let separator = if id.is_empty() { "" } else { ": " };
    let message = format!(
        "Conversation already has an active response in progress{separator}{id}. Wait until it is \
         finished before creating a new one."
    );
    Problem::new("conversation_already_has_active_response", message)
}
