use proptest::prelude::*;

use super::*;

/// Cuts audio that is described as (seconds, probability of speech) stretches.
fn cut(stretches: &[(f64, f32)]) -> (Vec<Window>, usize) {
    let probabilities: Vec<f32> = stretches
        .iter()
        .flat_map(|(seconds, probability)| vec![*probability; frames(*seconds)])
        .collect();
    let samples = probabilities.len() * FRAME_SAMPLES;
    let mut cutter = WindowCutter::new(samples);
    let mut windows: Vec<Window> = probabilities
        .into_iter()
        .filter_map(|probability| cutter.push(probability))
        .collect();
    windows.extend(cutter.finish());
    (windows, samples)
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.1
}

#[test]
fn silence_gives_no_window() {
    assert!(cut(&[(60.0, 0.02)]).0.is_empty());
    assert!(cut(&[]).0.is_empty());
}

#[test]
fn a_click_is_no_speech() {
    assert!(cut(&[(1.0, 0.0), (0.1, 0.9), (1.0, 0.0)]).0.is_empty());
}

#[test]
fn speech_keeps_its_padding_and_loses_the_silence_around_it() {
    let (windows, _) = cut(&[(5.0, 0.0), (3.0, 0.9), (5.0, 0.0)]);
    assert_eq!(windows.len(), 1);
    assert!(near(windows[0].start_seconds(), 4.8));
    assert!(near(windows[0].seconds(), 3.4));
    assert!(near(windows[0].speech_seconds_after(0.0), 3.0));
}

#[test]
fn long_silence_inside_is_taken_out_and_times_are_mapped_back() {
    let (windows, _) = cut(&[(1.0, 0.0), (2.0, 0.9), (20.0, 0.0), (2.0, 0.9), (1.0, 0.0)]);
    assert_eq!(windows.len(), 1, "both fit into one window");
    let window = &windows[0];
    assert!(near(window.seconds(), 4.8));
    assert!(near(window.original_start(0.2), 1.0));
    let joint = (window.pieces[0].end - window.pieces[0].start) as f64 / RATE;
    assert!(
        near(window.original_end(joint), 3.2),
        "an end stays before the silence"
    );
    assert!(
        near(window.original_start(joint), 22.8),
        "a start comes after the silence"
    );
    assert!(near(window.original_end(4.8), 25.2));
    assert!(
        near(window.original_end(99.0), 25.2),
        "times past the end stay inside"
    );
}

#[test]
fn a_short_pause_stays() {
    let (windows, _) = cut(&[(2.0, 0.9), (0.8, 0.0), (2.0, 0.9)]);
    assert_eq!(windows.len(), 1);
    assert!(near(windows[0].seconds(), 4.8));
}

#[test]
fn speech_without_a_pause_is_cut_at_its_quietest_moment() {
    let (windows, samples) = cut(&[(22.0, 0.9), (0.1, 0.4), (30.0, 0.9)]);
    assert!(windows.len() >= 2);
    assert!(near(windows[0].seconds(), 22.0), "{}", windows[0].seconds());
    let total: usize = windows.iter().map(Window::len).sum();
    assert_eq!(total, samples, "nothing is lost or heard twice");
}

#[test]
fn the_speech_after_a_time_says_what_another_pass_is_worth() {
    let (windows, _) = cut(&[(2.0, 0.9), (0.8, 0.0), (2.0, 0.9), (3.0, 0.0)]);
    assert!(near(windows[0].speech_seconds_after(0.0), 4.0));
    assert!(near(windows[0].speech_seconds_after(2.2), 2.0));
    assert!(near(windows[0].speech_seconds_after(4.8), 0.0));
}

proptest! {
    #[test]
    fn windows_fit_the_model_are_in_order_and_never_overlap(
        stretches in prop::collection::vec((0.05_f64..40.0, 0.0_f32..1.0), 0..12)
    ) {
        let (windows, samples) = cut(&stretches);
        let mut end = 0;
        for window in &windows {
            prop_assert!(window.len() <= LONGEST_WINDOW_SAMPLES);
            prop_assert!(window.speech_seconds_after(0.0) > 0.0);
            for piece in &window.pieces {
                prop_assert!(piece.start >= end && piece.start < piece.end);
                end = piece.end;
            }
            let mut last = 0.0;
            for step in 0..=20 {
                let time = window.original_end(window.seconds() * f64::from(step) / 20.0);
                prop_assert!(time >= last && time <= samples as f64 / RATE);
                last = time;
            }
        }
        prop_assert!(end <= samples);
    }
}
