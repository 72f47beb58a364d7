//! eSpeak NG: text to phonemes.

mod library;
mod phonemiser;
mod scripts;

pub use library::Espeak;
pub use phonemiser::Phonemiser;
