//! Recordings to be transcribed, and whether a transcript says what they say.

use std::sync::Arc;

use serde::Deserialize;

use super::call::{Content, Expected, Material, NothingToSend, Request, of_turn, wrong};
use super::form::Form;
use crate::corpus::Recording;
use crate::exchange::{Judged, Outcome};
use crate::quote::shown;
use crate::score::wer::Score;
use crate::service::Service;

/// Recordings that are to be transcribed, in turn.
#[derive(Debug, Clone)]
pub struct Transcripts(Vec<Upload>);

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

#[derive(Debug, Clone)]
struct Upload {
    name: Arc<str>,
    content: Content,
    expected: Arc<Said>,
}

impl Transcripts {
    /// Of these recordings.
    ///
    /// # Errors
    /// There is no recording.
    pub fn of(recordings: &[Arc<Recording>], ask: &TranscriptAsk) -> Result<Self, NothingToSend> {
        if recordings.is_empty() {
            return Err(NothingToSend {
                what: "recording",
                service: Service::Asr,
            });
        }
        Ok(Self(recordings.iter().map(|it| upload(it, ask)).collect()))
    }
}

fn upload(recording: &Arc<Recording>, ask: &TranscriptAsk) -> Upload {
    let mut form = Form::default();
    form.field("model", &ask.model);
    form.field("response_format", "json");
    if let Some(language) = &ask.language {
        form.field("language", language);
    }
    form.file("file", &recording.name, &recording.file);
    Upload {
        name: recording.name.as_str().into(),
        content: form.content(),
        expected: Arc::new(Said {
            recording: Arc::clone(recording),
            worst_wer: ask.worst_wer,
        }),
    }
}

impl Material for Transcripts {
    fn request(&self, number: u64) -> Request {
        let upload = of_turn(&self.0, number);
        Request {
            sample: Arc::clone(&upload.name),
            class: upload.expected.recording.class,
            route: Service::Asr.speech_route(),
            content: Some(upload.content.clone()),
            expected: Arc::<Said>::clone(&upload.expected),
        }
    }
}

/// What is said in a recording.
#[derive(Debug)]
struct Said {
    recording: Arc<Recording>,
    /// From this word error rate on (a ratio) an answer is wrong.
    worst_wer: f64,
}

#[derive(Deserialize)]
struct Transcript {
    text: String,
}

impl Expected for Said {
    fn audio_seconds(&self) -> Option<f64> {
        Some(self.recording.audio_seconds)
    }

    fn judge(&self, body: &[u8]) -> Judged {
        let recording = &self.recording;
        let audio_seconds = Some(recording.audio_seconds);
        let Ok(Transcript { text }) = serde_json::from_slice(body) else {
            let outcome = wrong("the answer is no transcript".into());
            return Judged::without_score(outcome, audio_seconds);
        };
        let score = Score::of(&recording.reference, &text, &recording.language);
        let outcome = if score.words == 0 && score.errors > 0 {
            wrong(format!(
                "wrong answer: it heard '{}' in {}",
                shown(&text),
                recording.class
            ))
        } else if score.percent() > self.worst_wer * 100.0 {
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
}
