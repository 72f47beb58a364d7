//! What Smart Turn sees of audio: a log-mel spectrogram of its last 8 s.
//!
//! It is that of Whisper with other ends: silence comes before what is shorter, all of it is brought
//! to one loudness, and it is mirrored at both of its ends. It is computed in `f64`, because Smart
//! Turn computes in bytes: a difference of a millionth can move its score by some hundredths.

use std::f64::consts::TAU;
use std::fmt;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use crate::SAMPLE_RATE_HZ;
use crate::sample::checked;

/// Samples that Smart Turn hears: 8 s.
pub const HEARD_SAMPLES: usize = 8 * SAMPLE_RATE_HZ;
/// Mel bands.
pub(crate) const BANDS: usize = 80;
/// Frames of 10 ms.
pub(crate) const FRAMES: usize = HEARD_SAMPLES / HOP_SAMPLES;

/// Samples that one frame looks at.
const FRAME_SAMPLES: usize = 400;
/// Samples from one frame to the next.
const HOP_SAMPLES: usize = 160;
/// The first frame is centred on the first sample: this much is mirrored before it, and after the
/// last one.
const MIRRORED_SAMPLES: usize = FRAME_SAMPLES / 2;
/// Added to the variance, so that silence is not divided by nothing.
const LEAST_VARIANCE: f64 = 1e-7;
/// Less power than this is silence.
const LOWEST_POWER: f64 = 1e-10;
/// What is this much (in powers of ten) below the loudest point is silence as well.
const DYNAMIC_RANGE: f64 = 8.0;

/// The transform; the same for all audio.
pub(crate) struct LogMel {
    fft: Arc<dyn RealToComplex<f64>>,
    hann: Vec<f64>,
    bands: Vec<Band>,
}

/// A triangular filter: the bins that it touches.
struct Band {
    first_bin: usize,
    weights: Vec<f64>,
}

impl fmt::Debug for LogMel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogMel").finish_non_exhaustive()
    }
}

impl LogMel {
    pub(crate) fn new() -> Self {
        let hann = (0..FRAME_SAMPLES)
            .map(|it| 0.5 * (1.0 - (TAU * it as f64 / FRAME_SAMPLES as f64).cos()))
            .collect();
        let bands = voice_stack_models::mel_filters(BANDS)
            .chunks_exact(FRAME_SAMPLES / 2 + 1)
            .map(|weights| {
                let first_bin = weights.iter().position(|it| *it > 0.0).unwrap_or(0);
                let end = weights.iter().rposition(|it| *it > 0.0);
                let weights = &weights[first_bin..end.map_or(first_bin, |it| it + 1)];
                Band {
                    first_bin,
                    weights: weights.iter().copied().map(f64::from).collect(),
                }
            })
            .collect();
        Self {
            fft: RealFftPlanner::new().plan_fft_forward(FRAME_SAMPLES),
            hann,
            bands,
        }
    }

    /// [`BANDS`] rows of [`FRAMES`] values for the end of this audio.
    pub(crate) fn of_end(&self, audio: &[f32]) -> Vec<f32> {
        let sound = mirrored(&levelled(audio));
        let mut values = vec![0.0; BANDS * FRAMES];
        let mut windowed = vec![0.0; FRAME_SAMPLES];
        let mut spectrum = vec![Complex::ZERO; self.fft.complex_len()];
        let mut scratch = vec![Complex::ZERO; self.fft.get_scratch_len()];
        let mut loudest = f64::MIN;
        for frame in 0..FRAMES {
            let samples = &sound[frame * HOP_SAMPLES..][..FRAME_SAMPLES];
            for ((value, sample), weight) in windowed.iter_mut().zip(samples).zip(&self.hann) {
                *value = f64::from(*sample) * weight;
            }
            self.fft
                .process_with_scratch(&mut windowed, &mut spectrum, &mut scratch)
                .expect("the buffers have the lengths that the plan asks for");
            for (band, filter) in self.bands.iter().enumerate() {
                let bins = spectrum[filter.first_bin..].iter().zip(&filter.weights);
                let power: f64 = bins.map(|(bin, weight)| weight * bin.norm_sqr()).sum();
                let value = power.max(LOWEST_POWER).log10();
                loudest = loudest.max(value);
                values[band * FRAMES + frame] = value;
            }
        }
        let value = |it: f64| ((it.max(loudest - DYNAMIC_RANGE) + 4.0) / 4.0) as f32;
        values.into_iter().map(value).collect()
    }
}

/// The last 8 s, silence before what is shorter, with a mean of 0 and a variance of 1.
fn levelled(audio: &[f32]) -> Vec<f32> {
    let heard = &audio[audio.len().saturating_sub(HEARD_SAMPLES)..];
    let mut sound = vec![0.0; HEARD_SAMPLES - heard.len()];
    sound.extend(heard.iter().copied().map(checked));
    let count = HEARD_SAMPLES as f64;
    let mean = sound.iter().map(|it| f64::from(*it)).sum::<f64>() / count;
    let squares = sound.iter().map(|it| (f64::from(*it) - mean).powi(2));
    let deviation = (squares.sum::<f64>() / count + LEAST_VARIANCE).sqrt();
    for sample in &mut sound {
        *sample = ((f64::from(*sample) - mean) / deviation) as f32;
    }
    sound
}

/// With its ends mirrored, the first and the last sample not repeated.
fn mirrored(sound: &[f32]) -> Vec<f32> {
    let before = sound[1..=MIRRORED_SAMPLES].iter().rev();
    let after = sound[sound.len() - MIRRORED_SAMPLES - 1..sound.len() - 1]
        .iter()
        .rev();
    before.chain(sound).chain(after).copied().collect()
}

#[cfg(test)]
#[path = "features_tests.rs"]
mod tests;
