//! Audio of any common container and codec → 16 kHz mono `f32`, whoever sent it.
//!
//! [`decode`] is the one way in. It is synchronous (call it on a blocking thread), reads
//! the upload packet by packet and keeps nothing at the full rate: memory is the 16 kHz
//! output plus a few packets, whatever the headers claim.
//!
//! ```text
//! AudioSource → sniff (which container?) → wav | packets (symphonia) → Collector → Audio
//!                                                                      mix, resample, limit
//! ```
//!
//! Every byte that comes in here was chosen by somebody else. Limits are counted on what
//! was really produced, never on what a header says. Demuxers and decoders are other people's
//! code, so what they may cost is bounded around them:
//!
//! - `claims`: memory that a track asks for before it brings anything
//! - `tags`, `ogg`, `mp4`: what a demuxer would keep, or search again and again
//! - `watch`: time, by the sound that has come out
//! - `contain`: panics and log messages

mod aac;
mod claims;
mod collect;
mod companding;
mod contain;
mod headerless;
mod mp4;
mod ogg;
mod opus;
mod packets;
mod patch;
mod resample;
mod sniff;
mod source;
mod tags;
mod watch;
mod wav;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use headerless::decode_headerless_s16le_16khz;
pub use source::AudioSource;

use collect::Collector;
use contain::{Panicked, contained};
use sniff::Container;
use source::Upload;
use watch::Watch;

/// Rate of every [`Audio`], in samples a second: what the recogniser was trained on.
pub const SAMPLE_RATE_HZ: u32 = 16_000;

/// What [`decode`] understands, in the words of its error messages.
pub const ACCEPTED_FORMATS: &str =
    "WAV, AIFF, FLAC, MP3, Ogg (Opus, Vorbis, FLAC), WebM/Matroska, M4A/MP4 (AAC, ALAC), AAC, CAF";

/// Asked now and then whether the caller still wants the result.
///
/// Once it has answered `true` it must go on answering `true`.
pub type IsCancelled<'a> = &'a (dyn Fn() -> bool + Sync);

/// Decoded speech input.
#[derive(Clone, PartialEq)]
pub struct Audio {
    /// Mono samples at [`SAMPLE_RATE_HZ`], finite and in `-1.0..=1.0`, never empty.
    pub samples: Vec<f32>,
}

impl Audio {
    /// Length in seconds.
    pub fn duration_seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(SAMPLE_RATE_HZ)
    }
}

// A log line must not hold minutes of samples.
impl fmt::Debug for Audio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audio")
            .field("samples", &self.samples.len())
            .finish()
    }
}

/// How much audio one upload may hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecodeLimits {
    /// Longest accepted audio, in seconds of decoded sound.
    pub max_audio_seconds: f64,
}

impl DecodeLimits {
    /// The limit as a count of output samples.
    fn max_samples(self) -> usize {
        // `as` saturates and maps NaN to 0, so a nonsensical limit admits nothing.
        (self.max_audio_seconds * f64::from(SAMPLE_RATE_HZ)).ceil() as usize
    }
}

/// Why an upload gave no audio. The messages are written for the caller of the API.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// Not audio, or a container or codec that is not supported (415).
    #[error("{reason}; accepted formats: {ACCEPTED_FORMATS}")]
    Unsupported {
        /// What was found instead, e.g. "the file is a PDF document".
        reason: String,
    },
    /// A supported container whose content is broken or empty (400).
    #[error("the audio could not be decoded: {reason}; accepted formats: {ACCEPTED_FORMATS}")]
    Invalid {
        /// What is wrong, e.g. "the upload is empty".
        reason: String,
    },
    /// More audio than [`DecodeLimits::max_audio_seconds`] (413).
    #[error("the audio is longer than the limit of {max_audio_seconds} seconds")]
    TooLong {
        /// The limit that was passed, in seconds.
        max_audio_seconds: f64,
    },
    /// The caller's `is_cancelled` answered `true`.
    #[error("decoding was cancelled")]
    Cancelled,
    /// This machine could not read the stored upload back: our fault, not the caller's.
    #[error("the stored upload could not be read")]
    Unreadable(#[source] std::io::Error),
}

impl AudioError {
    fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid {
            reason: reason.into(),
        }
    }

    fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported {
            reason: reason.into(),
        }
    }
}

/// Decodes an upload to 16 kHz mono.
///
/// `hint` is the file name or content type that came with the upload. It only words the
/// error for content that cannot be recognised: what a file is called decides nothing.
///
/// Broken packets in an otherwise good file are skipped, and a file that ends too early
/// gives what was there.
///
/// # Errors
/// See [`AudioError`]; the order of checks is empty → unknown → broken → too long.
pub fn decode(
    source: impl Into<AudioSource>,
    hint: Option<&str>,
    limits: DecodeLimits,
    is_cancelled: IsCancelled<'_>,
) -> Result<Audio, AudioError> {
    decode_watched(source.into(), hint, limits, &Watch::new(is_cancelled))
}

fn decode_watched(
    source: AudioSource,
    hint: Option<&str>,
    limits: DecodeLimits,
    watch: &Watch<'_>,
) -> Result<Audio, AudioError> {
    let upload = Upload::open(source, watch)?;
    let decoded = contained(|| decode_upload(&upload, hint, limits))
        .unwrap_or_else(|Panicked| Err(AudioError::invalid("the file is damaged")));
    upload.explain(decoded)
}

fn decode_upload(
    upload: &Upload<'_>,
    hint: Option<&str>,
    limits: DecodeLimits,
) -> Result<Audio, AudioError> {
    if upload.len_bytes() == 0 {
        return Err(AudioError::invalid("the upload is empty"));
    }
    let found = sniff::identify(upload, hint)?;
    let mut collector = Collector::new(limits, upload.watch());
    match found.container {
        Container::Wav => wav::decode(upload, &mut collector)?,
        container => packets::decode(upload, container, found.start_byte, &mut collector)?,
    }
    collector.finish()
}

/// Entry for fuzzers: decodes `bytes` under tight limits, with and without a container, and
/// checks what comes out. The caller may change its mind after `patience` questions.
#[doc(hidden)]
pub fn fuzz_decode(bytes: &[u8], patience: usize) {
    let limits = DecodeLimits {
        max_audio_seconds: 3.0,
    };
    let asked = AtomicUsize::new(0);
    let is_cancelled = || asked.fetch_add(1, Ordering::Relaxed) >= patience;
    let source = || AudioSource::from(bytes.to_vec());
    for decoded in [
        decode(source(), None, limits, &is_cancelled),
        decode_headerless_s16le_16khz(source(), limits, &|| false),
    ] {
        match decoded {
            Ok(audio) => {
                assert!((1..=limits.max_samples()).contains(&audio.samples.len()));
                assert!(audio.samples.iter().all(|it| (-1.0..=1.0).contains(it)));
            }
            Err(AudioError::Cancelled) => assert!(asked.load(Ordering::Relaxed) > patience),
            Err(AudioError::Unreadable(error)) => panic!("memory can be read: {error}"),
            Err(_) => {}
        }
    }
}
