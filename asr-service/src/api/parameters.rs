//! The parameters of a request, checked.

use voice_common::ApiError;
use voice_common::uploads::form::Form;

use crate::engine::{Language, Options};

/// What OpenAI's endpoints can answer with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResponseFormat {
    Json,
    Text,
    Srt,
    Vtt,
    VerboseJson,
}

/// A checked request to one of OpenAI's endpoints.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parameters {
    pub model: Option<String>,
    pub options: Options,
    pub format: ResponseFormat,
    /// `verbose_json` shows segments.
    pub segments: bool,
    pub stream: bool,
}

impl Parameters {
    /// The fields that [`Self::from_form`] looks at.
    pub(super) const FIELDS: [&str; 8] = [
        "model",
        "language",
        "prompt",
        "temperature",
        "response_format",
        "stream",
        "timestamp_granularities",
        "timestamp_granularities[]",
    ];

    /// Checks the fields of a form; the first bad value is an error that names its field.
    pub(super) fn from_form(form: &Form, translate: bool) -> Result<Self, ApiError> {
        let format = match form.value("response_format").map(str::trim) {
            None | Some("json") => ResponseFormat::Json,
            Some("text") => ResponseFormat::Text,
            Some("srt") => ResponseFormat::Srt,
            Some("vtt") => ResponseFormat::Vtt,
            Some("verbose_json") => ResponseFormat::VerboseJson,
            Some(_) => {
                return Err(ApiError::invalid(
                    "response_format",
                    "response_format must be one of json, text, srt, vtt, verbose_json.",
                ));
            }
        };
        let stream = switch("stream", form.value("stream"))?.unwrap_or(false);
        if stream && !matches!(format, ResponseFormat::Json | ResponseFormat::Text) {
            return Err(ApiError::invalid(
                "stream",
                "stream=true goes with response_format json or text only.",
            ));
        }
        let granularities = form.list("timestamp_granularities");
        if let Some(unknown) = granularities
            .iter()
            .find(|it| !matches!(**it, "segment" | "word"))
        {
            return Err(ApiError::invalid(
                "timestamp_granularities",
                format!(
                    "'{}' is no granularity; use segment or word.",
                    shortened(unknown)
                ),
            ));
        }
        if !granularities.is_empty() && format != ResponseFormat::VerboseJson {
            return Err(ApiError::invalid(
                "timestamp_granularities",
                "timestamp_granularities needs response_format=verbose_json.",
            ));
        }
        let words = granularities.contains(&"word");
        Ok(Self {
            model: form.value("model").map(String::from),
            options: Options {
                language: language("language", form.value("language"))?,
                translate,
                prompt: form.value("prompt").map(String::from),
                temperature: temperature(form.value("temperature"))?,
                words,
            },
            format,
            segments: granularities.contains(&"segment") || !words,
            stream,
        })
    }
}

/// A language by code or name; absent or `auto` means to detect it.
pub(super) fn language(
    param: &'static str,
    value: Option<&str>,
) -> Result<Option<Language>, ApiError> {
    match value.map(str::trim) {
        None | Some("" | "auto") => Ok(None),
        Some(text) => Language::parse(text).map(Some).ok_or_else(|| {
            ApiError::invalid(
                param,
                format!(
                    "'{}' is no known language; use an ISO-639-1 code such as en or de.",
                    shortened(text)
                ),
            )
        }),
    }
}

/// true or false in the spellings that clients use.
pub(super) fn switch(param: &'static str, value: Option<&str>) -> Result<Option<bool>, ApiError> {
    match value.map(|it| it.trim().to_ascii_lowercase()).as_deref() {
        None | Some("") => Ok(None),
        Some("true" | "1" | "yes" | "on") => Ok(Some(true)),
        Some("false" | "0" | "no" | "off") => Ok(Some(false)),
        Some(_) => Err(ApiError::invalid(
            param,
            format!("{param} must be true or false."),
        )),
    }
}

fn temperature(value: Option<&str>) -> Result<f32, ApiError> {
    let Some(text) = value else { return Ok(0.0) };
    text.trim()
        .parse::<f32>()
        .ok()
        .filter(|it| (0.0..=1.0).contains(it))
        .ok_or_else(|| ApiError::invalid("temperature", "temperature must be between 0 and 1."))
}

/// A client's text, short enough for an error message.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
