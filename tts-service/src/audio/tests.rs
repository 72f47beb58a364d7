//! Utterances as the voice leaves them, and what they become.

use std::f32::consts::TAU;

use proptest::prelude::*;

use super::*;

const RATE_HZ: u32 = 22_050;

const PAUSES: PauseLengths = PauseLengths {
    clause: Duration::from_millis(200),
    sentence: Duration::from_millis(400),
    paragraph: Duration::from_millis(900),
};

fn millis(count: usize) -> usize {
    count * RATE_HZ as usize / 1000
}

fn silence(length_ms: usize) -> Vec<f32> {
    // As quiet as the voice's own: -97 dB.
    (0..millis(length_ms))
        .map(|n| if n % 2 == 0 { 1.4e-5 } else { -1.4e-5 })
        .collect()
}

/// Syllables of 150 ms, each a harmonic sound that swells and fades.
fn syllables(peak: f32, count: usize) -> Vec<f32> {
    let length = millis(150);
    (0..count * length)
        .map(|n| {
            let time = n as f32 / RATE_HZ as f32;
            let swell = (TAU * 0.5 * (n % length) as f32 / length as f32).sin();
            let sound: f32 = (1..10)
                .map(|k| (TAU * 120.0 * k as f32 * time).sin() / k as f32)
                .sum();
            peak * swell * sound / 1.85
        })
        .collect()
}

fn utterance(peak: f32, count: usize) -> Vec<f32> {
    [silence(60), syllables(peak, count), silence(150)].concat()
}

/// Runs of silence, in milliseconds, between louder samples.
fn gaps_ms(samples: &[f32], at_least_ms: usize) -> Vec<usize> {
    let mut gaps = Vec::new();
    let mut quiet = 0;
    for sample in samples {
        if sample.abs() < 1e-3 {
            quiet += 1;
        } else {
            gaps.push(quiet * 1000 / RATE_HZ as usize);
            quiet = 0;
        }
    }
    gaps.retain(|&gap| gap >= at_least_ms);
    gaps
}

fn assemble(utterances: &[(Vec<f32>, Pause)]) -> Vec<f32> {
    let mut assembler = SpeechAssembler::new(RATE_HZ, PAUSES);
    let mut all = Vec::new();
    for (samples, pause) in utterances {
        all.extend(assembler.push(samples.clone(), *pause));
    }
    all.extend(assembler.finish());
    all
}

fn level_db(samples: &[f32]) -> f32 {
    let loud: Vec<f32> = samples
        .chunks(millis(5))
        .map(|frame| frame.iter().map(|s| s * s).sum::<f32>() / frame.len() as f32)
        .collect();
    let loudest = loud.iter().copied().fold(0.0, f32::max);
    let loud: Vec<f32> = loud.into_iter().filter(|p| *p > loudest / 100.0).collect();
    10.0 * (loud.iter().sum::<f32>() / loud.len() as f32).log10()
}

#[test]
fn the_pause_between_utterances_is_that_of_their_end() {
    for (pause, expected_ms) in [
        (Pause::None, 20),
        (Pause::Clause, 200),
        (Pause::Sentence, 400),
        (Pause::Paragraph, 900),
    ] {
        let speech = assemble(&[
            (utterance(0.5, 3), pause),
            (utterance(0.5, 3), Pause::Sentence),
        ]);
        let gaps = gaps_ms(&speech, 12);
        // Begin, gap, and the end is not followed by anything louder.
        let gap = *gaps.last().unwrap();
        assert!(gap.abs_diff(expected_ms) <= 12, "{pause:?}: {gaps:?}");
    }
}

#[test]
fn the_voices_own_silence_is_cut() {
    let long = [silence(500), syllables(0.5, 4), silence(700)].concat();
    let mut assembler = SpeechAssembler::new(RATE_HZ, PAUSES);
    let speech = assembler.push(long, Pause::None);
    assert!(speech.len() <= millis(4 * 150 + 50), "{}", speech.len());
    assert!(speech.len() >= millis(4 * 150 - 5), "{}", speech.len());
}

#[test]
fn the_first_part_of_a_pause_comes_with_its_utterance() {
    let mut assembler = SpeechAssembler::new(RATE_HZ, PAUSES);
    let speech = assembler.push(utterance(0.5, 3), Pause::Paragraph);
    let trailing = speech.iter().rev().take_while(|s| **s == 0.0).count();
    assert!(trailing >= millis(150), "{trailing}");
    assert!(trailing <= millis(155), "{trailing}");
}

#[test]
fn every_response_ends_with_the_same_silence() {
    for pause in [
        Pause::None,
        Pause::Clause,
        Pause::Sentence,
        Pause::Paragraph,
    ] {
        let speech = assemble(&[(utterance(0.5, 3), pause)]);
        let trailing = speech.iter().rev().take_while(|s| **s == 0.0).count();
        assert!(
            trailing.abs_diff(millis(150)) <= millis(5),
            "{pause:?}: {trailing}"
        );
    }
}

#[test]
fn loud_and_quiet_sentences_are_heard_alike() {
    let mut assembler = SpeechAssembler::new(RATE_HZ, PAUSES);
    let levels: Vec<f32> = [0.1, 0.3, 0.5, 0.9]
        .into_iter()
        .map(|peak| level_db(&assembler.push(utterance(peak, 8), Pause::Sentence)))
        .collect();
    for level in &levels {
        assert!((level - levels[0]).abs() < 1.0, "{levels:?}");
    }
}

#[test]
fn a_murmur_stays_quieter_than_speech() {
    let mut assembler = SpeechAssembler::new(RATE_HZ, PAUSES);
    let normal = level_db(&assembler.push(utterance(0.5, 8), Pause::Sentence));
    let murmur = level_db(&assembler.push(utterance(0.005, 8), Pause::Sentence));
    assert!(murmur < normal - 6.0, "{murmur} and {normal} dB");
}

#[test]
fn peaks_stay_below_the_ceiling() {
    let mut loud = utterance(0.2, 10);
    let at = loud.len() / 2;
    for (n, sample) in loud[at..at + 40].iter_mut().enumerate() {
        *sample = 5.0 * (TAU * n as f32 / 20.0).sin();
    }
    let mut assembler = SpeechAssembler::new(RATE_HZ, PAUSES);
    let speech = assembler.push(loud, Pause::Sentence);
    let peak = speech.iter().fold(0.0_f32, |p, s| p.max(s.abs()));
    assert!(peak <= 0.9, "{peak}");
}

#[test]
fn joins_do_not_click() {
    // Speech at the utterance's very ends, as an "s" at the first sample is.
    let abrupt = syllables(0.5, 4)[millis(60)..millis(500)].to_vec();
    let speech = assemble(&[
        (abrupt.clone(), Pause::None),
        (abrupt.clone(), Pause::Clause),
        (abrupt, Pause::Sentence),
    ]);
    let within = syllables(0.5, 4);
    let steepest = |samples: &[f32]| {
        samples
            .windows(2)
            .fold(0.0_f32, |s, w| s.max((w[1] - w[0]).abs()))
    };
    let gain = 10.0_f32.powf((level_db(&speech) - level_db(&within)) / 20.0);
    assert!(steepest(&speech) <= 1.2 * gain * steepest(&within));
    assert!(speech[0].abs() < 1e-6);
}

#[test]
fn an_offset_is_taken_away() {
    let mut shifted = utterance(0.5, 6);
    for sample in &mut shifted {
        *sample += 0.2;
    }
    let mut assembler = SpeechAssembler::new(RATE_HZ, PAUSES);
    let speech = assembler.push(shifted, Pause::None);
    let mean = speech.iter().sum::<f32>() / speech.len() as f32;
    assert!(mean.abs() < 0.02, "{mean}");
}

#[test]
fn an_utterance_without_speech_gives_no_more_than_its_pause() {
    let with_silent = assemble(&[
        (utterance(0.5, 3), Pause::Sentence),
        (silence(800), Pause::Paragraph),
        (utterance(0.5, 3), Pause::Sentence),
    ]);
    let without = assemble(&[
        (utterance(0.5, 3), Pause::Paragraph),
        (utterance(0.5, 3), Pause::Sentence),
    ]);
    assert_eq!(with_silent, without);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_numbers_become_samples_within_bounds(
        sample_rate_hz in 1_u32..50_000,
        utterances in proptest::collection::vec(
            (
                proptest::collection::vec(
                    prop_oneof![10 => -2.0_f32..2.0, 1 => proptest::num::f32::ANY],
                    0..800,
                ),
                proptest::sample::select(
                    &[Pause::None, Pause::Clause, Pause::Sentence, Pause::Paragraph][..]
                ),
            ),
            0..5,
        ),
    ) {
        let mut assembler = SpeechAssembler::new(sample_rate_hz, PAUSES);
        for (samples, pause) in utterances {
            let speech = assembler.push(samples, pause);
            prop_assert!(speech.iter().all(|s| s.abs() <= 0.9));
        }
        assembler.finish();
    }
}
