//! The JSON answers.

use serde::Serialize;
use utoipa::ToSchema;

use crate::engine::{Segment, Transcript, Word};

/// What a request is charged by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Usage {
    /// Always `duration`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Duration of the audio.
    seconds: f64,
}

impl Usage {
    /// By the duration of the audio, to the millisecond.
    pub fn of(transcript: &Transcript) -> Self {
        Self {
            kind: "duration",
            seconds: to_milliseconds(transcript.duration_seconds),
        }
    }
}

fn to_milliseconds(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// `response_format=json`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)] // for the schema: what has more fields is a `Verbose`
pub struct Plain {
    /// The whole text.
    text: String,
    /// Duration of the audio.
    usage: Usage,
}

impl From<&Transcript> for Plain {
    fn from(transcript: &Transcript) -> Self {
        Self {
            text: transcript.text(),
            usage: Usage::of(transcript),
        }
    }
}

/// `response_format=verbose_json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Verbose {
    /// `transcribe` or `translate`.
    task: &'static str,
    /// The spoken language's English name.
    language: &'static str,
    /// Seconds of audio.
    duration: f64,
    /// The whole text.
    text: String,
    /// Absent when only words were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    segments: Option<Vec<Segment>>,
    /// Present when words were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    words: Option<Vec<Word>>,
    /// Duration of the audio.
    usage: Usage,
}

impl Verbose {
    /// With segments, words, or both.
    pub fn new(transcript: Transcript, translate: bool, segments: bool, words: bool) -> Self {
        Self {
            task: if translate { "translate" } else { "transcribe" },
            language: transcript.language.name(),
            duration: to_milliseconds(transcript.duration_seconds),
            text: transcript.text(),
            usage: Usage::of(&transcript),
            words: words.then(|| {
                transcript
                    .segments
                    .iter()
                    .flat_map(|it| it.words.iter().cloned())
                    .collect()
            }),
            segments: segments.then_some(transcript.segments),
        }
    }
}

/// What the JSON answers of OpenAI's endpoints look like.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum JsonAnswer {
    /// `response_format=json`.
    Plain(Plain),
    /// `response_format=verbose_json`.
    Verbose(Verbose),
}

/// The JSON of the whisper-asr-webservice routes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Webservice {
    /// The whole text.
    text: String,
    /// In the order of time.
    segments: Vec<WebserviceSegment>,
    /// The spoken language's code.
    language: &'static str,
}

/// A segment that carries its words.
#[derive(Debug, Serialize, ToSchema)]
struct WebserviceSegment {
    #[serde(flatten)]
    segment: Segment,
    /// Present when words were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    words: Option<Vec<Word>>,
}

impl Webservice {
    /// With words in the segments if they were asked for.
    pub fn new(transcript: Transcript, words: bool) -> Self {
        Self {
            text: transcript.text(),
            language: transcript.language.code(),
            segments: transcript
                .segments
                .into_iter()
                .map(|segment| WebserviceSegment {
                    words: words.then(|| segment.words.clone()),
                    segment,
                })
                .collect(),
        }
    }
}
