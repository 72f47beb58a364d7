//! Schemas of the bodies, for the documentation.

use serde::Serialize;
use utoipa::ToSchema;
use voice_common::error::ErrorBody;

use crate::encode::AudioFormat;

/// A request for speech.
#[derive(ToSchema)]
#[allow(dead_code)] // only its schema is used
pub(super) struct SpeechForm {
    /// The text to speak, 1 to 4096 characters unless the operator set another limit.
    #[schema(min_length = 1)]
    input: String,
    /// One of OpenAI's names, or the name of a voice.
    #[schema(example = "tts-1")]
    model: Option<String>,
    /// The name of an installed voice; one of OpenAI's names or `default` for the default.
    #[schema(example = "alloy")]
    voice: Option<VoiceChoice>,
    /// What the audio is encoded as; `mp3` by default.
    response_format: Option<AudioFormat>,
    /// 1 is the voice's own.
    #[schema(minimum = 0.25, maximum = 4.0)]
    speed: Option<f64>,
    /// `audio` (default): the audio as the body; `sse`: as events.
    stream_format: Option<StreamFormat>,
    /// Samples per second of the audio, where the format can have it.
    #[schema(minimum = 8000, maximum = 48000)]
    sample_rate: Option<u32>,
    /// The number or the name of one of the voice's speakers.
    speaker: Option<SpeakerChoice>,
    /// Accepted and ignored.
    instructions: Option<String>,
}

/// A voice, as clients name one.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code)] // only its schema is used
pub(super) enum VoiceChoice {
    /// By name.
    Name(String),
    /// By an object with the name.
    Object {
        /// The name.
        id: String,
    },
}

/// A speaker, as clients name one.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code)] // only its schema is used
pub(super) enum SpeakerChoice {
    /// By number.
    Number(u32),
    /// By name.
    Name(String),
}

/// How audio is sent.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code)] // only its schema is used
pub(super) enum StreamFormat {
    Audio,
    Sse,
}

/// One event of `stream_format=sse`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type")]
pub(super) enum SpeechEvent {
    /// More audio.
    #[serde(rename = "speech.audio.delta")]
    Delta {
        /// A piece of the body in base64: append its bytes to those that came before.
        audio: String,
    },
    /// The end.
    #[serde(rename = "speech.audio.done")]
    Done {
        /// What it took.
        usage: Usage,
    },
    /// The end, too early.
    #[serde(rename = "error")]
    Error(ErrorBody),
}

/// What a piece of speech took, in OpenAI's shape: there are no tokens here, so the text
/// counts by character.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Usage {
    /// Characters of the text.
    pub input_tokens: usize,
    /// Always 0.
    pub output_tokens: usize,
    /// Characters of the text.
    pub total_tokens: usize,
    /// Duration of the audio.
    pub seconds: f64,
}
