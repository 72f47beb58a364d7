//! Texts to be spoken, and whether an answer is speech that could be theirs.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::HeaderValue;
use serde_json::json;

use super::call::{Content, Expected, Material, NothingToSend, Request, of_turn, wrong};
use crate::corpus::{Class, texts};
use crate::exchange::{Judged, Outcome};
use crate::format::{self, WAV_HEADER_BYTES};
use crate::score::speech::{self, AudioFormatName};
use crate::service::Service;

/// Texts that are to be spoken, in turn.
#[derive(Debug, Clone)]
pub struct Speech {
    texts: Arc<[Text]>,
    ask: SpeechAsk,
}

#[derive(Debug, Clone)]
struct Text {
    name: Arc<str>,
    class: Class,
    words: Arc<str>,
}

/// How speech is asked for.
#[derive(Debug, Clone)]
pub struct SpeechAsk {
    /// The model's name.
    pub model: String,
    /// The voice's name.
    pub voice: String,
    /// What it is encoded as.
    pub format: AudioFormatName,
    /// Whether a cache may answer: requests for the same text are then equal.
    pub may_be_cached: bool,
    /// Differs from run to run.
    pub run: u64,
}

impl Speech {
    /// The texts of these classes.
    ///
    /// # Errors
    /// The classes have no texts.
    pub fn of(classes: &[Class], ask: SpeechAsk) -> Result<Self, NothingToSend> {
        let texts: Arc<[Text]> = classes
            .iter()
            .flat_map(|&class| {
                let named = texts::of_class(class).iter().enumerate();
                named.map(move |(index, text)| Text {
                    name: format!("{class}-{}", index + 1).into(),
                    class,
                    words: (*text).into(),
                })
            })
            .collect();
        if texts.is_empty() {
            return Err(NothingToSend {
                what: "text",
                service: Service::Tts,
            });
        }
        Ok(Self { texts, ask })
    }

    /// One text that takes minutes to say.
    pub fn long(ask: SpeechAsk) -> Self {
        let text = Text {
            name: "minutes".into(),
            class: Class::Long,
            words: texts::minutes().into(),
        };
        Self {
            texts: [text].into(),
            ask,
        }
    }
}

impl Material for Speech {
    fn request(&self, number: u64) -> Request {
        let text = of_turn(&self.texts, number);
        Request {
            sample: Arc::clone(&text.name),
            class: text.class,
            route: Service::Tts.speech_route(),
            content: Some(Content {
                kind: HeaderValue::from_static("application/json"),
                body: body(&text.words, &self.ask, number),
            }),
            expected: Arc::new(Spoken {
                text: Arc::clone(&text.words),
                format: self.ask.format,
            }),
        }
    }

    fn in_run(&self, run: u64) -> Option<Arc<dyn Material>> {
        let mut moved = self.clone();
        moved.ask.run = run;
        Some(Arc::new(moved))
    }
}

fn body(text: &str, ask: &SpeechAsk, number: u64) -> Bytes {
    let mut body = json!({
        "model": ask.model,
        "input": text,
        "voice": ask.voice,
        "response_format": ask.format.to_string(),
    });
    if !ask.may_be_cached {
        body["speed"] = texts::unique_speed(ask.run, number).into();
    }
    body.to_string().into()
}

/// A text, spoken.
#[derive(Debug)]
struct Spoken {
    text: Arc<str>,
    format: AudioFormatName,
}

impl Expected for Spoken {
    fn audio_seconds_of(&self, body: &[u8]) -> Option<f64> {
        format::audio_seconds_by_size(self.format, body)
    }

    fn bytes_before_audio(&self) -> Option<u64> {
        Some(match self.format {
            AudioFormatName::Wav => WAV_HEADER_BYTES as u64,
            _ => 0,
        })
    }

    fn is_cheap_to_judge(&self) -> bool {
        false
    }

    fn judge(&self, body: &[u8]) -> Judged {
        match speech::check(body, self.format, &self.text) {
            Ok(heard) => Judged::without_score(Outcome::Served, Some(heard.audio_seconds)),
            Err(fault) => Judged::without_score(wrong(format!("wrong answer: {fault}")), None),
        }
    }
}
