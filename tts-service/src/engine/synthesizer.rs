//! The traits that an engine implements, and what passes through them.

use voice_common::admission::Permit;
use voice_common::cancellation::Cancellation;

/// What a voice is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VoiceInfo {
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
pub(crate) struct SpeakOptions {
    /// Number of the speaker, below the number of speakers.
    pub speaker: Option<i64>,
    /// 1 is the voice's own speed, 2 is twice as fast.
    pub speed: f32,
}

/// What the cores are for while a run computes. It sounds the same either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    /// This run is the only one that its request waits for: as soon as possible, with all cores.
    Latency,
    /// More runs of the same request are computed beside it: as many as possible in all.
    Throughput,
}

/// Why there is no speech.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The engine failed; for the log, not for clients.
    #[error("{0}")]
    Failed(String),
}

/// A loaded voice.
pub(crate) trait Synthesizer: Send + Sync {
    /// What it is.
    fn info(&self) -> &VoiceInfo;

    /// The runs of a text, in the form that the engine computes with: one a sentence as the
    /// engine sees sentences, unless that is too long to be computed at once at this speed; none
    /// where there is nothing to speak. Takes milliseconds.
    ///
    /// # Errors
    /// The voice can't speak this way, or the text could not be read.
    fn prepare(
        &self,
        text: &str,
        options: SpeakOptions,
    ) -> Result<Vec<Box<dyn Run + '_>>, EngineError>;

    /// How many runs could begin now without waiting for others.
    fn free_runs(&self) -> usize;
}

/// A part of a text that one voice is ready to speak at once. What it holds is the engine's own.
pub(crate) trait Run: Send {
    /// How much there is to compute, in a unit of the engine's own: runs of one voice are
    /// compared by it.
    fn length(&self) -> usize;

    /// Mono samples, about -1 to 1, at the rate of [`VoiceInfo`]. Called on a blocking thread
    /// inside a tokio runtime. This is what a [`Permit`] is for.
    ///
    /// # Errors
    /// It was cancelled, or the engine failed.
    fn speak(
        &self,
        permit: &Permit,
        aim: Aim,
        cancellation: &Cancellation,
    ) -> Result<Vec<f32>, EngineError>;
}

/// What an engine computes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Computes {
    /// A GPU, whose memory is then watched.
    pub on_gpu: bool,
    /// In words for the log.
    pub description: String,
}

/// The installed voices of one engine, or a script in tests.
pub(crate) trait VoiceSource: Send + Sync + 'static {
    /// What is installed now, by name.
    fn installed(&self) -> Vec<VoiceInfo>;

    /// Whether a voice of this name is one of its own.
    fn has(&self, id: &str) -> bool {
        self.installed().iter().any(|voice| voice.id == id)
    }

    /// Of a voice's files: another number when they were replaced.
    fn revision(&self, _id: &str) -> u64 {
        0
    }

    /// Brings one into memory.
    ///
    /// # Errors
    /// Why not, in words for clients.
    fn load(&self, id: &str) -> Result<Box<dyn Synthesizer>, String>;

    /// Bytes of memory that it takes with all that requests need to compute with it; `None`
    /// where that is unknown.
    fn footprint_bytes(&self, _id: &str) -> Option<u64> {
        None
    }

    /// What its voices are computed on.
    fn computes(&self) -> Computes {
        Computes {
            on_gpu: false,
            description: "cpu".into(),
        }
    }

    /// Ends what the engine does of its own accord, and waits for what it is doing: when this
    /// returns and no request is at work, the process may end. Blocks for some 50 ms at most.
    fn shutdown(&self) {}
}
