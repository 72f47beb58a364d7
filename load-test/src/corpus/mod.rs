//! What is sent: real speech with what is said in it, and texts to speak.

mod directory;
mod spoken;
pub mod synthetic;
pub mod texts;

use std::sync::Arc;

use bytes::Bytes;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use voice_stack_audio::{self as audio, AudioError, DecodeLimits};

pub use directory::{CorpusError, read as read_directory};
pub use spoken::{SpeakError, speak_texts};

/// Kinds of input, as a listener would sort them.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// A command: up to 4 seconds.
    Short,
    /// A sentence or two: up to 14 seconds.
    Medium,
    /// A paragraph.
    Long,
    /// Sounds without speech.
    Noise,
    /// Nothing.
    Silence,
    /// No input at all: a health probe.
    #[value(skip)]
    Probe,
}

impl Class {
    /// The class of speech of this duration.
    pub fn of_speech(audio_seconds: f64) -> Self {
        match audio_seconds {
            ..4.0 => Self::Short,
            4.0..14.0 => Self::Medium,
            _ => Self::Long,
        }
    }
}

impl std::fmt::Display for Class {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(match self {
            Self::Short => "short",
            Self::Medium => "medium",
            Self::Long => "long",
            Self::Noise => "noise",
            Self::Silence => "silence",
            Self::Probe => "probe",
        })
    }
}

/// A file to be transcribed.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The file's name.
    pub name: String,
    /// What kind of sound it holds.
    pub class: Class,
    /// The file.
    pub file: Bytes,
    /// Duration of the sound.
    pub audio_seconds: f64,
    /// What is said in it; empty where nothing is.
    pub reference: String,
    /// ISO 639-1 code of the language that it is said in.
    pub language: String,
}

/// Clips that need no service to be made: real speech that is part of the tool, and sounds
/// without speech.
pub fn built_in() -> Vec<Arc<Recording>> {
    let speech = Recording {
        name: "jfk.flac".into(),
        class: Class::Medium,
        file: Bytes::from_static(include_bytes!("../../../samples/jfk.flac")),
        audio_seconds: 11.0,
        reference: "And so my fellow Americans ask not what your country can do for you ask \
                    what you can do for your country"
            .into(),
        language: "en".into(),
    };
    let without_speech = [
        (Class::Silence, synthetic::silence(5.0).into()),
        (Class::Noise, synthetic::white_noise(5.0, 0.1).into()),
    ];
    let without_speech = without_speech.map(|(class, file)| Recording {
        name: format!("{class}.wav"),
        class,
        file,
        audio_seconds: 5.0,
        reference: String::new(),
        language: "en".into(),
    });
    std::iter::once(speech)
        .chain(without_speech)
        .map(Arc::new)
        .collect()
}

#[cfg(test)]
mod tests;

/// A recording over and over, as WAV, until it lasts for this number of minutes.
///
/// # Errors
/// It holds no audio.
pub fn repeated(recording: &Recording, minutes: f64) -> Result<Recording, AudioError> {
    let limits = DecodeLimits {
        max_audio_seconds: recording.audio_seconds + 1.0,
    };
    let audio = audio::decode(recording.file.to_vec(), None, limits, &|| false)?;
    let times = (minutes * 60.0 / audio.duration_seconds()).ceil().max(1.0) as usize;
    let samples = audio.samples.repeat(times);
    Ok(Recording {
        name: format!("{times} times {}", recording.name),
        class: Class::Long,
        audio_seconds: audio.duration_seconds() * times as f64,
        file: synthetic::wav(&samples).into(),
        reference: vec![recording.reference.as_str(); times].join(" "),
        language: recording.language.clone(),
    })
}
