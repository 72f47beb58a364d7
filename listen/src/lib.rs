//! Hears in a stream of audio when somebody speaks, and when they have finished.
//!
//! ```text
//! samples → frames of 32 ms → VoiceModel (Silero): probability of speech → VoiceActivity → Activity
//! last 8 s, at a pause → TurnModel (Smart Turn): probability that the speaker has finished
//! ```
//!
//! Models are loaded once and shared: each source of audio has a [`VoiceStream`] of its own, a few
//! kilobytes, and a [`VoiceActivity`]. Both run on the caller's thread and do no input or output, and
//! there is no clock but the samples that were heard, so a source that leaves gaps must have them
//! filled. These are facts: whether a turn has ended is for whoever holds the conversation to decide.
//!
//! ```no_run
//! use voice_listen::{Activity, TurnModel, VoiceActivity, VoiceModel};
//! use voice_stack_models::Store;
//!
//! # fn samples() -> Option<Vec<f32>> { None }
//! # fn last_8_seconds() -> Vec<f32> { Vec::new() }
//! let store = Store::new("/var/lib/voice-stack/models");
//! let voice = VoiceModel::open(&store)?;
//! let turns = TurnModel::open(&store)?;
//!
//! let mut stream = voice.stream();
//! let mut activity = VoiceActivity::new(0.5, 0);
//! while let Some(samples) = samples() {
//!     for probability in stream.push(&samples)? {
//!         if let Some(Activity::Paused { at }) = activity.hear(probability) {
//!             let complete = turns.score(&last_8_seconds())?;
//!             println!("silent since sample {at}; finished: {complete}");
//!         }
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod activity;
mod error;
mod features;
mod frames;
mod sample;
mod session;
mod turn;
mod voice;

pub use activity::{Activity, PAUSE, VoiceActivity};
pub use error::{OpenError, RunError};
pub use frames::FRAME_SAMPLES;
pub use turn::{HEARD_SAMPLES, TurnModel};
pub use voice::{VoiceModel, VoiceStream};

/// Samples a second of all audio here: mono, from -1 to 1.
pub const SAMPLE_RATE_HZ: usize = 16_000;
