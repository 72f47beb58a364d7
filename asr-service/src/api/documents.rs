//! Request bodies as the API documentation shows them. The bodies themselves are read field
//! by field, in any order, by [`voice_common::uploads::form::Form`].
#![allow(dead_code)] // Only their schemas are used.

use utoipa::ToSchema;

/// What a transcript is shown as.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum DocumentedFormat {
    Json,
    Text,
    Srt,
    Vtt,
    VerboseJson,
}

/// How finely time is told.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum Granularity {
    Segment,
    Word,
}

/// A request to transcribe.
#[derive(ToSchema)]
pub(super) struct TranscriptionForm {
    /// The audio: WAV, FLAC, MP3, Ogg (Vorbis, Opus), WebM, M4A, …
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// An installed model, or one of OpenAI's names for the default.
    #[schema(nullable = false, example = "whisper-1")]
    model: Option<String>,
    /// ISO-639-1 code of the spoken language; absent = detect.
    #[schema(nullable = false, example = "en")]
    language: Option<String>,
    /// What was said before, or names as they are spelt.
    #[schema(nullable = false)]
    prompt: Option<String>,
    /// 0 to 1.
    #[schema(nullable = false, minimum = 0.0, maximum = 1.0)]
    temperature: Option<f32>,
    /// json if absent.
    #[schema(nullable = false)]
    response_format: Option<DocumentedFormat>,
    /// With verbose_json only.
    #[schema(nullable = false)]
    #[schema(rename = "timestamp_granularities[]")]
    timestamp_granularities: Option<Vec<Granularity>>,
    /// Server-sent events, a segment each; with json or text only.
    #[schema(nullable = false)]
    stream: Option<bool>,
}

/// A request to translate into English.
#[derive(ToSchema)]
pub(super) struct TranslationForm {
    /// The audio: WAV, FLAC, MP3, Ogg (Vorbis, Opus), WebM, M4A, …
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// An installed model, or one of OpenAI's names for the default.
    #[schema(nullable = false, example = "whisper-1")]
    model: Option<String>,
    /// English text that went before.
    #[schema(nullable = false)]
    prompt: Option<String>,
    /// 0 to 1.
    #[schema(nullable = false, minimum = 0.0, maximum = 1.0)]
    temperature: Option<f32>,
    /// json if absent.
    #[schema(nullable = false)]
    response_format: Option<DocumentedFormat>,
}

/// A request to the webservice routes.
#[derive(ToSchema)]
pub(super) struct WebserviceForm {
    /// The audio; with `encode=false` headerless 16 kHz mono s16le samples.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    audio_file: Vec<u8>,
}
