//! How loud an utterance is, and where in it is speech.

use std::ops::Range;

/// Frames in which speech is looked for, a second.
const FRAMES_PER_SECOND: u32 = 200;

/// Below the loudest frame by this much there is no more speech: Piper's silence is at -97 dB,
/// the ends of its words fade from -40 to -60 dB below their vowels.
const SILENCE_BELOW_LOUDEST_DB: f32 = -45.0;
/// An utterance that is all below this holds no speech.
const NO_SPEECH_DB: f32 = -66.0;

/// Frames that count for loudness: vowels, not the gaps between words.
const GATE_BELOW_LOUDEST_DB: f32 = -20.0;
/// The level of the frames that count, about that of a recorded book.
const TARGET_DB: f32 = -20.0;
/// No further than this: a quiet utterance stays quieter than others, and its noise unheard.
const MAX_GAIN_DB: f32 = 15.0;
const MIN_GAIN_DB: f32 = -15.0;

/// Only an offset that wastes headroom: that of Piper's voices is below -70 dB.
const MIN_OFFSET: f32 = 1e-3;

pub(super) fn make_finite(samples: &mut [f32]) {
    for sample in samples {
        if !sample.is_finite() {
            *sample = 0.0;
        }
    }
}

pub(super) fn remove_offset(samples: &mut [f32]) {
    let mean = samples.iter().map(|&s| f64::from(s)).sum::<f64>() / samples.len().max(1) as f64;
    let mean = mean as f32;
    if mean.abs() >= MIN_OFFSET {
        for sample in samples {
            *sample -= mean;
        }
    }
}

/// From the first to the last frame with speech, in samples; `None` where there is none.
pub(super) fn speech(samples: &[f32], sample_rate_hz: u32) -> Option<Range<usize>> {
    let frame = frame_samples(sample_rate_hz);
    let powers = powers(samples, frame);
    let loudest = loudest(&powers);
    if loudest < power(NO_SPEECH_DB) {
        return None;
    }
    let threshold = (loudest * power(SILENCE_BELOW_LOUDEST_DB)).max(power(NO_SPEECH_DB));
    let is_speech = |&power: &f32| power >= threshold;
    let first = powers.iter().position(is_speech)?;
    let last = powers.iter().rposition(is_speech)?;
    Some(first * frame..((last + 1) * frame).min(samples.len()))
}

/// What brings `speech` to the level of all speech; linear.
pub(super) fn gain(speech: &[f32], sample_rate_hz: u32) -> f32 {
    let powers = powers(speech, frame_samples(sample_rate_hz));
    let gate = loudest(&powers) * power(GATE_BELOW_LOUDEST_DB);
    let (count, sum) = powers
        .iter()
        .filter(|&&power| power >= gate)
        .fold((0_u32, 0.0_f32), |(count, sum), power| {
            (count + 1, sum + power)
        });
    let mean = sum / count.max(1) as f32;
    if mean <= 0.0 {
        return 1.0;
    }
    let gain_db = (TARGET_DB - 10.0 * mean.log10()).clamp(MIN_GAIN_DB, MAX_GAIN_DB);
    10.0_f32.powf(gain_db / 20.0)
}

fn frame_samples(sample_rate_hz: u32) -> usize {
    (sample_rate_hz / FRAMES_PER_SECOND).max(1) as usize
}

/// Mean power of each frame, the last of which may be short.
fn powers(samples: &[f32], frame: usize) -> Vec<f32> {
    samples
        .chunks(frame)
        .map(|frame| frame.iter().map(|s| s * s).sum::<f32>() / frame.len() as f32)
        .collect()
}

fn loudest(powers: &[f32]) -> f32 {
    powers.iter().copied().fold(0.0, f32::max)
}

fn power(db: f32) -> f32 {
    10.0_f32.powf(db / 10.0)
}
