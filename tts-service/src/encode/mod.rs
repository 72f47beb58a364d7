//! Speech to bytes: mono samples as they are made, in the format that the client asked for.
//!
//! [`encoder`] gives an [`Encoder`] for one response. What is pushed comes out at once, but for
//! what the codec itself holds back (a frame and its delay, below 0.15 s), so that a body can be
//! sent while the next sentence is still being spoken. Nothing here depends on how the samples
//! are cut into pushes, but for the pages of Ogg, which end with each push.

mod aac;
mod codec;
mod exact;
mod flac;
mod format;
mod mp3;
mod ogg;
mod opus;
mod pcm;
mod rates;
mod samples;
#[cfg(test)]
mod tests;

pub use codec::EncodeError;
pub use exact::make_exact;
pub use format::{AudioFormat, UnknownFormat};
pub use rates::{MAX_RATE_HZ, MIN_RATE_HZ, UnsupportedRate, output_rate_hz};

use codec::Codec;
use voice_resample::Resampler;

/// One response's audio, turned to bytes while it is made.
pub trait Encoder: Send {
    /// Appends to `out` what `samples` and those before them lead to: mono, about -1 to 1, at the
    /// input rate. Louder samples are clipped; what is not a number counts as silence.
    ///
    /// # Errors
    /// The codec failed; the encoder is of no more use.
    fn push(&mut self, samples: &[f32], out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Appends what the codec held back, and the end of the file.
    ///
    /// # Errors
    /// The codec failed.
    fn finish(self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Samples per second of what is encoded.
    fn output_rate_hz(&self) -> u32;
}

/// An encoder of `format` for samples at `input_rate_hz`.
///
/// Without an `output_rate_hz` it is 24 kHz for PCM (whose bytes don't say it, and which OpenAI's
/// clients take as that), 48 kHz for Opus, and otherwise the input's own rate or the next higher
/// one that the format has.
///
/// # Errors
/// The format can't have the rate, or one of the rates is outside of [`MIN_RATE_HZ`] to
/// [`MAX_RATE_HZ`].
pub fn encoder(
    format: AudioFormat,
    input_rate_hz: u32,
    output_rate_hz: Option<u32>,
) -> Result<Box<dyn Encoder>, UnsupportedRate> {
    let rate_hz = rates::output_rate_hz(format, input_rate_hz, output_rate_hz)?;
    let codec: Box<dyn Codec> = match format {
        AudioFormat::Mp3 => Box::new(mp3::Mp3::new(rate_hz)),
        AudioFormat::Opus => Box::new(opus::Opus::new(input_rate_hz, rate_hz)),
        AudioFormat::Aac => Box::new(aac::Aac::new(rate_hz)),
        AudioFormat::Flac => Box::new(flac::Flac::new(rate_hz)),
        AudioFormat::Wav => Box::new(pcm::Pcm::wav(rate_hz)),
        AudioFormat::Pcm => Box::new(pcm::Pcm::headerless()),
    };
    Ok(Box::new(Resampling {
        resampler: Resampler::new(input_rate_hz, rate_hz),
        codec,
        rate_hz,
        clean: Vec::new(),
        resampled: Vec::new(),
    }))
}

/// What all formats have in common: numbers are checked, resampled and clipped.
struct Resampling {
    resampler: Resampler,
    codec: Box<dyn Codec>,
    rate_hz: u32,
    clean: Vec<f32>,
    resampled: Vec<f32>,
}

impl Encoder for Resampling {
    fn push(&mut self, pushed: &[f32], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.clean.clear();
        self.clean.extend(pushed.iter().map(|&s| samples::clip(s)));
        self.resampled.clear();
        self.resampler.push(&self.clean, &mut self.resampled);
        // Resampling rounds off what was clipped, and so goes a little beyond it again.
        samples::clip_all(&mut self.resampled);
        self.codec.encode(&self.resampled, out)
    }

    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.resampled.clear();
        self.resampler.finish(&mut self.resampled);
        samples::clip_all(&mut self.resampled);
        self.codec.encode(&self.resampled, out)?;
        self.codec.finish(out)
    }

    fn output_rate_hz(&self) -> u32 {
        self.rate_hz
    }
}
