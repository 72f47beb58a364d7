//! What entries are for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an entry is for. Which engine loads it is a fact of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Speech recognition.
    Recognise,
    /// Speech synthesis: a voice.
    Speak,
    /// Voice activity detection.
    DetectVoice,
    /// Telling whether a speaker has finished.
    EndOfTurn,
    /// Language models.
    Chat,
    /// A library that an engine is run by.
    Library,
    /// Data that an engine reads, as a directory.
    Data,
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Recognise => "recognise",
            Self::Speak => "speak",
            Self::DetectVoice => "detect-voice",
            Self::EndOfTurn => "end-of-turn",
            Self::Chat => "chat",
            Self::Library => "library",
            Self::Data => "data",
        })
    }
}

/// The words of version 0.2.0, which had one for purpose and engine together. They are in the
/// records of voices that it installed, and readers of `list` know them.
const KINDS: [(&str, Purpose, &str); 5] = [
    ("whisper", Purpose::Recognise, "whisper"),
    ("vad", Purpose::DetectVoice, "whisper"),
    ("voice", Purpose::Speak, "piper"),
    ("runtime", Purpose::Library, "onnxruntime"),
    ("phonemes", Purpose::Data, "espeak-ng"),
];

/// Purpose and engine of what version 0.2.0 called that.
pub(super) fn of_kind(kind: &str) -> Option<(Purpose, &'static str)> {
    KINDS
        .iter()
        .find(|(known, ..)| *known == kind)
        .map(|&(_, purpose, engine)| (purpose, engine))
}

/// The word of version 0.2.0; `None` for what it did not know.
pub(super) fn kind_of(purpose: Purpose, engine: &str) -> Option<&'static str> {
    KINDS
        .iter()
        .find(|(_, known, by)| *known == purpose && *by == engine)
        .map(|(kind, ..)| *kind)
}
