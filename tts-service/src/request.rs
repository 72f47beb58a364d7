//! What a client asks for, checked.

use serde_json::{Map, Value};
use voice_common::ApiError;

use crate::encode::AudioFormat;

/// Slowest and fastest speech, relative to the voice's own.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.25..=4.0;
/// Output rates that players know, in hertz.
const SAMPLE_RATES: std::ops::RangeInclusive<u64> = 8_000..=48_000;

/// How the audio is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// As the body.
    Audio,
    /// As events.
    Events,
}

/// A speaker of a voice, as clients name one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SpeakerName {
    /// By number.
    Number(u64),
    /// By the name that the voice has for it.
    Name(String),
}

/// A request of which each field is sensible by itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SpeechFields {
    /// The text.
    pub input: String,
    /// The model's name, if one was sent.
    pub model: Option<String>,
    /// The voice's name, if one was sent.
    pub voice: Option<String>,
    /// Which of the voice's speakers.
    pub speaker: Option<SpeakerName>,
    /// What the audio is encoded as.
    pub format: AudioFormat,
    /// 1 is the voice's own.
    pub speed: f32,
    /// Output rate, if one was sent, in hertz.
    pub sample_rate_hz: Option<u32>,
    /// How it is sent.
    pub delivery: Delivery,
}

/// All that the bytes of a piece of speech depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SpeechKey {
    /// The voice.
    pub voice: String,
    /// Of the voice's files: another when they were replaced.
    pub revision: u64,
    /// The number of the speaker.
    pub speaker: Option<i64>,
    /// The text.
    pub text: String,
    /// The bits of the speed.
    pub speed_bits: u32,
    /// What it is encoded as.
    pub format: AudioFormat,
    /// Output rate, if one was asked for.
    pub sample_rate_hz: Option<u32>,
}

impl SpeechKey {
    /// 1 is the voice's own.
    pub(crate) fn speed(&self) -> f32 {
        f32::from_bits(self.speed_bits)
    }
}

impl SpeechFields {
    /// Reads a JSON body.
    ///
    /// # Errors
    /// The first field that can't be used, by name.
    pub(crate) fn parse(body: &[u8], most_characters: usize) -> Result<Self, ApiError> {
        let value: Value = serde_json::from_slice(body).map_err(|cause| ApiError::InvalidBody {
            message: format!("The body is not valid JSON: {cause}."),
        })?;
        let Value::Object(fields) = value else {
            return Err(ApiError::InvalidBody {
                message: "The body must be a JSON object with at least the field 'input'.".into(),
            });
        };
        let format = text(&fields, "response_format")?.unwrap_or("mp3");
        Ok(Self {
            input: input(&fields, most_characters)?,
            model: text(&fields, "model")?.map(String::from),
            voice: voice(&fields)?,
            speaker: speaker(&fields)?,
            format: format.parse().map_err(|_| {
                let names = AudioFormat::ALL.map(AudioFormat::name).join(", ");
                ApiError::invalid(
                    "response_format",
                    format!("response_format must be one of {names}."),
                )
            })?,
            speed: speed(&fields)?,
            sample_rate_hz: sample_rate(&fields)?,
            delivery: match text(&fields, "stream_format")? {
                None | Some("audio") => Delivery::Audio,
                Some("sse") => Delivery::Events,
                Some(_) => {
                    let message = "stream_format must be audio or sse.";
                    return Err(ApiError::invalid("stream_format", message));
                }
            },
        })
    }
}

/// A field that isn't there, or is null, which clients send for what they leave out.
fn get<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

/// What `read` makes of a field, unless it is left out. It gives `None` for a value that is not
/// `allowed`.
fn optional<'a, T>(
    fields: &'a Map<String, Value>,
    name: &'static str,
    allowed: &str,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    let Some(value) = get(fields, name) else {
        return Ok(None);
    };
    let invalid = || ApiError::invalid(name, format!("{name} must be {allowed}."));
    read(value).map(Some).ok_or_else(invalid)
}

fn text<'a>(
    fields: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, ApiError> {
    let text = optional(fields, name, "a string", Value::as_str)?;
    Ok(text.map(str::trim).filter(|it| !it.is_empty()))
}

fn input(fields: &Map<String, Value>, most_characters: usize) -> Result<String, ApiError> {
    let invalid = |message: &str| Err(ApiError::invalid("input", message));
    let input = match get(fields, "input") {
        None => return invalid("The field 'input', the text to speak, is missing."),
        Some(Value::String(input)) => input,
        Some(_) => return invalid("input must be a string."),
    };
    if input.trim().is_empty() {
        return invalid("input is empty: there is nothing to speak.");
    }
    // Counting stops at the limit, however long the text is.
    if input.chars().nth(most_characters).is_some() {
        return Err(ApiError::InvalidInput {
            code: "input_too_long",
            param: "input",
            message: format!(
                "input is longer than the limit of {most_characters} characters \
                 (MAX_INPUT_CHARS). Send it in parts."
            ),
        });
    }
    Ok(input.clone())
}

/// A name, or an object with one, as OpenAI's clients send custom voices.
fn voice(fields: &Map<String, Value>) -> Result<Option<String>, ApiError> {
    let allowed = "a name, or an object with the name as its 'id'";
    let name = optional(fields, "voice", allowed, |value| match value {
        Value::Object(object) => object.get("id").and_then(Value::as_str),
        value => value.as_str(),
    })?;
    Ok(name
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .map(String::from))
}

fn speaker(fields: &Map<String, Value>) -> Result<Option<SpeakerName>, ApiError> {
    let allowed = "the number or the name of one of the voice's speakers";
    optional(fields, "speaker", allowed, |value| match value {
        Value::Number(number) => number.as_u64().map(SpeakerName::Number),
        Value::String(name) => Some(
            name.parse()
                .map_or_else(|_| SpeakerName::Name(name.clone()), SpeakerName::Number),
        ),
        _ => None,
    })
}

fn speed(fields: &Map<String, Value>) -> Result<f32, ApiError> {
    let allowed = format!("a number from {} to {}", SPEEDS.start(), SPEEDS.end());
    let speed = optional(fields, "speed", &allowed, |value| {
        value.as_f64().filter(|speed| SPEEDS.contains(speed))
    })?;
    Ok(speed.map_or(1.0, |speed| speed as f32))
}

fn sample_rate(fields: &Map<String, Value>) -> Result<Option<u32>, ApiError> {
    let (lowest, highest) = (SAMPLE_RATES.start(), SAMPLE_RATES.end());
    let allowed = format!("a whole number from {lowest} to {highest} (hertz)");
    optional(fields, "sample_rate", &allowed, |value| {
        let rate = value.as_u64().filter(|rate| SAMPLE_RATES.contains(rate))?;
        u32::try_from(rate).ok()
    })
}

#[cfg(test)]
mod tests;
