//! Any rate → 16 kHz: level, length, place and purity.

use super::decoded;
use super::signal::{amplitude, float_wav, rms, tone};

const RATES_HZ: &[u32] = &[
    8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 44_101, 48_000, 88_200, 96_000,
    192_000,
];

#[test]
fn a_tone_keeps_its_pitch_and_level_at_every_rate() {
    for &rate_hz in RATES_HZ {
        for frequency_hz in [100.0, 1_000.0, 3_400.0] {
            let audio = decoded(float_wav(
                rate_hz,
                1,
                &tone(rate_hz, 1.0, frequency_hz, 0.5),
            ));
            let middle = &audio.samples[2_000..14_000];
            let level = amplitude(middle, 16_000, frequency_hz);
            assert!(
                (level - 0.5).abs() < 0.002,
                "{rate_hz}: {frequency_hz} Hz at {level}"
            );
            let rest = (rms(middle).powi(2) - level.powi(2) / 2.0).abs().sqrt();
            assert!(
                rest < 0.02,
                "{rate_hz}: {frequency_hz} Hz with {rest} beside it"
            );
        }
    }
}

#[test]
fn the_length_is_that_of_the_input_rounded_up() {
    for &rate_hz in RATES_HZ {
        for frames in [1, 2, 441, 1_000, 4_097, 30_001] {
            let audio = decoded(float_wav(rate_hz, 1, &vec![0.1; frames]));
            let expected = (frames as u64 * 16_000).div_ceil(u64::from(rate_hz));
            assert_eq!(
                audio.samples.len() as u64,
                expected,
                "{frames} frames at {rate_hz}"
            );
        }
    }
}

#[test]
fn a_click_stays_where_it_was() {
    for &rate_hz in RATES_HZ {
        for place_seconds in [0.0, 0.004, 0.3, 0.73, 0.998] {
            let at = (place_seconds * f64::from(rate_hz)) as usize;
            let mut samples = vec![0.0; rate_hz as usize];
            samples[at] = 1.0;
            let audio = decoded(float_wav(rate_hz, 1, &samples));
            let peak = (0..audio.samples.len())
                .max_by(|&a, &b| audio.samples[a].abs().total_cmp(&audio.samples[b].abs()))
                .expect("not empty");
            let error_seconds = peak as f64 / 16_000.0 - at as f64 / f64::from(rate_hz);
            assert!(
                error_seconds.abs() <= 0.000_07,
                "{rate_hz}: off by {error_seconds} s"
            );
        }
    }
}

#[test]
fn the_last_samples_come_out_of_the_filter() {
    for &rate_hz in RATES_HZ {
        let audio = decoded(float_wav(rate_hz, 1, &vec![0.5; rate_hz as usize]));
        let tail = &audio.samples[15_800..15_980];
        assert!((rms(tail) - 0.5).abs() < 0.02, "{rate_hz}: {}", rms(tail));
    }
}

#[test]
fn what_does_not_fit_below_8_khz_vanishes_instead_of_folding_back() {
    for (rate_hz, frequency_hz) in [
        (22_050, 10_000.0),
        (44_100, 8_400.0),
        (44_100, 15_000.0),
        (48_000, 8_400.0),
        (48_000, 10_000.0),
        (48_000, 17_000.0),
        (192_000, 60_000.0),
    ] {
        let audio = decoded(float_wav(
            rate_hz,
            1,
            &tone(rate_hz, 1.0, frequency_hz, 0.5),
        ));
        // The ends are clicks of their own: the tone starts and stops at once.
        let rest_db = 20.0 * (rms(&audio.samples[2_000..14_000]) / (0.5 / 2_f64.sqrt())).log10();
        assert!(
            rest_db < -80.0,
            "{frequency_hz} Hz at {rate_hz}: {rest_db:.1} dB left"
        );
    }
}

#[test]
fn the_speech_band_is_kept_up_to_7_5_khz() {
    for rate_hz in [22_050, 44_100, 48_000] {
        let audio = decoded(float_wav(rate_hz, 1, &tone(rate_hz, 1.0, 7_500.0, 0.5)));
        let level = amplitude(&audio.samples[2_000..14_000], 16_000, 7_500.0);
        assert!((level - 0.5).abs() < 0.005, "{rate_hz}: {level}");
    }
}
