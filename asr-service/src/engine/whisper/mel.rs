//! What Whisper's encoder sees of the samples: a log-mel spectrogram.
//!
//! Takes the place of whisper.cpp's own, whose transform is several times slower, and agrees
//! with it in length, layout and padding.

use std::f32::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// Encoder frames of a full 30 s window; a frame is 20 ms.
pub(super) const FULL_AUDIO_CTX: usize = 1500;

/// Samples that one frame looks at.
const FRAME_SAMPLES: usize = 400;
/// Samples from one frame to the next.
const HOP_SAMPLES: usize = 160;
/// The first frame is centred on the first sample: this much before it is mirrored.
const MIRRORED_SAMPLES: usize = FRAME_SAMPLES / 2;
/// Silence after the samples, so that an encoder window may begin anywhere in them. Two
/// frames make one of the encoder's.
const PADDING_FRAMES: usize = 2 * FULL_AUDIO_CTX;
/// Milliseconds from one frame to the next.
const FRAME_MILLISECONDS: usize = 10;
/// Less power than this is silence.
const LOWEST_POWER: f32 = 1e-10;
/// What is this much (in powers of ten) below the loudest point is silence as well.
const DYNAMIC_RANGE: f32 = 8.0;

/// A triangular filter: the bins it touches.
struct Filter {
    first_bin: usize,
    weights: Vec<f32>,
}

/// Everything about the spectrogram that depends on the model only.
pub(super) struct MelTransform {
    fft: Arc<dyn RealToComplex<f32>>,
    hann: Vec<f32>,
    filters: Vec<Filter>,
}

/// A spectrogram, and the memory to compute the next one in.
#[derive(Default)]
pub(super) struct Spectrogram {
    values: Vec<f32>,
    frames: usize,
    milliseconds: usize,
    windowed: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    power: Vec<f32>,
    scratch: Vec<Complex<f32>>,
}

impl Spectrogram {
    /// All frames of the first mel band, then all of the second, and so on.
    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    /// How many frames there are, the padding included.
    pub(super) fn frames(&self) -> usize {
        self.frames
    }

    /// How long the samples are, as whisper.cpp would count: in whole frames without the
    /// padding.
    pub(super) fn milliseconds(&self) -> usize {
        self.milliseconds
    }
}

impl MelTransform {
    /// For models with `mels` bands (80, or 128).
    pub(super) fn new(mels: usize) -> Self {
        let hann = (0..FRAME_SAMPLES)
            .map(|i| 0.5 * (1.0 - (TAU * i as f32 / FRAME_SAMPLES as f32).cos()))
            .collect();
        let filters = voice_stack_models::mel_filters(mels)
            .chunks_exact(FRAME_SAMPLES / 2 + 1)
            .map(|row| {
                let first_bin = row.iter().position(|weight| *weight > 0.0).unwrap_or(0);
                let end = row.iter().rposition(|weight| *weight > 0.0);
                let end = end.map_or(first_bin, |last| last + 1);
                Filter {
                    first_bin,
                    weights: row[first_bin..end].to_vec(),
                }
            })
            .collect();
        Self {
            fft: RealFftPlanner::new().plan_fft_forward(FRAME_SAMPLES),
            hann,
            filters,
        }
    }

    /// How many mel bands there are.
    pub(super) fn mels(&self) -> usize {
        self.filters.len()
    }

    /// The spectrogram of 16 kHz mono samples.
    pub(super) fn compute(&self, samples: &[f32], out: &mut Spectrogram) {
        // Both as whisper.cpp counts, which doesn't see the mirrored part in the second.
        out.frames = samples.len() / HOP_SAMPLES + PADDING_FRAMES;
        out.milliseconds = FRAME_MILLISECONDS
            * (1 + samples
                .len()
                .saturating_sub(FRAME_SAMPLES - MIRRORED_SAMPLES)
                / HOP_SAMPLES);
        out.values.clear();
        out.values
            .resize(out.frames * self.filters.len(), LOWEST_POWER.log10());
        out.windowed.resize(FRAME_SAMPLES, 0.0);
        out.spectrum.resize(self.fft.complex_len(), Complex::ZERO);
        out.scratch
            .resize(self.fft.get_scratch_len(), Complex::ZERO);

        // The frames after these have nothing but silence in them.
        let heard_frames = (samples.len() + MIRRORED_SAMPLES) / HOP_SAMPLES + 1;
        let mut loudest = LOWEST_POWER.log10();
        for frame in 0..heard_frames.min(out.frames) {
            self.fill_window(samples, frame * HOP_SAMPLES, &mut out.windowed);
            self.fft
                .process_with_scratch(&mut out.windowed, &mut out.spectrum, &mut out.scratch)
                .expect("the buffers have the lengths that the plan asks for");
            out.power.clear();
            out.power.extend(out.spectrum.iter().map(Complex::norm_sqr));
            for (mel, filter) in self.filters.iter().enumerate() {
                let power: f32 = filter
                    .weights
                    .iter()
                    .zip(&out.power[filter.first_bin..])
                    .map(|(weight, power)| weight * power)
                    .sum();
                let value = power.max(LOWEST_POWER).log10();
                loudest = loudest.max(value);
                out.values[mel * out.frames + frame] = value;
            }
        }
        let floor = loudest - DYNAMIC_RANGE;
        for value in &mut out.values {
            *value = (value.max(floor) + 4.0) / 4.0;
        }
    }

    /// The samples of the frame that begins `offset` samples into the mirrored part.
    fn fill_window(&self, samples: &[f32], offset: usize, windowed: &mut [f32]) {
        let mirrored = MIRRORED_SAMPLES.saturating_sub(offset);
        for (i, value) in windowed[..mirrored].iter_mut().enumerate() {
            let mirror = MIRRORED_SAMPLES - offset - i;
            *value = samples.get(mirror).copied().unwrap_or(0.0) * self.hann[i];
        }
        let begin = (offset + mirrored - MIRRORED_SAMPLES).min(samples.len());
        let end = (begin + FRAME_SAMPLES - mirrored).min(samples.len());
        let silence = mirrored + end - begin;
        for ((value, sample), weight) in windowed[mirrored..silence]
            .iter_mut()
            .zip(&samples[begin..end])
            .zip(&self.hann[mirrored..])
        {
            *value = sample * weight;
        }
        windowed[silence..].fill(0.0);
    }
}

#[cfg(test)]
#[path = "mel_tests.rs"]
mod tests;
