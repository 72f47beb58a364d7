//! Turns in virtual time: probabilities for so many milliseconds, events at so many milliseconds.

use proptest::prelude::*;

use super::*;
use crate::settings::Eagerness;

const FRAME_MS: u64 = 32;
const VOICE: f32 = 0.9;
const SILENCE: f32 = 0.05;
/// Between the two thresholds.
const FAINT: f32 = 0.4;

fn detector(end: EndOfTurn) -> TurnDetector {
    let settings = TurnSettings {
        end,
        ..TurnSettings::default()
    };
    TurnDetector::new(settings, 0)
}

fn silence(ms: u64) -> EndOfTurn {
    EndOfTurn::Silence(Duration::from_millis(ms))
}

fn at(ms: u64) -> u64 {
    ms * 16
}

/// Hears this probability until so many milliseconds of frames are over.
fn hear(detector: &mut TurnDetector, probability: f32, ms: u64) -> Vec<TurnEvent> {
    assert_eq!(ms % FRAME_MS, 0, "whole frames");
    let frames = 0..ms / FRAME_MS;
    frames.filter_map(|_| detector.hear(probability)).collect()
}

fn hear_all(detector: &mut TurnDetector, script: &[(f32, u64)]) -> Vec<TurnEvent> {
    let parts = script.iter();
    parts
        .flat_map(|(it, ms)| hear(detector, *it, *ms))
        .collect()
}

fn started(speech_start: u64, audio_start: u64) -> TurnEvent {
    TurnEvent::Started {
        speech_start: at(speech_start),
        audio_start: at(audio_start),
    }
}

fn may_have_ended(pause: u64, speech_end: u64, audio_end: u64) -> TurnEvent {
    TurnEvent::MayHaveEnded {
        pause: Pause(pause),
        speech_end: at(speech_end),
        audio_end: at(audio_end),
    }
}

fn goes_on(pause: u64, speech_start: u64) -> TurnEvent {
    TurnEvent::GoesOn {
        pause: Pause(pause),
        speech_start: at(speech_start),
    }
}

fn ended(speech_end: u64, audio_end: u64) -> TurnEvent {
    TurnEvent::Ended {
        speech_end: at(speech_end),
        audio_end: at(audio_end),
    }
}

#[test]
fn a_turn_starts_with_its_padding_and_ends_after_the_silence_that_is_set() {
    let mut detector = detector(silence(500));

    let events = hear_all(
        &mut detector,
        &[(SILENCE, 960), (VOICE, 1280), (SILENCE, 960)],
    );

    // Seven frames are the first to be 200 ms, and sixteen to be 500 ms.
    let expected = [
        started(960, 660),
        may_have_ended(1, 2240, 2240 + 7 * FRAME_MS),
        ended(2240, 2240 + 16 * FRAME_MS),
    ];
    assert_eq!(events, expected);
}

#[test]
fn it_is_told_as_soon_as_it_is_known() {
    let mut detector = detector(silence(500));

    assert_eq!(hear(&mut detector, VOICE, 6 * FRAME_MS), []);
    assert_eq!(detector.hear(VOICE), Some(started(0, 0)));
    assert_eq!(hear(&mut detector, SILENCE, 6 * FRAME_MS), []);
    let pause = detector.hear(SILENCE);
    assert_eq!(pause, Some(may_have_ended(1, 224, 448)));
    assert_eq!(detector.position(), at(448));
}

#[test]
fn a_click_is_no_speech_and_a_stutter_is() {
    let click = [(VOICE, 192), (SILENCE, 1024)];
    assert_eq!(hear_all(&mut detector(silence(500)), &click), []);
    // Clicks with 200 ms between them are clicks; with less they are one voice.
    let apart = [(VOICE, 96), (SILENCE, 224), (VOICE, 192), (SILENCE, 1024)];
    assert_eq!(hear_all(&mut detector(silence(500)), &apart), []);
    let stutter = [(VOICE, 96), (SILENCE, 192), (VOICE, 128)];
    let events = hear_all(&mut detector(silence(500)), &stutter);
    assert_eq!(events, [started(0, 0)]);
}

#[test]
fn a_voice_may_trail_off_between_the_thresholds_but_not_begin_there() {
    assert_eq!(hear(&mut detector(silence(500)), FAINT, 3200), []);

    let mut detector = detector(silence(500));
    let script = [(VOICE, 320), (FAINT, 1600), (SILENCE, 32), (FAINT, 992)];
    let events = hear_all(&mut detector, &script);

    // After a frame below the lower threshold it takes the upper one to go on.
    let expected = [
        started(0, 0),
        may_have_ended(1, 1920, 1920 + 7 * FRAME_MS),
        ended(1920, 1920 + 16 * FRAME_MS),
    ];
    assert_eq!(events, expected);
}

#[test]
fn the_threshold_can_be_set_and_the_lower_one_follows() {
    let settings = TurnSettings {
        threshold: 0.8,
        ..TurnSettings::default()
    };
    let mut strict = TurnDetector::new(settings, 0);
    assert_eq!(hear(&mut strict, 0.79, 960), []);
    assert_eq!(hear(&mut strict, 0.8, 224), [started(960, 660)]);
    assert_eq!(hear(&mut strict, 0.66, 960), []);
    let speech_end = 960 + 224 + 960;
    let expected = may_have_ended(1, speech_end, speech_end + 224);
    assert_eq!(hear(&mut strict, 0.64, 224), [expected]);
}

#[test]
fn a_speaker_who_goes_on_keeps_the_turn() {
    let mut detector = detector(silence(500));
    let pause = [(VOICE, 640), (SILENCE, 320)];

    let events = hear_all(&mut detector, &[pause[0], pause[1], pause[0], pause[1]]);

    let expected = [
        started(0, 0),
        may_have_ended(1, 640, 640 + 224),
        goes_on(1, 960),
        may_have_ended(2, 1600, 1600 + 224),
    ];
    assert_eq!(events, expected);
}

#[test]
fn a_silence_no_longer_than_a_pause_ends_the_turn_at_once() {
    for ms in [0, 32, 200, 224] {
        let mut detector = detector(silence(ms));
        let events = hear_all(&mut detector, &[(VOICE, 640), (SILENCE, 640)]);
        let heard = ms.max(1).next_multiple_of(FRAME_MS);
        assert_eq!(events, [started(0, 0), ended(640, 640 + heard)], "{ms} ms");
    }
}

#[test]
fn padding_does_not_reach_into_the_turn_before_nor_before_the_stream() {
    let mut detector = TurnDetector::new(
        TurnSettings {
            end: silence(200),
            prefix_padding: Duration::from_secs(5),
            ..TurnSettings::default()
        },
        at(3200),
    );
    let turn = [(SILENCE, 96), (VOICE, 640), (SILENCE, 224)];

    let events = hear_all(&mut detector, &[turn, turn].concat());

    let expected = [
        started(3296, 3200),
        ended(3936, 4160),
        started(4256, 4160),
        ended(4896, 5120),
    ];
    assert_eq!(events, expected);
}

#[test]
fn a_turn_that_is_complete_ends_with_its_score() {
    let mut detector = detector(EndOfTurn::Semantic(Eagerness::Medium));
    hear_all(&mut detector, &[(VOICE, 640), (SILENCE, 256)]);

    assert_eq!(detector.score(Pause(1), 0.51), Some(ended(640, 896)));

    assert_eq!(detector.score(Pause(1), 0.51), None, "it has ended");
    assert_eq!(hear(&mut detector, SILENCE, 9600), []);
}

#[test]
fn a_turn_that_is_not_complete_or_not_scored_waits_as_long_as_eagerness_says() {
    for (eagerness, ms) in [
        (Eagerness::Low, 8000),
        (Eagerness::Medium, 4000),
        (Eagerness::High, 2016),
    ] {
        for score in [Some(0.5), Some(f32::NAN), None] {
            let mut detector = detector(EndOfTurn::Semantic(eagerness));
            hear_all(&mut detector, &[(VOICE, 640), (SILENCE, 224)]);
            if let Some(score) = score {
                assert_eq!(detector.score(Pause(1), score), None);
            }
            let events = hear(&mut detector, SILENCE, 9600);
            assert_eq!(events, [ended(640, 640 + ms)], "{eagerness:?} {score:?}");
        }
    }
}

#[test]
fn a_score_of_a_pause_that_is_over_is_dropped() {
    let mut detector = detector(EndOfTurn::Semantic(Eagerness::High));
    hear_all(&mut detector, &[(VOICE, 640), (SILENCE, 224)]);
    hear(&mut detector, VOICE, 32);
    assert_eq!(
        detector.score(Pause(1), 0.99),
        None,
        "while there is a voice"
    );
    hear(&mut detector, SILENCE, 224);
    assert_eq!(detector.score(Pause(1), 0.99), None, "in the next pause");
    assert_eq!(detector.score(Pause(2), 0.99), Some(ended(896, 1120)));
}

#[test]
fn where_silence_decides_a_score_does_not() {
    let mut detector = detector(silence(500));
    hear_all(&mut detector, &[(VOICE, 640), (SILENCE, 224)]);
    assert_eq!(detector.score(Pause(1), 0.99), None);
}

#[test]
fn settings_that_change_within_a_turn_count_for_it() {
    let mut detector = detector(EndOfTurn::Semantic(Eagerness::Low));
    hear_all(&mut detector, &[(VOICE, 640), (SILENCE, 960)]);
    detector.set(TurnSettings::default());
    assert_eq!(detector.hear(SILENCE), Some(ended(640, 1632)));
}

/// One thing that a detector is told.
#[derive(Debug, Clone)]
enum Step {
    Frames(f32, usize),
    /// A score for the pause so many pauses ago.
    Score(u64, f32),
    Set(TurnSettings),
}

fn settings() -> impl Strategy<Value = TurnSettings> {
    let end = prop_oneof![
        (0_u64..3000).prop_map(silence),
        prop_oneof![
            Just(Eagerness::Low),
            Just(Eagerness::Medium),
            Just(Eagerness::High)
        ]
        .prop_map(EndOfTurn::Semantic),
    ];
    (0.0_f32..1.0, 0_u64..500, 0_u64..2000, end).prop_map(
        |(threshold, min_speech, prefix_padding, end)| TurnSettings {
            threshold,
            min_speech: Duration::from_millis(min_speech),
            prefix_padding: Duration::from_millis(prefix_padding),
            end,
        },
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let frames = (
        prop_oneof![0.0_f32..0.3, 0.0_f32..=1.0, 0.6_f32..=1.0],
        1_usize..20,
    );
    let step = prop_oneof![
        8 => frames.prop_map(|(probability, count)| Step::Frames(probability, count)),
        2 => (0_u64..2, 0.0_f32..=1.0).prop_map(|(ago, complete)| Step::Score(ago, complete)),
        1 => settings().prop_map(Step::Set),
    ];
    prop::collection::vec(step, 0..60)
}

/// What came before, as the events must follow each other.
#[derive(Debug, Default)]
struct Follower {
    in_turn: bool,
    pause: Option<Pause>,
    last_pause: Option<Pause>,
    /// No position may be before it.
    position: u64,
}

impl Follower {
    fn follow(&mut self, event: TurnEvent) {
        let mut next = |position: u64| {
            assert!(
                position >= self.position,
                "{event:?} after {}",
                self.position
            );
            self.position = position;
        };
        match event {
            TurnEvent::Started {
                speech_start,
                audio_start,
            } => {
                assert!(!self.in_turn);
                self.in_turn = true;
                next(audio_start);
                next(speech_start);
            }
            TurnEvent::MayHaveEnded {
                pause,
                speech_end,
                audio_end,
            } => {
                assert!(self.in_turn && self.pause.is_none());
                assert_ne!(self.last_pause.replace(pause), Some(pause));
                self.pause = Some(pause);
                next(speech_end);
                // The end of this turn names the same voice again.
                assert!(audio_end > speech_end);
            }
            TurnEvent::GoesOn {
                pause,
                speech_start,
            } => {
                assert!(self.in_turn);
                assert_eq!(self.pause.take(), Some(pause));
                next(speech_start);
            }
            TurnEvent::Ended {
                speech_end,
                audio_end,
            } => {
                assert!(self.in_turn);
                self.in_turn = false;
                self.pause = None;
                next(speech_end);
                next(audio_end);
            }
        }
    }
}

proptest! {
    #[test]
    fn events_alternate_and_positions_never_go_back(
        first in settings(),
        position in 0_u64..100_000,
        steps in steps(),
    ) {
        let mut detector = TurnDetector::new(first, position);
        let mut follower = Follower { position, ..Follower::default() };
        for step in steps {
            match step {
                Step::Frames(probability, count) => {
                    for _ in 0..count {
                        detector.hear(probability).into_iter().for_each(|it| follower.follow(it));
                    }
                }
                Step::Score(ago, complete) => {
                    let pause = Pause(detector.pauses.saturating_sub(ago));
                    detector.score(pause, complete).into_iter().for_each(|it| follower.follow(it));
                }
                Step::Set(settings) => detector.set(settings),
            }
        }
        // Whatever was said, silence ends the turn, and then there is nothing more.
        detector.set(TurnSettings::default());
        for _ in 0..20 {
            detector.hear(SILENCE).into_iter().for_each(|it| follower.follow(it));
        }
        prop_assert!(!follower.in_turn);
        prop_assert_eq!(hear(&mut detector, SILENCE, 9600), []);
    }
}
