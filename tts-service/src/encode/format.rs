//! The names of the formats.

use std::fmt;
use std::str::FromStr;

use utoipa::ToSchema;

/// What a response's audio can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum AudioFormat {
    /// MPEG layer III, without tags.
    Mp3,
    /// Opus in Ogg.
    Opus,
    /// AAC-LC in ADTS.
    Aac,
    /// FLAC, 16 bits.
    Flac,
    /// RIFF WAVE, 16 bits.
    Wav,
    /// 16-bit little-endian samples, without a header.
    Pcm,
}

impl AudioFormat {
    /// All of them, in the order in which messages name them.
    pub const ALL: [Self; 6] = [
        Self::Mp3,
        Self::Opus,
        Self::Aac,
        Self::Flac,
        Self::Wav,
        Self::Pcm,
    ];

    /// The name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Opus => "opus",
            Self::Aac => "aac",
            Self::Flac => "flac",
            Self::Wav => "wav",
            Self::Pcm => "pcm",
        }
    }

    /// The media type of a body in this format.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Mp3 => "audio/mpeg",
            // The registered type of the container, as players look for it. `audio/opus` is what
            // OpenAI sends, but it is registered for RTP packets; clients read only the body.
            Self::Opus => "audio/ogg; codecs=opus",
            Self::Aac => "audio/aac",
            Self::Flac => "audio/flac",
            Self::Wav => "audio/wav",
            Self::Pcm => "audio/pcm",
        }
    }
}

impl fmt::Display for AudioFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no such format; says which there are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audio format must be mp3, opus, aac, flac, wav or pcm")]
pub struct UnknownFormat;

impl FromStr for AudioFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or(UnknownFormat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_found_by_its_name() {
        for format in AudioFormat::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
    }

    #[test]
    fn an_unknown_format_is_answered_with_all_names() {
        let message = "ogg".parse::<AudioFormat>().unwrap_err().to_string();
        for format in AudioFormat::ALL {
            assert!(message.contains(format.name()), "{message}");
        }
    }
}
