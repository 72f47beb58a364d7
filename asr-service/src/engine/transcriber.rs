//! The trait that an engine implements for a loaded model, and what passes through it.

use voice_common::admission::Permit;
use voice_common::cancellation::Cancellation;

use super::capabilities::Capabilities;
use super::languages::Language;

/// Recognises speech. Blocking: call it on a blocking thread.
pub trait Transcriber: Send + Sync + 'static {
    /// What the model can do. It is not asked for more than that.
    fn capabilities(&self) -> &Capabilities;

    /// Transcribes 16 kHz mono samples. `on_segment` gets each segment as soon as it is
    /// final. The permit is borrowed for the time of the work: nobody computes without one.
    ///
    /// # Errors
    /// See [`EngineError`].
    fn transcribe(
        &self,
        permit: &Permit,
        samples: &[f32],
        options: &Options,
        cancellation: &Cancellation,
        on_segment: &mut dyn FnMut(&Segment),
    ) -> Result<Transcript, EngineError>;

    /// Says which language is spoken in 16 kHz mono samples.
    ///
    /// # Errors
    /// See [`EngineError`].
    fn detect_language(
        &self,
        permit: &Permit,
        samples: &[f32],
        cancellation: &Cancellation,
    ) -> Result<DetectedLanguage, EngineError>;
}

/// What to make of the speech.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// The spoken language; `None` = detect.
    pub language: Option<Language>,
    /// English text instead of the spoken language.
    pub translate: bool,
    /// What was said before, or names as they are spelt.
    pub prompt: Option<String>,
    /// 0 to 1; the first one of the fallback.
    pub temperature: f32,
    /// Word timestamps as well.
    pub words: bool,
}

/// Why there is no transcript.
#[derive(Debug, Clone, thiserror::Error, PartialEq)]
pub enum EngineError {
    /// The cancellation was seen.
    #[error("cancelled")]
    Cancelled,
    /// The model can't do what was asked.
    #[error("{message}")]
    Unsupported {
        /// The parameter that asks too much.
        param: &'static str,
        /// What would work.
        message: String,
    },
    /// The engine broke. The text is for the log.
    #[error("{0}")]
    Failed(String),
}

/// A stretch of speech with its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Seconds from the start of the audio.
    pub start: f64,
    /// Seconds from the start of the audio.
    pub end: f64,
    /// The text, with the space that separates it from the one before.
    pub text: String,
    /// When each word was said; empty unless asked for.
    pub words: Vec<Word>,
    /// How the text came about; `None` from an engine that can't tell.
    pub decoding: Option<DecodingDetails>,
}

/// How a decoder of Whisper's kind came to the text of a segment.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodingDetails {
    /// Where the model's window began, in frames of 10 ms.
    pub seek: usize,
    /// Token ids of the model's vocabulary.
    pub tokens: Vec<i32>,
    /// The temperature that gave this text.
    pub temperature: f32,
    /// Mean natural logarithm of the tokens' probabilities.
    pub average_log_probability: f32,
    /// Length of the text divided by its compressed length; above 2.4 it repeats itself.
    pub compression_ratio: f32,
    /// The model's own opinion whether there was speech, 0 to 1.
    pub no_speech_probability: f32,
}

/// A word and when it was said.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// The word with its punctuation, without spaces.
    pub word: String,
    /// Seconds from the start of the audio.
    pub start: f64,
    /// Seconds from the start of the audio.
    pub end: f64,
}

/// Everything that was said.
#[derive(Debug, Clone, PartialEq)]
pub struct Transcript {
    /// The spoken language, given or detected.
    pub language: Language,
    /// Duration of the audio.
    pub duration_seconds: f64,
    /// In the order of time; empty for silence and noise.
    pub segments: Vec<Segment>,
}

impl Transcript {
    /// The whole text, without space around it.
    pub fn text(&self) -> String {
        let text: String = self
            .segments
            .iter()
            .map(|segment| segment.text.as_str())
            .collect();
        text.trim().to_string()
    }
}

/// A language and how sure the model is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectedLanguage {
    /// The most likely one.
    pub language: Language,
    /// 0 to 1.
    pub probability: f32,
}
