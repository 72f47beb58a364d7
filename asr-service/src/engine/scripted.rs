//! A double of the engine for unit tests of everything around it.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use voice_common::admission::Permit;
use voice_common::cancellation::Cancellation;

use super::{
    Capabilities, DecodingDetails, DetectedLanguage, EngineError, Language, ModelSource, Options,
    Segment, Transcriber, Transcript, Word,
};

/// Says the same for every audio, after a delay during which it can be cancelled.
#[derive(Debug, Clone)]
pub(crate) struct Scripted {
    /// One segment of two seconds each.
    pub segments: Vec<String>,
    /// Before each segment.
    pub delay: Duration,
    /// Fails instead.
    pub failure: Option<EngineError>,
    /// What it says that it can do.
    pub capabilities: Capabilities,
}

impl Default for Scripted {
    fn default() -> Self {
        Self {
            segments: vec![" Hello there.".into(), " How are you?".into()],
            delay: Duration::ZERO,
            failure: None,
            capabilities: everything(),
        }
    }
}

/// What a model can do that refuses nothing.
pub(crate) fn everything() -> Capabilities {
    Capabilities {
        languages: Language::all().collect(),
        knows_more: None,
        translates: true,
        takes_prompt: true,
        takes_temperature: true,
        gives_words: true,
    }
}

impl Scripted {
    fn wait(&self, cancellation: &Cancellation) -> Result<(), EngineError> {
        let until = Instant::now() + self.delay;
        loop {
            if cancellation.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            if Instant::now() >= until {
                return self.failure.clone().map_or(Ok(()), Err);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Transcriber for Scripted {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn transcribe(
        &self,
        _permit: &Permit,
        samples: &[f32],
        options: &Options,
        cancellation: &Cancellation,
        on_segment: &mut dyn FnMut(&Segment),
    ) -> Result<Transcript, EngineError> {
        let mut segments = Vec::new();
        for (id, text) in self.segments.iter().enumerate() {
            self.wait(cancellation)?;
            let (start, end) = (id as f64 * 2.0, id as f64 * 2.0 + 2.0);
            let words = text.split_whitespace().map(|word| Word {
                word: word.into(),
                start,
                end,
            });
            let segment = Segment {
                start,
                end,
                text: text.clone(),
                decoding: Some(DecodingDetails {
                    seek: 0,
                    tokens: vec![1, 2],
                    temperature: options.temperature,
                    average_log_probability: -0.25,
                    compression_ratio: 1.25,
                    no_speech_probability: 0.5,
                }),
                words: if options.words {
                    words.collect()
                } else {
                    Vec::new()
                },
            };
            on_segment(&segment);
            segments.push(segment);
        }
        Ok(Transcript {
            language: options.language.unwrap_or(Language::ENGLISH),
            duration_seconds: samples.len() as f64 / 16_000.0,
            segments,
        })
    }

    fn detect_language(
        &self,
        _permit: &Permit,
        _samples: &[f32],
        cancellation: &Cancellation,
    ) -> Result<DetectedLanguage, EngineError> {
        self.wait(cancellation)?;
        Ok(DetectedLanguage {
            language: Language::ENGLISH,
            probability: 0.75,
        })
    }
}

/// A source of scripted models.
#[derive(Debug, Default)]
pub(crate) struct ScriptedSource {
    installed: Vec<String>,
    script: Scripted,
    gate: Option<Mutex<mpsc::Receiver<()>>>,
}

impl ScriptedSource {
    /// Models of these names.
    pub(crate) fn with_models(names: &[&str]) -> Self {
        Self {
            installed: names.iter().map(ToString::to_string).collect(),
            script: Scripted::default(),
            gate: None,
        }
    }

    /// Loads end only when the other end of the channel is dropped.
    #[must_use]
    pub(crate) fn loading_until_dropped(self, gate: mpsc::Receiver<()>) -> Self {
        Self {
            gate: Some(Mutex::new(gate)),
            ..self
        }
    }

    /// What the models say.
    #[must_use]
    pub(crate) fn saying(self, script: Scripted) -> Self {
        Self { script, ..self }
    }
}

impl ModelSource for ScriptedSource {
    fn installed(&self) -> Vec<String> {
        self.installed.clone()
    }

    fn load(&self, _id: &str) -> Result<Box<dyn Transcriber>, String> {
        if let Some(gate) = &self.gate {
            let _ = gate.lock().recv();
        }
        Ok(Box::new(self.script.clone()))
    }
}
