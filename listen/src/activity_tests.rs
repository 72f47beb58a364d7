//! Speech in virtual time: probabilities for so many milliseconds, facts at so many milliseconds.

use proptest::prelude::*;

use super::*;

const FRAME_MS: u64 = 32;
const VOICE: f32 = 0.9;
const SILENCE: f32 = 0.05;
/// Between the two thresholds.
const FAINT: f32 = 0.4;

fn at(ms: u64) -> u64 {
    ms * 16
}

fn started(ms: u64) -> Activity {
    Activity::Started { at: at(ms) }
}

fn paused(ms: u64) -> Activity {
    Activity::Paused { at: at(ms) }
}

/// Hears each probability for so many milliseconds.
fn hear(activity: &mut VoiceActivity, script: &[(f32, u64)]) -> Vec<Activity> {
    let mut facts = Vec::new();
    for (probability, ms) in script {
        assert_eq!(ms % FRAME_MS, 0, "whole frames");
        facts.extend((0..ms / FRAME_MS).filter_map(|_| activity.hear(*probability)));
    }
    facts
}

fn heard(script: &[(f32, u64)]) -> Vec<Activity> {
    hear(&mut VoiceActivity::new(0.5, 0), script)
}

#[test]
fn speech_is_told_once_it_is_no_click_and_a_pause_once_it_is_one() {
    let facts = heard(&[(SILENCE, 320), (VOICE, 224), (SILENCE, 224)]);
    assert_eq!(facts, [started(320), paused(544)]);
    assert_eq!(heard(&[(VOICE, 192), (SILENCE, 960)]), [], "a click");
    assert_eq!(
        heard(&[(VOICE, 224), (SILENCE, 192), (VOICE, 32)]),
        [started(0)],
        "between two words"
    );
}

#[test]
fn clicks_with_short_gaps_add_up_and_those_far_apart_do_not() {
    let near = [(VOICE, 128), (SILENCE, 96), (VOICE, 128)];
    assert_eq!(heard(&near), [started(0)]);
    let far = [(VOICE, 128), (SILENCE, 224), (VOICE, 128)];
    assert_eq!(heard(&far), []);
}

#[test]
fn a_voice_that_trails_off_goes_on_and_a_faint_one_does_not_begin() {
    assert_eq!(heard(&[(FAINT, 960)]), []);
    let facts = heard(&[(VOICE, 224), (FAINT, 640), (SILENCE, 224)]);
    assert_eq!(facts, [started(0), paused(864)]);
}

#[test]
fn after_a_pause_the_first_voice_counts_and_after_a_turn_it_does_not() {
    let mut activity = VoiceActivity::new(0.5, 0);
    hear(&mut activity, &[(VOICE, 224), (SILENCE, 224)]);
    assert_eq!(hear(&mut activity, &[(VOICE, 32)]), [started(448)]);
    hear(&mut activity, &[(SILENCE, 224)]);
    activity.end_turn();
    assert_eq!(hear(&mut activity, &[(VOICE, 32)]), []);
    assert_eq!(hear(&mut activity, &[(VOICE, 192)]), [started(704)]);
}

#[test]
fn who_speaks_on_when_the_turn_is_over_begins_anew() {
    let mut activity = VoiceActivity::new(0.5, 0);
    assert_eq!(hear(&mut activity, &[(VOICE, 320)]), [started(0)]);
    activity.end_turn();
    assert_eq!(hear(&mut activity, &[(VOICE, 224)]), [started(320)]);
}

#[test]
fn the_threshold_can_be_set_and_positions_go_on_from_any() {
    let mut activity = VoiceActivity::new(0.5, at(1000));
    activity.set_threshold(0.3);
    let facts = hear(&mut activity, &[(FAINT, 224), (SILENCE, 224)]);
    assert_eq!(facts, [started(1000), paused(1224)]);
    assert_eq!(activity.position(), at(1448));
}

proptest! {
    #[test]
    fn facts_take_turns_and_never_go_back(
        probabilities in prop::collection::vec(0.0_f32..1.0, 0..400),
        ends in prop::collection::vec(any::<bool>(), 400),
    ) {
        let mut activity = VoiceActivity::new(0.5, 0);
        let mut last = (false, 0);
        for (probability, ends) in probabilities.into_iter().zip(ends) {
            let (is_speech, at) = match activity.hear(probability) {
                Some(Activity::Started { at }) => (true, at),
                Some(Activity::Paused { at }) => (false, at),
                None => {
                    if ends && !last.0 {
                        activity.end_turn();
                    }
                    continue;
                }
            };
            prop_assert_ne!(last.0, is_speech);
            prop_assert!(at >= last.1 && at <= activity.position());
            last = (is_speech, at);
        }
    }
}
