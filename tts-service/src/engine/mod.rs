//! Text to samples: the trait that the service computes through, and its engine.
//!
//! [`Synthesizer::prepare`] turns a piece of text into phoneme sequences, each of which
//! [`Synthesizer::speak`] makes samples of. The two are apart because the first takes
//! milliseconds and the second is what a [`Permit`] is for.

mod espeak;
mod phonemes;
mod piper;
mod pool_shape;
mod runtime;
mod runtime_library;
#[cfg(any(test, feature = "test-double"))]
pub mod scripted;
mod scripts;
mod sessions;
mod shared_arena;
mod shared_session;
#[cfg(test)]
mod test_files;
mod tidied;
mod voice_config;

use voice_common::admission::Permit;
use voice_common::cancellation::Cancellation;

pub use espeak::Espeak;
pub use phonemes::{MAX_RUN_PHONEMES, Phonemiser, to_ids};
pub use piper::{EngineConfig, PiperVoice, Shared};
pub use pool_shape::{PoolShape, footprint_bytes};
pub use runtime::Runtime;
pub use sessions::stop_tidying;
pub use voice_config::{PhonemeSource, VoiceConfig};

/// What a voice is.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceInfo {
    /// Its name, such as `en_US-joe-medium`.
    pub id: String,
    /// The language of its texts as a BCP 47 tag, such as `en-US`.
    pub language: String,
    /// Samples per second of what it makes.
    pub sample_rate_hz: u32,
    /// Names of its speakers by their number; empty where there is one only.
    pub speakers: Vec<String>,
}

/// How to speak.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeakOptions {
    /// Number of the speaker, below the number of speakers.
    pub speaker: Option<i64>,
    /// 1 is the voice's own speed, 2 is twice as fast.
    pub speed: f32,
    /// Variation of the sound; `None` is the voice's own.
    pub noise_scale: Option<f32>,
    /// Variation of the rhythm; `None` is the voice's own.
    pub noise_w_scale: Option<f32>,
    /// Other runs of the same text are computed beside this one. It sounds the same.
    pub is_accompanied: bool,
}

/// One run of the voice: ids of phonemes, with padding and both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhonemeIds(pub Vec<i64>);

/// Why there is no speech.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The engine failed; for the log, not for clients.
    #[error("{0}")]
    Failed(String),
}

/// A loaded voice.
pub trait Synthesizer: Send + Sync {
    /// What it is.
    fn info(&self) -> &VoiceInfo;

    /// The phoneme sequences of a text, one a sentence as the phonemiser sees sentences, unless
    /// that is too long to be computed at once at this speed; none where there is nothing to
    /// speak.
    ///
    /// # Errors
    /// The phonemiser failed.
    fn prepare(&self, text: &str, speed: f32) -> Result<Vec<PhonemeIds>, EngineError>;

    /// How many runs could begin now without waiting for others.
    fn free_runs(&self) -> usize;

    /// Mono samples, about -1 to 1, at the rate of [`VoiceInfo`]. Called on a blocking thread
    /// inside a tokio runtime.
    ///
    /// # Errors
    /// It was cancelled, or the engine failed.
    fn speak(
        &self,
        permit: &Permit,
        phonemes: &PhonemeIds,
        options: SpeakOptions,
        cancellation: &Cancellation,
    ) -> Result<Vec<f32>, EngineError>;
}
