//! What the client is told, by the names of the current dialect. `beta.rs` has the others.

use serde::Serialize;
use serde_json::Value;

use super::item::Item;
use super::problem::{Kind, Problem};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ErrorBody {
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) param: Option<String>,
    /// Of the client's event, if it has one.
    pub(super) event_id: Option<String>,
}

impl ErrorBody {
    pub(super) fn new(problem: Problem, event_id: Option<String>) -> Self {
        let Problem {
            kind,
            code,
            message,
            param,
        } = problem;
        Self {
            kind,
            code,
            message,
            param,
            event_id,
        }
    }
}

/// Which part of which response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct PartOf {
    pub(super) response_id: String,
    pub(super) item_id: String,
    pub(super) output_index: u64,
    pub(super) content_index: u64,
}

/// A part, as its events have it: the names differ from those of the item's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part {
    Audio { transcript: String },
    Text { text: String },
}

/// Which function call of which response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct CallOf {
    pub(super) response_id: String,
    pub(super) item_id: String,
    pub(super) output_index: u64,
    pub(super) call_id: String,
}

/// How much audio was transcribed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "type", rename = "duration")]
pub(super) struct HeardSeconds {
    pub(super) seconds: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type")]
pub(super) enum ServerEvent {
    #[serde(rename = "error")]
    Error { error: ErrorBody },
    #[serde(rename = "session.created")]
    SessionCreated { session: Value },
    #[serde(rename = "session.updated")]
    SessionUpdated { session: Value },
    #[serde(rename = "transcription_session.created")]
    TranscriptionSessionCreated { session: Value },
    #[serde(rename = "transcription_session.updated")]
    TranscriptionSessionUpdated { session: Value },
    #[serde(rename = "conversation.created")]
    ConversationCreated { conversation: Value },

    #[serde(rename = "input_audio_buffer.speech_started")]
    SpeechStarted {
        item_id: String,
        audio_start_ms: u64,
    },
    #[serde(rename = "input_audio_buffer.speech_stopped")]
    SpeechStopped { item_id: String, audio_end_ms: u64 },
    #[serde(rename = "input_audio_buffer.committed")]
    Committed {
        item_id: String,
        previous_item_id: Option<String>,
    },
    #[serde(rename = "input_audio_buffer.cleared")]
    Cleared {},
    #[serde(rename = "output_audio_buffer.cleared")]
    OutputCleared { response_id: Option<String> },

    #[serde(rename = "conversation.item.added")]
    ItemAdded {
        previous_item_id: Option<String>,
        item: Item,
    },
    #[serde(rename = "conversation.item.done")]
    ItemDone {
        previous_item_id: Option<String>,
        item: Item,
    },
    #[serde(rename = "conversation.item.retrieved")]
    ItemRetrieved { item: Item },
    #[serde(rename = "conversation.item.deleted")]
    ItemDeleted { item_id: String },
    #[serde(rename = "conversation.item.truncated")]
    ItemTruncated {
        item_id: String,
        content_index: u64,
        audio_end_ms: u64,
    },
    #[serde(rename = "conversation.item.input_audio_transcription.delta")]
    TranscriptionDelta {
        item_id: String,
        content_index: u64,
        delta: String,
    },
    #[serde(rename = "conversation.item.input_audio_transcription.completed")]
    TranscriptionCompleted {
        item_id: String,
        content_index: u64,
        transcript: String,
        usage: HeardSeconds,
    },
    #[serde(rename = "conversation.item.input_audio_transcription.failed")]
    TranscriptionFailed {
        item_id: String,
        content_index: u64,
        error: ErrorBody,
    },

    #[serde(rename = "response.created")]
    ResponseCreated { response: Value },
    #[serde(rename = "response.output_item.added")]
    OutputItemAdded {
        response_id: String,
        output_index: u64,
        item: Item,
    },
    #[serde(rename = "response.content_part.added")]
    PartAdded {
        #[serde(flatten)]
        of: PartOf,
        part: Part,
    },
    #[serde(rename = "response.output_text.delta")]
    TextDelta {
        #[serde(flatten)]
        of: PartOf,
        delta: String,
    },
    #[serde(rename = "response.output_text.done")]
    TextDone {
        #[serde(flatten)]
        of: PartOf,
        text: String,
    },
    #[serde(rename = "response.output_audio.delta")]
    AudioDelta {
        #[serde(flatten)]
        of: PartOf,
        delta: String,
    },
    #[serde(rename = "response.output_audio.done")]
    AudioDone {
        #[serde(flatten)]
        of: PartOf,
    },
    #[serde(rename = "response.output_audio_transcript.delta")]
    TranscriptDelta {
        #[serde(flatten)]
        of: PartOf,
        delta: String,
    },
    #[serde(rename = "response.output_audio_transcript.done")]
    TranscriptDone {
        #[serde(flatten)]
        of: PartOf,
        transcript: String,
    },
    #[serde(rename = "response.content_part.done")]
    PartDone {
        #[serde(flatten)]
        of: PartOf,
        part: Part,
    },
    #[serde(rename = "response.function_call_arguments.delta")]
    ArgumentsDelta {
        #[serde(flatten)]
        of: CallOf,
        delta: String,
    },
    #[serde(rename = "response.function_call_arguments.done")]
    ArgumentsDone {
        #[serde(flatten)]
        of: CallOf,
        name: String,
        arguments: String,
    },
    #[serde(rename = "response.output_item.done")]
    OutputItemDone {
        response_id: String,
        output_index: u64,
        item: Item,
    },
    #[serde(rename = "response.done")]
    ResponseDone { response: Value },
}

/// An event with its own name.
#[derive(Debug, Serialize)]
pub(super) struct Named {
    pub(super) event_id: String,
    #[serde(flatten)]
    pub(super) event: ServerEvent,
}
