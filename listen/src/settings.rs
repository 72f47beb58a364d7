//! What a turn is, as clients may set it. The names and defaults are those of OpenAI's Realtime API.

use std::time::Duration;

use crate::SAMPLE_RATE_HZ;

/// How turns are found.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnSettings {
    /// Probability from which on a frame is speech, 0 to 1. Speech then goes on until the probability
    /// is lower by 0.15: two thresholds keep a voice that trails off in one piece.
    pub threshold: f32,
    /// Shorter sounds are clicks and coughs.
    pub min_speech: Duration,
    /// Audio before its speech that belongs to a turn: consonants begin before a voice does.
    pub prefix_padding: Duration,
    /// What ends a turn.
    pub end: EndOfTurn,
}

impl Default for TurnSettings {
    fn default() -> Self {
        Self {
            threshold: 0.5,
            min_speech: Duration::from_millis(200),
            prefix_padding: Duration::from_millis(300),
            end: EndOfTurn::Silence(Duration::from_millis(500)),
        }
    }
}

impl TurnSettings {
    /// Below this probability speech has stopped.
    pub(crate) fn end_threshold(&self) -> f32 {
        (self.threshold - 0.15).max(0.01)
    }
}

/// What ends a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndOfTurn {
    /// So long a silence: `server_vad`.
    Silence(Duration),
    /// A pause of which a [`TurnModel`](crate::TurnModel) says that the turn is complete, or a longer
    /// silence: `semantic_vad`.
    Semantic(Eagerness),
}

impl EndOfTurn {
    /// The silence that ends a turn in any case.
    pub(crate) fn longest_silence(self) -> Duration {
        match self {
            Self::Silence(duration) => duration,
            Self::Semantic(eagerness) => eagerness.longest_silence(),
        }
    }
}

/// How soon to answer somebody who pauses before they have finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Eagerness {
    /// After 8 s.
    Low,
    /// After 4 s; `auto` means this one.
    #[default]
    Medium,
    /// After 2 s.
    High,
}

impl Eagerness {
    fn longest_silence(self) -> Duration {
        Duration::from_secs(match self {
            Self::Low => 8,
            Self::Medium => 4,
            Self::High => 2,
        })
    }
}

/// A duration as a number of samples.
pub(crate) fn samples(duration: Duration) -> u64 {
    let samples = duration.as_micros() * SAMPLE_RATE_HZ as u128 / 1_000_000;
    u64::try_from(samples).unwrap_or(u64::MAX)
}
