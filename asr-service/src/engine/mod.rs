//! Speech recognition: samples in, segments out.
//!
//! The service computes through [`Transcriber`]. An engine that hears half a minute at a time
//! implements `WindowTranscriber` (`speech`) instead, and has the rest done for it.

mod languages;
#[cfg(test)]
pub mod scripted;
mod speech;
mod threads;
mod transcriber;
pub mod whisper;

pub use languages::Language;
pub use transcriber::{
    DecodingDetails, DetectedLanguage, EngineError, Options, Segment, Transcriber, Transcript, Word,
};
