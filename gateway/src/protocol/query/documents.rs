//! What the query API takes and gives, as clients see it.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;
use voice_common::error::ErrorBody;
use voice_common::sessions::SessionCounts;

/// A spoken question. It is read field by field, by [`super::fields::Fields`].
#[derive(ToSchema)]
#[allow(dead_code)] // Only its schema is used.
pub(super) struct QueryForm {
    /// The recording: WAV, FLAC, MP3, Ogg (Vorbis, Opus), WebM, M4A, …
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// Language that is spoken, such as hi-IN, or auto; absent: the service's default.
    #[schema(nullable = false, example = "hi-IN")]
    language: Option<String>,
    /// The session that the query belongs to; its query before this one is ended.
    #[schema(nullable = false)]
    session_id: Option<String>,
    /// A voice of the speech synthesis; absent: its default.
    #[schema(nullable = false)]
    voice: Option<String>,
}

/// A session that was opened.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Opened {
    /// For the queries of the session.
    pub(super) session_id: String,
    /// It ends when it has not been used for so long.
    pub(super) expires_in_seconds: f64,
}

/// How long the parts of a query took, in seconds.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[allow(clippy::struct_field_names)] // They stand among other fields of the answer.
pub(super) struct Durations {
    /// From the first byte of the body until the recording could be transcribed.
    pub(super) receive_duration: f64,
    /// The transcript.
    pub(super) stt_duration: f64,
    /// From the transcript to the last word of the answer.
    pub(super) llm_duration: f64,
    /// From the first phrase of the answer to its last sound; it runs while the answer is still made.
    pub(super) tts_duration: f64,
    /// From the first byte of the body to the first sound.
    pub(super) first_audio_duration: f64,
    /// All of it.
    pub(super) total_duration: f64,
}

/// An answered query.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct QueryAnswer {
    /// The session that it belongs to; null: to none.
    #[schema(required)]
    pub(super) session_id: Option<String>,
    /// As in the header x-request-id.
    pub(super) request_id: String,
    /// Language that was spoken, as it was asked for.
    pub(super) language: String,
    /// What was understood; empty if nothing was said.
    pub(super) transcript: String,
    /// What is answered.
    pub(super) response_text: String,
    /// The same, spoken: a file of `audio_format` in base64. With `/query/stream` it is empty: its
    /// parts have come before.
    pub(super) audio_base64: String,
    /// wav: mono, 16 bits a sample.
    pub(super) audio_format: &'static str,
    /// Samples a second.
    pub(super) sample_rate: u32,
    /// Of the audio.
    pub(super) audio_duration_seconds: f64,
    /// How long each part took.
    #[serde(flatten)]
    pub(super) durations: Durations,
}

/// One event of a stream; the event's name is its type.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum QueryEvent {
    /// What was understood.
    Transcript {
        /// Empty if nothing was said.
        text: String,
    },
    /// More of the answer.
    LlmChunk {
        /// Append this to what came before.
        text: String,
    },
    /// A phrase of the answer, spoken.
    Audio {
        /// A file of `format` in base64.
        data: String,
        /// wav: mono, 16 bits a sample.
        format: &'static str,
        /// Samples a second.
        sample_rate: u32,
        /// What is spoken.
        text: String,
    },
    /// The end.
    Done(Box<QueryAnswer>),
    /// The end, too early.
    Error {
        /// What the status would have been.
        status: u16,
        /// What went wrong.
        #[serde(flatten)]
        body: ErrorBody,
    },
}

impl QueryEvent {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Transcript { .. } => "transcript",
            Self::LlmChunk { .. } => "llm_chunk",
            Self::Audio { .. } => "audio",
            Self::Done(_) => "done",
            Self::Error { .. } => "error",
        }
    }
}

/// Whether something was ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Cancelled {
    /// Its session.
    pub(super) session_id: String,
    /// False: nothing ran.
    pub(super) cancelled: bool,
}

/// Queries by what has become of them, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Totals {
    /// That are being received or answered now.
    pub(super) active_requests: u64,
    /// All.
    pub(super) total_requests: u64,
    /// Answered.
    pub(super) completed: u64,
    /// Refused or failed.
    pub(super) failed: u64,
    /// A newer query of the session took their place.
    pub(super) superseded: u64,
    /// By `/cancel`.
    pub(super) cancelled: u64,
    /// The client went away.
    pub(super) disconnected: u64,
}

/// What runs, and what has become of all that ran.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Stats {
    /// Sessions that exist.
    pub(super) sessions: SessionCounts,
    /// Queries at once; more get 503.
    pub(super) max_concurrent: usize,
    /// Queries.
    #[serde(flatten)]
    pub(super) totals: Totals,
    /// The session that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<SessionStats>,
}

/// One session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionStats {
    /// Its id.
    pub(super) session_id: String,
    /// Whether a query of it runs.
    pub(super) active: bool,
    /// Its queries so far.
    pub(super) requests: u64,
    /// Turns that the responder is told of.
    pub(super) turns: usize,
}

/// Every error answer of the query API.
#[derive(Debug, utoipa::IntoResponses)]
#[allow(dead_code)] // Only its description is used.
pub(super) enum QueryErrors {
    /// A parameter, the body or the recording can't be used.
    #[response(status = 400)]
    BadRequest(ErrorBody),
    /// No key, or a wrong one.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// There is no such session, or no longer.
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// The body came too slowly.
    #[response(status = 408)]
    RequestTimeout(ErrorBody),
    /// `superseded` by a newer query of the session, or `cancelled`.
    #[response(status = 409)]
    Conflict(ErrorBody),
    /// The session has ended meanwhile.
    #[response(status = 410)]
    Gone(ErrorBody),
    /// Too large or too long.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// A container or codec that the service doesn't read.
    #[response(status = 415)]
    UnsupportedMediaType(ErrorBody),
    /// Too many requests of this client: try again after `Retry-After` seconds.
    #[response(status = 429)]
    TooManyRequests(ErrorBody),
    /// A fault of the service.
    #[response(status = 500)]
    Internal(ErrorBody),
    /// A service that it needs has failed.
    #[response(status = 502)]
    BadGateway(ErrorBody),
    /// Full, out of memory, or stopping: try again after `Retry-After` seconds.
    #[response(status = 503)]
    Unavailable(ErrorBody),
    /// It, or a service that it needs, took too long.
    #[response(status = 504)]
    DeadlineExceeded(ErrorBody),
}

/// Seconds with three decimals: more is noise.
pub(super) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}
