//! Recordings that the TTS service makes of the tool's own texts.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Client;
use serde_json::json;

use super::{Class, Recording, texts};
use crate::quote::shown;
use crate::target::Target;

/// For one text, on a slow box that loads the voice first.
const PATIENCE: Duration = Duration::from_mins(2);

/// Why there are no recordings.
#[derive(Debug, thiserror::Error)]
pub enum SpeakError {
    /// It can't be reached.
    #[error("the TTS service at {url} can't be asked: {cause}")]
    Unreachable {
        /// Where it should be.
        url: String,
        /// What the client says of it.
        cause: reqwest::Error,
    },
    /// It answers with an error.
    #[error("the TTS service at {url} answers {status}: {}", shown(body))]
    Refused {
        /// Where it is.
        url: String,
        /// HTTP status.
        status: u16,
        /// What it says.
        body: String,
    },
}

/// Has the texts of these classes spoken, as 16 kHz WAV.
///
/// # Errors
/// The first that could not be spoken.
pub async fn speak_texts(
    client: &Client,
    tts: &Target,
    classes: &[Class],
) -> Result<Vec<Arc<Recording>>, SpeakError> {
    let mut made = Vec::new();
    for &class in classes {
        for (index, text) in texts::of_class(class).iter().enumerate() {
            let file = speak(client, tts, text).await?;
            // A header of 44 bytes, then 2 bytes a sample.
            let audio_seconds = file.len().saturating_sub(44) as f64 / 32_000.0;
            made.push(Arc::new(Recording {
                name: format!("{class}-{}.wav", index + 1),
                class,
                file,
                audio_seconds,
                reference: (*text).to_string(),
                language: "en".into(),
            }));
        }
    }
    Ok(made)
}

async fn speak(client: &Client, tts: &Target, text: &str) -> Result<Bytes, SpeakError> {
    let unreachable = |cause: reqwest::Error| SpeakError::Unreachable {
        url: tts.base.to_string(),
        cause: cause.without_url(),
    };
    let request = json!({
        "model": "tts-1",
        "input": text,
        "voice": "default",
        "response_format": "wav",
        "sample_rate": 16_000,
    });
    let mut asked = client
        .post(tts.at("/v1/audio/speech"))
        .timeout(PATIENCE)
        .json(&request);
    if let Some(key) = &tts.key {
        asked = asked.bearer_auth(key);
    }
    let answer = asked.send().await.map_err(unreachable)?;
    let status = answer.status().as_u16();
    let body = answer.bytes().await.map_err(unreachable)?;
    if status != 200 {
        return Err(SpeakError::Refused {
            url: tts.base.to_string(),
            status,
            body: String::from_utf8_lossy(&body).into_owned(),
        });
    }
    Ok(body)
}
