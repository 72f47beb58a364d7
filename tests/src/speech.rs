//! Requests for speech, and what is speech.

mod mutated;
mod odd;

pub use mutated::broken_requests;
pub use odd::hostile;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::request::Request;

/// The endpoint.
pub const PATH: &str = "/v1/audio/speech";
/// Type of the bodies.
pub const TYPE: &str = "application/json";
/// Three seconds, about.
pub const SENTENCE: &str = "The birch canoe slid on the smooth planks, and nobody saw it go.";

/// Samples per second of `pcm` unless another rate was asked for.
const PCM_RATE_HZ: f64 = 24_000.0;
const WAV_HEADER_BYTES: usize = 44;

/// A request with these fields. Only an answer of the right kind is good.
pub fn request(fields: &Value) -> Request {
    Request {
        path: PATH,
        content_type: TYPE,
        body: fields.to_string().into_bytes(),
        fault: no_audio,
    }
}

/// A word: quick work.
pub fn word() -> Request {
    Request {
        fault: no_word,
        ..request(&json!({"input": "Hi.", "response_format": "pcm"}))
    }
}

/// A second, about.
pub fn phrase() -> Request {
    request(&json!({"input": "Nobody saw it go.", "response_format": "flac"}))
}

/// [`SENTENCE`] as WAV.
pub fn sentence() -> Request {
    Request {
        fault: no_sentence,
        ..request(&json!({"input": SENTENCE, "response_format": "wav"}))
    }
}

/// So many sentences, all of them different. A hundred are six minutes of speech, about.
pub fn text_of(sentences: usize) -> String {
    let sentence = |number: usize| {
        let animal = ["fox", "dog", "cat", "owl", "hen", "cow", "goat"][number % 7];
        let place = ["mill", "river", "forest", "bridge", "meadow"][number % 5];
        format!("The {animal} of house {number} walked slowly down to the old {place}.")
    };
    let sentences: Vec<String> = (1..=sentences).map(sentence).collect();
    sentences.join(" ")
}

/// What keeps an answer of 200 from being speech in the format of its type, if anything.
pub fn no_audio(answer: &Answer) -> Option<String> {
    let body = &answer.body;
    let content_type = answer.header("content-type").unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default();
    let is_audio = match essence {
        "audio/mpeg" => body.starts_with(b"ID3") || is_synchronised(body, 0xe0),
        "audio/aac" => is_synchronised(body, 0xf0),
        "audio/ogg" | "audio/opus" => body.starts_with(b"OggS"),
        "audio/flac" => body.starts_with(b"fLaC"),
        "audio/wav" => body.starts_with(b"RIFF") && body.len() > WAV_HEADER_BYTES,
        "audio/pcm" => !body.is_empty() && body.len().is_multiple_of(2),
        "text/event-stream" => {
            let last = answer.text.lines().rfind(|line| line.starts_with("data:"));
            last.is_some_and(|line| line.contains("\"speech.audio.done\""))
        }
        _ => false,
    };
    (!is_audio).then(|| format!("{} bytes that are no {content_type}", body.len()))
}

/// Whether it begins with the eleven or twelve bits that begin a frame.
fn is_synchronised(body: &[u8], second: u8) -> bool {
    matches!(body, [0xff, next, ..] if next & second == second)
}

fn no_word(answer: &Answer) -> Option<String> {
    let is_word = |seconds: f64| (0.1..2.0).contains(&seconds);
    no_audio(answer).or_else(|| {
        let seconds = answer.body.len() as f64 / 2.0 / PCM_RATE_HZ;
        (!is_word(seconds)).then(|| format!("a word of {seconds} s"))
    })
}

/// Whoever speaks it takes two seconds to six, and isn't silent.
fn no_sentence(answer: &Answer) -> Option<String> {
    no_audio(answer).or_else(|| {
        let (header, data) = answer.body.split_at(WAV_HEADER_BYTES);
        let rate_hz = u32::from_le_bytes([header[24], header[25], header[26], header[27]]);
        let samples: Vec<f64> = data
            .chunks_exact(2)
            .map(|it| f64::from(i16::from_le_bytes([it[0], it[1]])) / 32_768.0)
            .collect();
        let seconds = samples.len() as f64 / f64::from(rate_hz);
        let power: f64 = samples.iter().map(|it| it * it).sum();
        let level = (power / samples.len().max(1) as f64).sqrt();
        let is_sentence = (2.0..6.0).contains(&seconds) && (0.01..0.5).contains(&level);
        (!is_sentence).then(|| format!("{seconds} s at a level of {level}"))
    })
}
