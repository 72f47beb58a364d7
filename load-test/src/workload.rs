//! The requests of a run, and what answers they should get.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::corpus::{Class, Recording, texts};
use crate::exchange::{Judged, Outcome};
use crate::format;
use crate::quote::shown;
use crate::score::speech::{self, AudioFormatName};
use crate::score::wer::Score;
use crate::service::Service;
use crate::target::Target;

/// A request that is ready to be sent.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who is asked.
    pub service: Service,
    /// Its number in the run.
    pub number: u64,
    /// What it sends, by name.
    pub sample: Arc<str>,
    /// What kind of speech that is.
    pub class: Class,
    /// Where it goes.
    pub url: Url,
    /// The key, if there is one.
    pub authorization: Option<HeaderValue>,
    /// What it posts; without it, it is a GET.
    pub content: Option<Content>,
    /// What should come back.
    pub expected: Expected,
}

/// A body and its type.
#[derive(Debug, Clone)]
pub struct Content {
    /// The type.
    pub kind: HeaderValue,
    /// The body.
    pub body: Bytes,
}

/// What an answer should be.
#[derive(Debug, Clone)]
pub enum Expected {
    /// What is said in a recording.
    Text {
        /// The recording.
        recording: Arc<Recording>,
        /// From this word error rate on (a ratio) an answer is wrong.
        worst_wer: f64,
    },
    /// A text, spoken.
    Speech {
        /// The text.
        text: Arc<str>,
        /// What it should be encoded as.
        format: AudioFormatName,
    },
    /// Any that says that all is well.
    Success,
}

#[derive(Deserialize)]
struct Transcript {
    text: String,
}

impl Expected {
    /// Duration of the speech that was sent.
    pub fn audio_seconds(&self) -> Option<f64> {
        match self {
            Self::Text { recording, .. } => Some(recording.audio_seconds),
            Self::Speech { .. } | Self::Success => None,
        }
    }

    /// Duration of the speech in an answer, as far as its size tells.
    pub fn audio_seconds_of(&self, body: &[u8]) -> Option<f64> {
        match self {
            Self::Text { recording, .. } => Some(recording.audio_seconds),
            Self::Speech { format, .. } => format::audio_seconds_by_size(*format, body),
            Self::Success => None,
        }
    }

    /// Whether [`Self::judge`] may run between two requests.
    pub fn is_cheap_to_judge(&self) -> bool {
        !matches!(self, Self::Speech { .. })
    }

    /// Compares a served answer with what it should be.
    pub fn judge(&self, body: &[u8]) -> Judged {
        match self {
            Self::Text {
                recording,
                worst_wer,
            } => judge_text(recording, *worst_wer, body),
            Self::Speech { text, format } => judge_speech(text, *format, body),
            Self::Success => Judged {
                outcome: Outcome::Served,
                audio_seconds: None,
                score: None,
            },
        }
    }
}

fn wrong(message: String) -> Outcome {
    Outcome::Failed {
        status: Some(200),
        message,
    }
}

fn judge_text(recording: &Recording, worst_wer: f64, body: &[u8]) -> Judged {
    let audio_seconds = Some(recording.audio_seconds);
    let Ok(Transcript { text }) = serde_json::from_slice(body) else {
        return Judged {
            outcome: wrong("the answer is no transcript".into()),
            audio_seconds,
            score: None,
        };
    };
    let score = Score::of(&recording.reference, &text, &recording.language);
    let outcome = if score.words == 0 && score.errors > 0 {
        wrong(format!(
            "wrong answer: it heard '{}' in {}",
            shown(&text),
            recording.class
        ))
    } else if score.percent() > worst_wer * 100.0 {
        wrong(format!(
            "wrong answer: {:.0} % of the words of {}",
            score.percent(),
            shown(&recording.name)
        ))
    } else {
        Outcome::Served
    };
    Judged {
        outcome,
        audio_seconds,
        score: Some(score),
    }
}

fn judge_speech(text: &str, format: AudioFormatName, body: &[u8]) -> Judged {
    match speech::check(body, format, text) {
        Ok(heard) => Judged {
            outcome: Outcome::Served,
            audio_seconds: Some(heard.audio_seconds),
            score: None,
        },
        Err(fault) => Judged {
            outcome: wrong(format!("wrong answer: {fault}")),
            audio_seconds: None,
            score: None,
        },
    }
}

/// What the requests to one service are made of.
#[derive(Debug, Clone)]
pub struct Workload {
    target: Target,
    authorization: Option<HeaderValue>,
    material: Material,
}

#[derive(Debug, Clone)]
enum Material {
    Uploads(Vec<Upload>),
    Texts { texts: Vec<Text>, ask: SpeechAsk },
    Probes,
}

#[derive(Debug, Clone)]
struct Upload {
    name: Arc<str>,
    recording: Arc<Recording>,
    content_type: HeaderValue,
    body: Bytes,
    worst_wer: f64,
}

#[derive(Debug, Clone)]
struct Text {
    name: Arc<str>,
    class: Class,
    words: Arc<str>,
}

/// How transcripts are asked for.
#[derive(Debug, Clone)]
pub struct TranscriptAsk {
    /// The model's name.
    pub model: String,
    /// The language, or `None` to have it detected.
    pub language: Option<String>,
    /// From this word error rate on (a ratio) an answer is wrong.
    pub worst_wer: f64,
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

/// There is nothing to send.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {0} for the {1} service: choose other --classes")]
pub struct NothingToSend(String, Service);

impl Workload {
    /// Transcripts of recordings, in turn.
    ///
    /// # Errors
    /// There is no recording.
    pub fn transcripts(
        target: Target,
        recordings: &[Arc<Recording>],
        ask: &TranscriptAsk,
    ) -> Result<Self, NothingToSend> {
        let uploads: Vec<_> = recordings.iter().map(|it| upload(it, ask)).collect();
        if uploads.is_empty() {
            return Err(NothingToSend("recording".into(), Service::Asr));
        }
        Ok(Self::new(target, Material::Uploads(uploads)))
    }

    /// Texts of these classes, in turn.
    ///
    /// # Errors
    /// The classes have no texts.
    pub fn speech(
        target: Target,
        classes: &[Class],
        ask: SpeechAsk,
    ) -> Result<Self, NothingToSend> {
        let texts: Vec<_> = classes
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
            return Err(NothingToSend("text".into(), Service::Tts));
        }
        Ok(Self::new(target, Material::Texts { texts, ask }))
    }

    fn new(target: Target, material: Material) -> Self {
        let authorization = target.key.as_ref().and_then(|key| {
            let mut value = HeaderValue::from_str(&format!("Bearer {key}")).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        Self {
            target,
            authorization,
            material,
        }
    }

    /// One text that takes minutes to say.
    pub fn long_speech(target: Target, ask: SpeechAsk) -> Self {
        let text = Text {
            name: "minutes".into(),
            class: Class::Long,
            words: texts::minutes().into(),
        };
        let texts = vec![text];
        Self::new(target, Material::Texts { texts, ask })
    }

    /// Health probes.
    pub fn probes(target: Target) -> Self {
        Self::new(target, Material::Probes)
    }

    /// The same for a service elsewhere.
    #[must_use]
    pub fn moved_to(&self, target: Target) -> Self {
        Self::new(target, self.material.clone())
    }

    /// The same in another run: no cache that answered then answers now, unless it may.
    #[must_use]
    pub fn in_run(&self, run: u64) -> Self {
        let mut moved = self.clone();
        if let Material::Texts { ask, .. } = &mut moved.material {
            ask.run = run;
        }
        moved
    }

    /// Who is asked.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The request of this number.
    pub fn call(&self, number: u64) -> Call {
        match &self.material {
            Material::Uploads(uploads) => {
                let upload = of_turn(uploads, number);
                Call {
                    service: Service::Asr,
                    number,
                    sample: Arc::clone(&upload.name),
                    class: upload.recording.class,
                    url: self.target.at("/v1/audio/transcriptions"),
                    authorization: self.authorization.clone(),
                    content: Some(Content {
                        kind: upload.content_type.clone(),
                        body: upload.body.clone(),
                    }),
                    expected: Expected::Text {
                        recording: Arc::clone(&upload.recording),
                        worst_wer: upload.worst_wer,
                    },
                }
            }
            Material::Texts { texts, ask } => {
                let text = of_turn(texts, number);
                Call {
                    service: Service::Tts,
                    number,
                    sample: Arc::clone(&text.name),
                    class: text.class,
                    url: self.target.at("/v1/audio/speech"),
                    authorization: self.authorization.clone(),
                    content: Some(Content {
                        kind: HeaderValue::from_static("application/json"),
                        body: speech_body(&text.words, ask, number),
                    }),
                    expected: Expected::Speech {
                        text: Arc::clone(&text.words),
                        format: ask.format,
                    },
                }
            }
            Material::Probes => Call {
                service: self.target.service,
                number,
                sample: "health".into(),
                class: Class::Probe,
                url: self.target.at("/health"),
                authorization: self.authorization.clone(),
                content: None,
                expected: Expected::Success,
            },
        }
    }
}

fn of_turn<T>(all: &[T], number: u64) -> &T {
    &all[(number % all.len() as u64) as usize]
}

fn speech_body(text: &str, ask: &SpeechAsk, number: u64) -> Bytes {
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

/// Between the parts of a form. Long and odd enough not to occur in a recording.
const BOUNDARY: &str = "voice-stack-load-5f0c1d7a93e24b86a1d9";

fn upload(recording: &Arc<Recording>, ask: &TranscriptAsk) -> Upload {
    let mut body = Vec::with_capacity(recording.file.len() + 1024);
    let mut field = |head: &str, value: &[u8]| {
        body.extend_from_slice(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    };
    field("name=\"model\"", ask.model.as_bytes());
    field("name=\"response_format\"", b"json");
    if let Some(language) = &ask.language {
        field("name=\"language\"", language.as_bytes());
    }
    let name: String = recording
        .name
        .chars()
        .map(|it| {
            if matches!(it, '"' | '\\' | '\r' | '\n') {
                '_'
            } else {
                it
            }
        })
        .collect();
    field(
        &format!("name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream"),
        &recording.file,
    );
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    Upload {
        name: recording.name.as_str().into(),
        recording: Arc::clone(recording),
        content_type: HeaderValue::from_static(
            "multipart/form-data; boundary=voice-stack-load-5f0c1d7a93e24b86a1d9",
        ),
        body: body.into(),
        worst_wer: ask.worst_wer,
    }
}
