//! The spectrogram against its definition.

use super::*;
use std::f64::consts::TAU;

fn spectrogram(samples: &[f32], mels: usize) -> Spectrogram {
    let mut out = Spectrogram::default();
    MelTransform::new(mels).compute(samples, &mut out);
    out
}

/// Numbers from -1 to 1 that look random, from one linear congruential generator.
fn noise(count: usize) -> Vec<f32> {
    let mut seed = 1_u32;
    (0..count)
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(seed) as f32 / 2_147_483_648.0 - 1.0
        })
        .collect()
}

fn tone(count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| (0.3 * (TAU * 440.0 * i as f64 / 16_000.0).sin()) as f32)
        .collect()
}

/// The definition, step by step in `f64`: pad, window, discrete Fourier transform,
/// filters, logarithm, clamp.
fn reference(samples: &[f32], mels: usize) -> Vec<f64> {
    let mut padded: Vec<f64> = samples[1..=200].iter().rev().map(|x| (*x).into()).collect();
    padded.extend(samples.iter().map(|x| f64::from(*x)));
    padded.resize(padded.len() + 480_000 + 200, 0.0);
    let frames = (padded.len() - 400) / 160;
    let filters = voice_stack_models::mel_filters(mels);
    let mut values = vec![-10.0; frames * mels];
    for frame in 0..frames {
        let frame_samples = &padded[frame * 160..][..400];
        if frame_samples.iter().all(|x| *x == 0.0) {
            continue;
        }
        let power: Vec<f64> = (0..=200)
            .map(|bin| {
                let (mut re, mut im) = (0.0, 0.0);
                for (i, sample) in frame_samples.iter().enumerate() {
                    let hann = 0.5 - 0.5 * (TAU * i as f64 / 400.0).cos();
                    let angle = TAU * ((i * bin) % 400) as f64 / 400.0;
                    re += sample * hann * angle.cos();
                    im -= sample * hann * angle.sin();
                }
                re * re + im * im
            })
            .collect();
        for mel in 0..mels {
            let row = &filters[mel * 201..][..201];
            let sum: f64 = row.iter().zip(&power).map(|(w, p)| f64::from(*w) * p).sum();
            values[mel * frames + frame] = sum.max(1e-10).log10();
        }
    }
    let loudest = values.iter().copied().fold(f64::MIN, f64::max);
    values
        .iter()
        .map(|value| (value.max(loudest - 8.0) + 4.0) / 4.0)
        .collect()
}

fn assert_agrees(samples: &[f32], mels: usize) {
    let ours = spectrogram(samples, mels);
    let expected = reference(samples, mels);
    assert_eq!(ours.values().len(), expected.len());
    assert_eq!(ours.frames() * mels, expected.len());
    let difference = ours
        .values()
        .iter()
        .zip(&expected)
        .map(|(one, other)| (f64::from(*one) - other).abs())
        .fold(0.0, f64::max);
    assert!(difference < 1e-3, "{difference}");
}

#[test]
fn noise_and_tones_look_as_defined() {
    assert_agrees(&noise(16_000), 80);
    assert_agrees(&noise(16_077), 128);
    assert_agrees(&tone(16_000), 80);
    assert_agrees(&tone(201), 80);
    let quiet_after_loud: Vec<f32> = noise(8_000)
        .into_iter()
        .zip(0..)
        .map(|(x, i)| if i < 4_000 { x } else { x * 1e-6 })
        .collect();
    assert_agrees(&quiet_after_loud, 80);
}

#[test]
fn silence_is_the_lowest_value_everywhere() {
    let silent = spectrogram(&vec![0.0; 16_000], 80);
    assert!(silent.values().iter().all(|x| (x + 1.5).abs() < 1e-6));
}

#[test]
fn the_padding_is_as_silent_as_the_dynamic_range_allows() {
    let loud = spectrogram(&noise(16_000), 80);
    let values = loud.values();
    let loudest = values.iter().copied().fold(f32::MIN, f32::max);
    for mel in 0..80 {
        let row = &values[mel * loud.frames()..][..loud.frames()];
        assert!(
            row[103..]
                .iter()
                .all(|x| (x - (loudest - 2.0)).abs() < 1e-6)
        );
    }
}

#[test]
fn the_length_is_counted_as_whisper_does() {
    for (samples, frames, milliseconds) in [
        (16_000, 3100, 990),
        (16_039, 3100, 990),
        (16_040, 3100, 1000),
        (16_200, 3101, 1010),
        (480_000, 6000, 29_990),
    ] {
        let out = spectrogram(&vec![0.0; samples], 80);
        assert_eq!(
            (out.frames(), out.milliseconds()),
            (frames, milliseconds),
            "{samples} samples"
        );
    }
}

#[test]
fn clips_shorter_than_a_frame_and_reused_memory_do_no_harm() {
    let transform = MelTransform::new(80);
    let mut reused = Spectrogram::default();
    transform.compute(&noise(40_000), &mut reused);
    for count in [0, 1, 100, 200, 399, 400, 17_000] {
        transform.compute(&noise(count), &mut reused);
        let fresh = spectrogram(&noise(count), 80);
        assert_eq!(reused.values(), fresh.values(), "{count} samples");
    }
}
