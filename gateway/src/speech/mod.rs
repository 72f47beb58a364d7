//! What hears and what speaks: clients of a speech recognition and of a speech synthesis with
//! OpenAI's API, by default the two services of this box.

mod config;
mod form;
mod recogniser;
mod speaker;
mod wav;

pub use config::SpeechConfig;
pub use recogniser::{Recogniser, Transcript};
pub use speaker::{Speaker, Speech};
pub(crate) use wav::wav;

/// Samples a second of what is transcribed.
pub const HEARD_RATE_HZ: u32 = 16_000;
/// Samples a second of what is spoken: what OpenAI's `pcm` means.
pub const SPOKEN_RATE_HZ: u32 = 24_000;
