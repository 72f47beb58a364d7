//! What each format's bytes decode to.

mod decode;

use std::f32::consts::TAU;

use proptest::prelude::*;

use self::decode::{Decoded, decode};
use super::*;
use AudioFormat::{Aac, Flac, Mp3, Opus, Pcm, Wav};

/// The most that decoders give beyond what was pushed, in samples of the output: the codec's
/// delay and the rest of its last frame.
fn surplus_samples(format: AudioFormat, rate_hz: u32) -> usize {
    match format {
        // Frames of 576 samples below 32 kHz, of 1152 above, and a delay of 1105 samples.
        Mp3 => 1105 + 2 * if rate_hz < 32_000 { 576 } else { 1152 },
        Aac => 1600 + 1023,
        Opus | Flac | Wav | Pcm => 0,
    }
}

/// How late decoded audio is, in samples of the output.
fn delay_samples(format: AudioFormat) -> usize {
    match format {
        Mp3 => 1105,
        Aac => 1600,
        Opus | Flac | Wav | Pcm => 0,
    }
}

fn tone(rate_hz: u32, frequency_hz: f32, seconds: f32) -> Vec<f32> {
    (0..(rate_hz as f32 * seconds) as usize)
        .map(|n| 0.5 * (TAU * frequency_hz * n as f32 / rate_hz as f32).sin())
        .collect()
}

/// Two harmonic sounds that swell and fade, with silence between them.
fn speech_like(rate_hz: u32, seconds: f32) -> Vec<f32> {
    (0..(rate_hz as f32 * seconds) as usize)
        .map(|n| {
            let time = n as f32 / rate_hz as f32;
            let swell = (TAU * 1.5 * time).sin().max(0.0);
            let sound: f32 = (1..12)
                .map(|k| (TAU * 130.0 * k as f32 * time).sin() / k as f32)
                .sum();
            0.3 * swell * sound
        })
        .collect()
}

fn encode(
    format: AudioFormat,
    input_hz: u32,
    output_hz: Option<u32>,
    pushes: &[&[f32]],
) -> (Vec<u8>, u32) {
    let mut encoder = encoder(format, input_hz, output_hz).unwrap();
    let rate_hz = encoder.output_rate_hz();
    let mut out = Vec::new();
    for samples in pushes {
        encoder.push(samples, &mut out).unwrap();
    }
    encoder.finish(&mut out).unwrap();
    (out, rate_hz)
}

/// Amplitude of one frequency.
fn amplitude(samples: &[f32], rate_hz: u32, frequency_hz: f32) -> f32 {
    let (mut re, mut im) = (0.0_f64, 0.0_f64);
    for (n, &sample) in samples.iter().enumerate() {
        let angle = f64::from(TAU) * f64::from(frequency_hz) * n as f64 / f64::from(rate_hz);
        re += f64::from(sample) * angle.cos();
        im += f64::from(sample) * angle.sin();
    }
    (2.0 * re.hypot(im) / samples.len() as f64) as f32
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, s| s.abs().max(peak))
}

/// Decibels of `reference` over what `samples` differ from it by.
fn snr_db(reference: &[f32], samples: &[f32]) -> f32 {
    let power: f32 = reference.iter().map(|s| s * s).sum();
    let noise: f32 = reference
        .iter()
        .zip(samples)
        .map(|(a, b)| (a - b) * (a - b))
        .sum();
    10.0 * (power / noise.max(1e-20)).log10()
}

fn assert_is_tone(format: AudioFormat, input_hz: u32, output_hz: Option<u32>) {
    let what = format!("{format} of {input_hz} Hz at {output_hz:?}");
    let frequency_hz = 1000.0;
    let input = tone(input_hz, frequency_hz, 1.0);
    let (body, rate_hz) = encode(format, input_hz, output_hz, &[&input]);
    let Decoded {
        samples,
        rate_hz: decoded_hz,
        ..
    } = decode(format, &body, rate_hz);

    // Opus is decoded at 48 kHz, whatever it was encoded at.
    let expected_hz = if format == Opus { 48_000 } else { rate_hz };
    assert_eq!(decoded_hz, expected_hz, "{what}");
    let expected = (input.len() as u64 * u64::from(decoded_hz)).div_ceil(u64::from(input_hz));
    let surplus = samples.len() as i64 - expected as i64;
    let limit = surplus_samples(format, rate_hz) as i64;
    let rounding = i64::from(decoded_hz.div_ceil(rate_hz));
    assert!(
        (-rounding..=limit + rounding).contains(&surplus),
        "{what}: {surplus} samples too many of {expected}"
    );

    let quarter = samples.len() / 4;
    let middle = &samples[quarter..3 * quarter];
    let level = amplitude(middle, decoded_hz, frequency_hz);
    assert!((level - 0.5).abs() < 0.025, "{what}: level {level}");
    let peak = peak(&samples);
    assert!(peak < 0.6, "{what}: peak {peak}");
}

#[test]
fn a_tone_keeps_its_frequency_level_and_length_in_every_format() {
    for format in AudioFormat::ALL {
        for input_hz in [16_000, 22_050, 44_100] {
            assert_is_tone(format, input_hz, None);
        }
    }
}

#[test]
fn a_tone_survives_every_rate_that_was_asked_for() {
    for (format, rates_hz) in [
        (Mp3, &[8_000, 11_025, 24_000, 44_100, 48_000][..]),
        (Opus, &[8_000, 12_000, 16_000, 24_000, 48_000]),
        (Aac, &[8_000, 16_000, 24_000, 44_100, 48_000]),
        (Flac, &[8_000, 12_345, 48_000]),
        (Wav, &[8_000, 23_999, 48_000]),
        (Pcm, &[8_001, 16_000, 44_100]),
    ] {
        for &rate_hz in rates_hz {
            assert_is_tone(format, 22_050, Some(rate_hz));
        }
    }
}

#[test]
fn what_is_decoded_is_what_was_pushed() {
    // The least that each format keeps of a speech-like sound, and where the sound begins.
    for (format, least_db) in [
        (Mp3, 20.0),
        (Aac, 20.0),
        (Flac, 80.0),
        (Wav, 80.0),
        (Pcm, 80.0),
    ] {
        let input = speech_like(22_050, 2.0);
        let (body, rate_hz) = encode(format, 22_050, Some(22_050), &[&input]);
        let decoded = decode(format, &body, rate_hz).samples;
        let aligned = &decoded[delay_samples(format)..];
        let snr = snr_db(&input, aligned);
        assert!(snr > least_db, "{format}: {snr} dB");
    }
}

#[test]
fn the_cuts_between_pushes_are_not_heard() {
    let input = speech_like(22_050, 1.5);
    for format in AudioFormat::ALL {
        let (whole, rate_hz) = encode(format, 22_050, None, &[&input]);
        for size in [1, 7, 480, 1024, 4801] {
            let pushes: Vec<&[f32]> = input.chunks(size).collect();
            let (cut, _) = encode(format, 22_050, None, &pushes);
            if format == Opus {
                // Pages differ.
                let whole = decode(format, &whole, rate_hz).samples;
                let cut = decode(format, &cut, rate_hz).samples;
                assert!(whole == cut, "{format} in pushes of {size}");
            } else {
                assert!(whole == cut, "{format} in pushes of {size}");
            }
        }
    }
}

#[test]
fn a_push_comes_out_at_once_but_for_the_delay_of_the_codec() {
    let input = speech_like(22_050, 1.0);
    for format in AudioFormat::ALL {
        let mut encoder = encoder(format, 22_050, None).unwrap();
        let mut out = Vec::new();
        encoder.push(&input, &mut out).unwrap();
        let Decoded {
            samples, rate_hz, ..
        } = decode(format, &out, encoder.output_rate_hz());
        let seconds = samples.len() as f32 / rate_hz as f32;
        let audible = seconds - delay_samples(format) as f32 / rate_hz as f32;
        assert!(audible > 0.85, "{format}: {audible} s of 1 s");
    }
}

#[test]
fn no_samples_make_an_empty_file() {
    for format in AudioFormat::ALL {
        let (mut body, rate_hz) = encode(format, 22_050, None, &[]);
        make_exact(format, &mut body);
        // The decoder refuses a file of these formats that has no frame.
        if !matches!(format, Mp3 | Flac) {
            let decoded = decode(format, &body, rate_hz).samples;
            let limit = surplus_samples(format, rate_hz);
            assert!(decoded.len() <= limit, "{format}: {}", decoded.len());
        }
    }
}

#[test]
fn what_is_too_loud_is_clipped_and_what_is_no_number_is_silent() {
    let mut input = tone(22_050, 1000.0, 0.5);
    for sample in &mut input {
        *sample *= 10.0;
    }
    input.extend([
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        -f32::MAX,
    ]);
    for format in AudioFormat::ALL {
        let (body, rate_hz) = encode(format, 22_050, None, &[&input]);
        let samples = decode(format, &body, rate_hz).samples;
        assert!(samples.iter().all(|s| s.is_finite()), "{format}");
        // Lossy codecs ring at the corners.
        let peak = peak(&samples);
        assert!((0.9..1.6).contains(&peak), "{format}: {peak}");
    }
}

#[test]
fn a_finished_file_says_how_long_it_is() {
    for format in [Wav, Flac] {
        for samples in [0, 1, 300, 2048, 4096, 300_000] {
            let input = vec![0.25; samples];
            let (mut body, _) = encode(format, 22_050, None, &[&input]);
            let streamed = body.len();
            make_exact(format, &mut body);
            assert_eq!(body.len(), streamed);
            if samples > 0 {
                let decoded = decode(format, &body, 22_050);
                assert_eq!(decoded.claimed_samples, Some(samples as u64), "{format}");
                assert_eq!(decoded.samples.len(), samples, "{format}");
            }
        }
    }
}

#[test]
fn a_body_that_is_none_of_ours_stays_as_it_is() {
    for format in AudioFormat::ALL {
        for body in [vec![], b"RIFF".to_vec(), b"fLaC".to_vec(), vec![0xff; 99]] {
            let mut exact = body.clone();
            make_exact(format, &mut exact);
            assert_eq!(exact, body, "{format}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_pushes_of_any_numbers_give_what_one_push_gives(
        format in proptest::sample::select(&AudioFormat::ALL[..]),
        input_hz in proptest::sample::select(&[8_000_u32, 16_000, 22_050, 37_123, 48_000][..]),
        input in proptest::collection::vec(
            prop_oneof![20 => -1.2_f32..1.2, 1 => proptest::num::f32::ANY],
            0..6000,
        ),
        cuts in proptest::collection::vec(0_usize..3000, 0..12),
    ) {
        let mut rest = &input[..];
        let mut pushes = Vec::new();
        for cut in cuts {
            let (head, tail) = rest.split_at(cut.min(rest.len()));
            pushes.push(head);
            rest = tail;
        }
        pushes.push(rest);
        let (whole, rate_hz) = encode(format, input_hz, None, &[&input]);
        let (cut, _) = encode(format, input_hz, None, &pushes);
        if format == Opus {
            prop_assert!(
                decode(format, &whole, rate_hz).samples == decode(format, &cut, rate_hz).samples
            );
        } else {
            prop_assert!(whole == cut);
        }
    }
}
