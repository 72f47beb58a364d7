//! The JSON answers.

use serde::Serialize;
use utoipa::ToSchema;

use crate::engine::{self, DecodingDetails, Transcript};

/// What a request is charged by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub(crate) struct Usage {
    /// Always `duration`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Duration of the audio.
    seconds: f64,
}

impl Usage {
    /// By the duration of the audio, to the millisecond.
    pub(crate) fn of(transcript: &Transcript) -> Self {
        Self {
            kind: "duration",
            seconds: to_milliseconds(transcript.duration_seconds),
        }
    }
}

fn to_milliseconds(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// A stretch of speech with its text.
#[derive(Debug, Serialize, ToSchema)]
struct Segment {
    /// Counts from 0.
    id: usize,
    /// Where the model's window began, in frames of 10 ms.
    seek: usize,
    /// Seconds from the start of the audio.
    start: f64,
    /// Seconds from the start of the audio.
    end: f64,
    /// The text, with the space that separates it from the one before.
    text: String,
    /// Token ids of the model's vocabulary.
    tokens: Vec<i32>,
    /// The temperature that gave this text.
    temperature: f32,
    /// Mean natural logarithm of the tokens' probabilities.
    avg_logprob: f32,
    /// Length of the text divided by its compressed length; above 2.4 it repeats itself.
    compression_ratio: f32,
    /// The model's own opinion whether there was speech.
    no_speech_prob: f32,
}

impl Segment {
    fn new(id: usize, segment: engine::Segment) -> Self {
        let decoding = segment.decoding.unwrap_or(NO_DETAILS);
        Self {
            id,
            seek: decoding.seek,
            start: segment.start,
            end: segment.end,
            text: segment.text,
            tokens: decoding.tokens,
            temperature: decoding.temperature,
            avg_logprob: decoding.average_log_probability,
            compression_ratio: decoding.compression_ratio,
            no_speech_prob: decoding.no_speech_probability,
        }
    }
}

/// What is shown of an engine that does not tell how it decoded. OpenAI's schema requires the
/// fields and typed clients fail without them, so none is left out; the values are those at
/// which a client that drops doubtful segments keeps this one.
const NO_DETAILS: DecodingDetails = DecodingDetails {
    seek: 0,
    tokens: Vec::new(),
    temperature: 0.0,
    average_log_probability: 0.0,
    compression_ratio: 1.0,
    no_speech_probability: 0.0,
};

/// A word and when it was said.
#[derive(Debug, Serialize, ToSchema)]
#[allow(clippy::struct_field_names, reason = "named as in the answer")]
struct Word {
    /// The word with its punctuation, without spaces.
    word: String,
    /// Seconds from the start of the audio.
    start: f64,
    /// Seconds from the start of the audio.
    end: f64,
}

impl From<&engine::Word> for Word {
    fn from(word: &engine::Word) -> Self {
        Self {
            word: word.word.clone(),
            start: word.start,
            end: word.end,
        }
    }
}

/// `response_format=json`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)] // for the schema: what has more fields is a `Verbose`
pub(crate) struct Plain {
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
pub(crate) struct Verbose {
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
    pub(crate) fn new(
        transcript: Transcript,
        translate: bool,
        segments: bool,
        words: bool,
    ) -> Self {
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
                    .flat_map(|it| it.words.iter().map(Word::from))
                    .collect()
            }),
            segments: segments.then(|| {
                let numbered = transcript.segments.into_iter().enumerate();
                numbered.map(|(id, it)| Segment::new(id, it)).collect()
            }),
        }
    }
}

/// What the JSON answers of OpenAI's endpoints look like.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum JsonAnswer {
    /// `response_format=json`.
    Plain(Plain),
    /// `response_format=verbose_json`.
    Verbose(Verbose),
}

/// The JSON of the whisper-asr-webservice routes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Webservice {
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
    pub(crate) fn new(transcript: Transcript, words: bool) -> Self {
        Self {
            text: transcript.text(),
            language: transcript.language.code(),
            segments: transcript
                .segments
                .into_iter()
                .enumerate()
                .map(|(id, segment)| WebserviceSegment {
                    words: words.then(|| segment.words.iter().map(Word::from).collect()),
                    segment: Segment::new(id, segment),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Language;

    #[test]
    fn an_engine_without_decoding_details_still_gives_every_field() {
        let transcript = Transcript {
            language: Language::ENGLISH,
            duration_seconds: 1.5,
            segments: vec![engine::Segment {
                start: 0.25,
                end: 1.25,
                text: " Hello.".into(),
                words: Vec::new(),
                decoding: None,
            }],
        };
        let verbose = Verbose::new(transcript, false, true, false);
        assert_eq!(
            serde_json::to_string(&verbose.segments).unwrap(),
            r#"[{"id":0,"seek":0,"start":0.25,"end":1.25,"text":" Hello.","tokens":[],"#
                .to_string()
                + r#""temperature":0.0,"avg_logprob":0.0,"compression_ratio":1.0,"#
                + r#""no_speech_prob":0.0}]"#
        );
    }
}
