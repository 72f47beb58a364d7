//! Asks for speech.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use serde_json::json;
use tokio::time::{Instant, timeout_at};
use voice_common::admission::Priority;
use voice_common::priority::PRIORITY_HEADER;
use voice_upstream::header::{CONTENT_TYPE, HeaderValue};
use voice_upstream::{Answer, ApiKey, Pool, Request, Stage as Limit, Upstream, UpstreamError};

use super::{SPOKEN_RATE_HZ, SpeechConfig};
use crate::conversation::Stage;
use crate::failure::Failure;
use crate::opening::{self, OpenError, Purpose};

/// How files begin that are no bare samples. Played as samples they would be loud noise.
const CONTAINERS: [&[u8]; 5] = [b"RIFF", b"OggS", b"fLaC", b"ID3", b"{"];

/// A speech synthesis.
#[derive(Debug, Clone)]
pub struct Speaker {
    upstream: Upstream,
    model: Option<String>,
    voice: Option<String>,
    limit: Duration,
}

/// Speech that is being made. It is read no faster than it is asked for, so that a service that
/// makes it faster than it is heard has to wait. Dropping it closes the connection, so that the
/// service stops computing.
#[derive(Debug)]
pub struct Speech {
    answer: Answer,
    /// What came and was not asked for yet; less than a sample if `samples` is waited for.
    held: BytesMut,
}

impl Speaker {
    /// The one of these settings. `key_of_this_box` is for one on this machine for which no file
    /// with a key is set.
    ///
    /// # Errors
    /// Its key can't be read.
    pub fn open(
        pool: &Pool,
        config: &SpeechConfig,
        key_of_this_box: Option<&ApiKey>,
    ) -> Result<Self, OpenError> {
        let purpose = Purpose {
            name: "tts",
            base_urls: &config.tts_base_url,
            key_file: ("TTS_API_KEY_FILE", config.tts_api_key_file.as_ref()),
            key_of_this_box,
            limit: config.voice_tts_timeout,
            streams: true,
        };
        Ok(Self {
            upstream: opening::open(pool, &purpose)?,
            model: config.tts_model.clone(),
            voice: config.tts_voice.clone(),
            limit: config.voice_tts_timeout,
        })
    }

    /// For metrics and `/health/detailed`.
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// Speaks a text to somebody who waits for it, and returns when its first sound is there. `voice` is one that the service
    /// knows; `None`: that of the settings, or else the service's own. `speed` 1 is the voice's
    /// own. Dropping the future closes the connection.
    ///
    /// # Errors
    /// No service has begun to speak in time, or it sends something else than samples.
    pub async fn speak(
        &self,
        text: &str,
        voice: Option<&str>,
        speed: f32,
    ) -> Result<Speech, Failure> {
        let begun = timeout_at(Instant::now() + self.limit, self.begin(text, voice, speed));
        let late = UpstreamError::TimedOut {
            upstream: self.upstream.name(),
            stage: Limit::FirstByte,
            limit: self.limit,
        };
        let begun = begun.await.unwrap_or(Err(late));
        begun.map_err(|error| Failure::new(Stage::Speech, error))
    }

    async fn begin(
        &self,
        text: &str,
        voice: Option<&str>,
        speed: f32,
    ) -> Result<Speech, UpstreamError> {
        let mut body = json!({"input": text, "response_format": "pcm"});
        if let Some(model) = &self.model {
            body["model"] = model.as_str().into();
        }
        if let Some(voice) = voice.or(self.voice.as_deref()) {
            body["voice"] = voice.into();
        }
        if (speed - 1.0).abs() > f32::EPSILON {
            body["speed"] = speed.into();
        }
        let priority = HeaderValue::from_static(Priority::Interactive.name());
        let request = Request::post("audio/speech")
            .header(PRIORITY_HEADER, priority)
            .json(&body);
        let answer = self.upstream.send(request).await?;
        let mut speech = Speech {
            answer,
            held: BytesMut::new(),
        };
        let malformed = |cause: String| UpstreamError::Malformed {
            upstream: self.upstream.name(),
            cause: self.upstream.quote(&cause),
        };
        if let Some(other) = speech.other_type() {
            let wanted = format!("samples at {SPOKEN_RATE_HZ} Hz");
            return Err(malformed(format!("it is '{other}', not {wanted}")));
        }
        speech.hold(4).await?;
        if speech.held.is_empty() {
            return Err(malformed("there is no sound in it".into()));
        }
        if CONTAINERS.iter().any(|it| speech.held.starts_with(it)) {
            return Err(malformed("it is a file, not samples".into()));
        }
        Ok(speech)
    }
}

impl Speech {
    /// The next samples, mono at [`SPOKEN_RATE_HZ`]; `None` behind the last. A call that is
    /// dropped loses nothing.
    ///
    /// # Errors
    /// The service broke off or stalled. The same error comes again after that.
    pub async fn samples(&mut self) -> Result<Option<Vec<i16>>, Failure> {
        let held = self.hold(2).await;
        held.map_err(|error| Failure::new(Stage::Speech, error))?;
        let whole = self.held.len() / 2 * 2;
        if whole == 0 {
            return Ok(None);
        }
        let bytes: Bytes = self.held.split_to(whole).freeze();
        let pairs = bytes.chunks_exact(2);
        Ok(Some(
            pairs.map(|it| i16::from_le_bytes([it[0], it[1]])).collect(),
        ))
    }

    /// Waits until at least so many bytes are there, or the last one.
    async fn hold(&mut self, bytes: usize) -> Result<(), UpstreamError> {
        while self.held.len() < bytes {
            match self.answer.chunk().await? {
                Some(piece) => self.held.extend_from_slice(&piece),
                None => break,
            }
        }
        Ok(())
    }

    /// What the service says that it sends, if it is not what was asked for. Most say nothing,
    /// or `audio/pcm`.
    fn other_type(&self) -> Option<String> {
        let said = self.answer.headers().get(CONTENT_TYPE)?.to_str().ok()?;
        let said = said.to_lowercase();
        let mut parts = said.split(';').map(str::trim);
        let is_samples = matches!(
            parts.next()?,
            "" | "audio/pcm" | "audio/raw" | "application/octet-stream"
        );
        let rate = parts.find_map(|it| it.strip_prefix("rate="));
        let is_other_rate = rate.is_some_and(|it| it != SPOKEN_RATE_HZ.to_string());
        (!is_samples || is_other_rate).then_some(said)
    }
}
