use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use voice_common::admission::Admission;
use voice_common::cancellation::CancelCause;

use super::*;
use crate::engine::SpeakOptions;
use crate::engine::scripted::Scripted;

const PLAIN: SpeakOptions = SpeakOptions {
    speaker: None,
    speed: 1.0,
};

/// A part of that number of words.
fn part(model: &dyn Synthesizer, words: usize) -> Part<'_> {
    let mut runs = model.prepare(&"word ".repeat(words), PLAIN).unwrap();
    assert_eq!(runs.len(), 1);
    Part {
        run: runs.remove(0),
        pause: Pause::Sentence,
    }
}

/// Parts of 1, 2, 3, … words.
fn parts<'a>(
    speaker: &Speaker<'a>,
    count: usize,
) -> impl Iterator<Item = Result<Part<'a>, ApiError>> + use<'a> {
    let model = speaker.model;
    (1..=count).map(move |words| Ok(part(model, words)))
}

/// Speaks on a blocking thread, as a job does.
async fn with_speaker<T: Send + 'static>(
    voice: Scripted,
    cancellation: Cancellation,
    test: impl FnOnce(&Speaker<'_>) -> T + Send + 'static,
) -> T {
    let admission = Admission::new(1, 0, Duration::ZERO);
    let permit = admission.admit().await.unwrap().permit;
    let speaking = tokio::task::spawn_blocking(move || {
        test(&Speaker {
            model: &voice,
            permit: &permit,
            cancellation: &cancellation,
        })
    });
    speaking.await.unwrap()
}

/// Lengths of all that was spoken.
fn spoken(speaker: &Speaker<'_>, count: usize) -> Vec<usize> {
    std::thread::scope(|scope| {
        let mut runs = Runs::new(scope, speaker, parts(speaker, count));
        let mut lengths = Vec::new();
        while let Some(spoken) = runs.next() {
            runs.begin_more();
            lengths.push(spoken.unwrap().samples.len());
            assert_eq!(runs.has_more(), lengths.len() < count);
        }
        lengths
    })
}

#[tokio::test]
async fn parts_come_in_their_order_however_many_run_at_once() {
    let one_by_one = with_speaker(Scripted::default(), Cancellation::new(), |it| spoken(it, 9));
    let one_by_one = one_by_one.await;
    assert_eq!(one_by_one.len(), 9);
    assert!(one_by_one.is_sorted_by(|one, other| one < other));
    for free_runs in [1, 2, 100] {
        let voice = Scripted::default().with_free_runs(free_runs);
        let ahead = with_speaker(voice, Cancellation::new(), |it| spoken(it, 9)).await;
        assert_eq!(ahead, one_by_one, "{free_runs}");
    }
}

#[tokio::test]
async fn no_more_run_ahead_than_may() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let voice = Scripted::default().with_free_runs(100);
    with_speaker(voice, Cancellation::new(), |speaker| {
        std::thread::scope(|scope| {
            let counted = parts(speaker, 50).inspect(|_| {
                ASKED.fetch_add(1, Ordering::Relaxed);
            });
            let mut runs = Runs::new(scope, speaker, counted);
            for heard in 1..=3 {
                assert!(runs.next().unwrap().is_ok());
                runs.begin_more();
                // One more was looked at, to know whether the text goes on.
                assert_eq!(ASKED.load(Ordering::Relaxed), heard + MOST_AHEAD + 1);
            }
        });
    })
    .await;
}

#[test]
fn the_last_two_parts_are_spoken_together_if_they_are_about_as_long() {
    let voice = Scripted::default();
    let of = |lengths: &[usize]| {
        let parts = lengths.iter().map(|&it| Ok(part(&voice, it)));
        worth_beginning_together(&parts.collect())
    };
    assert!(of(&[10, 8]) && of(&[8, 10]) && of(&[10, 1, 1]) && of(&[10]));
    assert!(!of(&[10, 7]) && !of(&[1, 10]));
}

#[tokio::test]
async fn an_error_comes_when_it_is_its_turn() {
    let voice = Scripted::default().with_free_runs(2);
    with_speaker(voice, Cancellation::new(), |speaker| {
        std::thread::scope(|scope| {
            let broken = std::iter::once(Err(ApiError::internal("no phonemes")));
            let mut runs = Runs::new(scope, speaker, parts(speaker, 2).chain(broken));
            assert!(runs.next().unwrap().is_ok());
            runs.begin_more();
            assert!(runs.next().unwrap().is_ok());
            assert!(runs.next().unwrap().is_err());
            assert!(runs.next().is_none());
        });
    })
    .await;
}

#[tokio::test]
async fn a_cancellation_ends_those_that_run_ahead() {
    let stopped = Cancellation::new();
    let voice = Scripted::default().with_free_runs(2).gated();
    voice.let_pass(1);
    let stop = stopped.clone();
    with_speaker(voice, stopped, move |speaker| {
        std::thread::scope(|scope| {
            let mut runs = Runs::new(scope, speaker, parts(speaker, 9));
            assert!(runs.next().unwrap().is_ok());
            // They wait at the gate, which stays closed.
            runs.begin_more();
            stop.cancel(CancelCause::Disconnected);
            assert!(runs.next().unwrap().is_err());
        });
    })
    .await;
}
