//! The formats that speech can be asked for in.

use std::fmt;

/// Formats of speech, by the names that requests have for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AudioFormatName {
    /// MPEG layer III, without a container.
    Mp3,
    /// Opus in Ogg.
    Opus,
    /// AAC in ADTS frames, as it is streamed.
    Aac,
    /// FLAC in its own container.
    Flac,
    /// RIFF/WAVE with uncompressed samples.
    Wav,
    /// Signed 16-bit little-endian mono samples without a container.
    Pcm {
        /// What the bytes do not say.
        sample_rate_hz: u32,
    },
}

impl fmt::Display for AudioFormatName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mp3 => "mp3",
            Self::Opus => "opus",
            Self::Aac => "aac",
            Self::Flac => "flac",
            Self::Wav => "wav",
            Self::Pcm { .. } => "pcm",
        })
    }
}
