//! Is it speech? What is checked of audio that a TTS service answered with.
//!
//! The check needs no recogniser, so it can look at every answer under load: the file is in
//! the format that was asked for and decodes, its length is that of the text, it is not silent
//! and not clipped. Whether it says what it should is for a recogniser to tell.

mod expected;
mod format;
mod stream;
#[cfg(test)]
mod tests;

use voice_stack_audio::{AudioError, DecodeLimits};

pub use expected::{Bounds, bounds};
pub use format::AudioFormatName;
use stream::Stated;

/// Quieter audio is silent. Speech is 20 to 40 dB louder with every voice.
pub const SILENT_RMS_DBFS: f64 = -55.0;
/// Full scale, within what lossy codecs and the conversion of rates make of it.
pub const FULL_SCALE: f32 = 0.99;
/// Share of samples at full scale from which audio is clipped. A loud voice reaches full scale
/// at a few peaks a second, a tenth of this.
pub const CLIPPED_SHARE: f64 = 0.005;

/// Speech that passed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// Length of the decoded audio.
    pub audio_seconds: f64,
    /// Rate that the file states. HE-AAC states half of what a player makes of it.
    pub sample_rate_hz: u32,
    /// The loudest sample, in `0.0..=1.0`.
    pub peak: f32,
    /// Root mean square, in decibels of full scale: a sine at full scale has −3.0.
    pub rms_dbfs: f64,
}

/// Why an answer is no speech.
#[derive(Debug, thiserror::Error)]
pub enum SpeechFault {
    /// Broken, empty, or no audio at all.
    #[error("it does not decode")]
    DoesNotDecode(#[source] AudioError),
    /// Raw samples that end within a sample, or none.
    #[error("{bytes} bytes are no 16-bit samples")]
    NoSamples {
        /// Length of the answer.
        bytes: usize,
    },
    /// Sound, but another format than the one that was asked for.
    #[error("{asked} was asked for, and it is {found}")]
    WrongFormat {
        /// What was asked for.
        asked: AudioFormatName,
        /// What came.
        found: &'static str,
    },
    /// No voice would say the text in this time.
    #[error("{audio_seconds:.2} s is no plausible duration for the text, {expected} is")]
    ImplausibleDuration {
        /// Length of the audio. Far past what is plausible, decoding ends, and this is where.
        audio_seconds: f64,
        /// What would be plausible.
        expected: Bounds,
    },
    /// There is audio, but nothing can be heard.
    #[error("it is silent ({rms_dbfs:.0} dBFS)")]
    Silent {
        /// Root mean square; negative infinity for digital silence.
        rms_dbfs: f64,
    },
    /// The waveform is cut off at full scale.
    #[error("it is clipped ({:.1} % of the samples at full scale)", 100.0 * share)]
    Clipped {
        /// Share of the samples at full scale, in `0.0..=1.0`.
        share: f64,
    },
}

/// Checks the body of an answer: `format` was asked for, and `text` to be spoken at a speed
/// between half and double.
///
/// # Errors
/// The first [`SpeechFault`] in the order of its variants.
pub fn check(body: &[u8], format: AudioFormatName, text: &str) -> Result<Heard, SpeechFault> {
    let expected = bounds(text);
    let (samples, decoded_rate_hz, sample_rate_hz) = match format {
        AudioFormatName::Pcm { sample_rate_hz } => {
            (raw_samples(body, format)?, sample_rate_hz, sample_rate_hz)
        }
        _ => decoded(body, format, expected)?,
    };
    let audio_seconds = samples.len() as f64 / f64::from(decoded_rate_hz);
    if !expected.contain(audio_seconds) {
        return Err(SpeechFault::ImplausibleDuration {
            audio_seconds,
            expected,
        });
    }
    let rms_dbfs = rms_dbfs(&samples);
    if rms_dbfs < SILENT_RMS_DBFS {
        return Err(SpeechFault::Silent { rms_dbfs });
    }
    let clipped = samples.iter().filter(|it| it.abs() >= FULL_SCALE).count();
    let share = clipped as f64 / samples.len() as f64;
    if share >= CLIPPED_SHARE {
        return Err(SpeechFault::Clipped { share });
    }
    Ok(Heard {
        audio_seconds,
        sample_rate_hz,
        peak: samples.iter().fold(0.0, |peak, it| it.abs().max(peak)),
        rms_dbfs,
    })
}

/// The samples, their rate, and the rate that the file states.
fn decoded(
    body: &[u8],
    asked: AudioFormatName,
    expected: Bounds,
) -> Result<(Vec<f32>, u32, u32), SpeechFault> {
    let stated = stream::stated(body);
    if let Some(found) = stated.as_ref().and_then(|it| it.format.other_than(asked)) {
        return Err(SpeechFault::WrongFormat { asked, found });
    }
    // Far enough to say how much too long it is, and no endless stream.
    let max_audio_seconds = 2.0 * expected.longest_seconds + 60.0;
    let limits = DecodeLimits { max_audio_seconds };
    let audio = voice_stack_audio::decode(body.to_vec(), None, limits, &|| false);
    match (audio, stated) {
        (Ok(audio), Some(Stated { sample_rate_hz, .. })) => Ok((
            audio.samples,
            voice_stack_audio::SAMPLE_RATE_HZ,
            sample_rate_hz,
        )),
        (Ok(_), None) => Err(SpeechFault::WrongFormat {
            asked,
            found: "something else",
        }),
        (Err(AudioError::TooLong { max_audio_seconds }), _) => {
            Err(SpeechFault::ImplausibleDuration {
                audio_seconds: max_audio_seconds,
                expected,
            })
        }
        (Err(error), _) => Err(SpeechFault::DoesNotDecode(error)),
    }
}

/// Raw samples at their own rate. Nothing tells them from other bytes but what a container
/// begins with, and samples hardly ever begin with all four letters of that.
fn raw_samples(body: &[u8], asked: AudioFormatName) -> Result<Vec<f32>, SpeechFault> {
    if let Some(found) = stream::container(body) {
        return Err(SpeechFault::WrongFormat { asked, found });
    }
    let (samples, rest) = body.as_chunks::<2>();
    if samples.is_empty() || !rest.is_empty() {
        return Err(SpeechFault::NoSamples { bytes: body.len() });
    }
    let samples = samples.iter().copied();
    Ok(samples
        .map(|it| f32::from(i16::from_le_bytes(it)) / 32_768.0)
        .collect())
}

fn rms_dbfs(samples: &[f32]) -> f64 {
    let power: f64 = samples.iter().map(|it| f64::from(*it).powi(2)).sum();
    10.0 * (power / samples.len() as f64).log10()
}
