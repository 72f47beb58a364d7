//! Hears in a stream of audio when somebody speaks, and when they have finished.
//!
//! ```text
//! samples → frames of 32 ms → VoiceModel (Silero): probability of speech ─┐
//!                                                                         ├→ TurnDetector → TurnEvent
//! last 8 s, at a pause → TurnModel (Smart Turn): probability of the end ──┘
//! ```
//!
//! Models are loaded once and shared: each source of audio has a [`VoiceStream`] of its own, a few
//! kilobytes, and a [`TurnDetector`]. Both run on the caller's thread and do no input or output; the
//! detector has no clock but the samples that were heard, so a source that leaves gaps must have
//! them filled.
//!
//! ```no_run
//! use voice_listen::{TurnDetector, TurnEvent, TurnModel, TurnSettings, VoiceModel};
//! use voice_stack_models::Store;
//!
//! # fn samples() -> Option<Vec<f32>> { None }
//! # fn last_8_seconds() -> Vec<f32> { Vec::new() }
//! let store = Store::new("/var/lib/voice-stack/models");
//! let voice = VoiceModel::open(&store)?;
//! let turns = TurnModel::open(&store)?;
//!
//! let mut stream = voice.stream();
//! let mut detector = TurnDetector::new(TurnSettings::default(), 0);
//! while let Some(samples) = samples() {
//!     for probability in stream.push(&samples)? {
//!         let mut event = detector.hear(probability);
//!         if let Some(TurnEvent::MayHaveEnded { pause, .. }) = event {
//!             event = detector.score(pause, turns.score(&last_8_seconds())?);
//!         }
//!         if let Some(TurnEvent::Ended { speech_end, .. }) = event {
//!             println!("the last voice was at sample {speech_end}");
//!         }
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod detector;
mod error;
mod features;
mod frames;
mod sample;
mod session;
mod settings;
mod turn;
mod voice;

pub use detector::{Pause, TurnDetector, TurnEvent};
pub use error::{OpenError, RunError};
pub use frames::FRAME_SAMPLES;
pub use settings::{Eagerness, EndOfTurn, TurnSettings};
pub use turn::{HEARD_SAMPLES, TurnModel};
pub use voice::{VoiceModel, VoiceStream};

/// Samples a second of all audio here: mono, from -1 to 1.
pub const SAMPLE_RATE_HZ: usize = 16_000;
