//! The spectrogram against Smart Turn's own code.

use voice_stack_audio::DecodeLimits;

use super::*;

#[test]
fn it_is_that_of_smart_turns_own_code() {
    let audio = recording();
    let mut samples = 0;
    let mut features = Vec::new();
    let mut compared = 0;
    for line in include_str!("../tests/fixtures/smart-turn.txt").lines() {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["#", ..] => {}
            ["score", count, _] => {
                samples = count.parse().unwrap();
                features = LogMel::new().of_end(&audio[..samples]);
            }
            [band, frame, value] => {
                let (band, frame): (usize, usize) = (band.parse().unwrap(), frame.parse().unwrap());
                let (ours, theirs) = (
                    features[band * FRAMES + frame],
                    value.parse::<f32>().unwrap(),
                );
                let difference = (ours - theirs).abs();
                assert!(difference < 1e-5, "{line} of {samples} samples: {ours}");
                compared += 1;
            }
            _ => panic!("{line}"),
        }
    }
    assert!(compared > 250, "{compared} values");
}

#[test]
fn audio_of_any_length_and_loudness_has_features() {
    let transform = LogMel::new();
    let tone: Vec<_> = (0..2 * HEARD_SAMPLES)
        .map(|it| (it as f32 / 7.0).sin())
        .collect();
    for count in [0, 1, 199, 16_000, HEARD_SAMPLES, 2 * HEARD_SAMPLES] {
        let features = transform.of_end(&tone[..count]);
        assert_eq!(features.len(), BANDS * FRAMES);
        assert!(features.iter().all(|it| it.is_finite()), "{count} samples");
    }
    let quieter: Vec<_> = tone.iter().map(|it| it / 8.0).collect();
    let pairs = transform
        .of_end(&tone)
        .into_iter()
        .zip(transform.of_end(&quieter));
    assert!(
        pairs
            .into_iter()
            .all(|(one, other)| (one - other).abs() < 1e-4)
    );
    let odd = transform.of_end(&[f32::NAN, f32::INFINITY, 0.5]);
    assert!(odd.iter().all(|it| it.is_finite()));
}

#[test]
fn only_the_last_8_s_are_heard_and_silence_stands_before_what_is_shorter() {
    let transform = LogMel::new();
    let audio = recording();
    let end = &audio[audio.len() - HEARD_SAMPLES..];
    assert!(transform.of_end(&audio) == transform.of_end(end));
    let short = &audio[..30_000];
    let padded = [&vec![0.0; HEARD_SAMPLES - 30_000], short].concat();
    assert!(transform.of_end(short) == transform.of_end(&padded));
}

fn recording() -> Vec<f32> {
    let limits = DecodeLimits {
        max_audio_seconds: 60.0,
    };
    let file = include_bytes!("../../samples/jfk.flac").as_slice();
    let audio = voice_stack_audio::decode(file, None, limits, &|| false);
    audio.unwrap().samples
}
