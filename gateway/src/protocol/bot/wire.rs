//! The messages, as they are on the wire.

use serde::Deserialize;
use serde_json::{Value, json};
use voice_common::websocket::Message;

use crate::speech::SPOKEN_RATE_HZ;

/// What the client says as text.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromClient {
    Start(Start),
    SpeechStart {},
    SpeechEnd {},
    Text {
        text: String,
    },
    Playback {
        played_ms: u64,
        /// The answer that it is of; else the last one.
        response: Option<u64>,
    },
    Cancel {},
}

/// What is otherwise than by default.
#[derive(Debug, Default, Deserialize, PartialEq)]
pub(super) struct Start {
    pub(super) sample_rate: Option<u32>,
    pub(super) encoding: Option<String>,
    pub(super) language: Option<String>,
    pub(super) voice: Option<String>,
    pub(super) echo_cancelled: Option<bool>,
}

pub(super) fn text(message: &Value) -> Message {
    Message::Text(message.to_string().into())
}

pub(super) fn audio(samples: &[i16]) -> Message {
    let bytes: Vec<u8> = samples.iter().flat_map(|it| it.to_le_bytes()).collect();
    Message::Binary(bytes.into())
}

pub(super) fn ready(session: &str) -> Message {
    text(&json!({
        "type": "ready",
        "session": session,
        "audio": {"encoding": "s16le", "sample_rate": SPOKEN_RATE_HZ, "channels": 1},
    }))
}

pub(super) fn error(code: &str, message: &str) -> Message {
    text(&json!({"type": "error", "code": code, "message": message}))
}

/// `None`: half a sample is missing.
pub(super) fn samples(bytes: &[u8]) -> Option<Vec<i16>> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|it| i16::from_le_bytes(*it)).collect())
}
