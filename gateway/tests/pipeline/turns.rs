//! From what is heard to what is answered.

use std::time::Duration;

use tokio::time::Instant;
use voice_stack_gateway::conversation::{Detection, Event, Outcome, Settings, Speculation};
use voice_stack_gateway::pipeline::Outgoing;

use crate::{Scene, recording, speech, transcript};

/// Of the sentence that the recording begins with; its last voice is at 2.24 s.
const SENTENCE: usize = 16_000 * 5 / 2;

fn settings() -> Settings {
    Settings {
        detection: Detection::Silence(Duration::from_millis(500)),
        speculation: Speculation::Off,
        ..Settings::default()
    }
}

#[tokio::test]
async fn a_sentence_that_is_sent_at_once_and_nothing_behind_it_is_answered() {
    let Some(scene) = Scene::new(transcript("Hello."), speech(1)).await else {
        return;
    };
    let (line, mut client) = scene.converse(settings());
    line.hear(&recording()[..SENTENCE]).await.unwrap();
    let (from, to) = client
        .event(|it| match it {
            Event::TurnEnded { from, to, .. } => Some((from, to)),
            _ => None,
        })
        .await;
    assert!((0.25..0.45).contains(&from.as_secs_f64()), "{from:?}");
    assert!((2.1..2.4).contains(&to.as_secs_f64()), "{to:?}");
    let text = client
        .event(|it| match it {
            Event::Transcript { text, .. } => Some(text),
            _ => None,
        })
        .await;
    assert_eq!(text, "Hello.");
    // Padded by what voice activity does not take for voice, and no more.
    let asked = &scene.asr.seen()[0];
    let seconds = asked.body.len() as f64 / 32_000.0;
    assert!((2.1..2.7).contains(&seconds), "{seconds} s");

    let outcome = client
        .event(|it| match it {
            Event::AnswerEnded { outcome, .. } => Some(outcome),
            _ => None,
        })
        .await;
    assert_eq!(outcome, Outcome::Completed);
}

#[tokio::test]
async fn what_the_client_commits_is_a_turn_however_fast_it_comes() {
    let Some(scene) = Scene::new(transcript("Hello."), speech(1)).await else {
        return;
    };
    let manual = Settings {
        detection: Detection::Manual,
        ..settings()
    };
    let (line, mut client) = scene.converse(manual);
    let begun = Instant::now();
    let minute: Vec<i16> = recording().into_iter().cycle().take(16_000 * 60).collect();
    line.hear(&minute).await.unwrap();
    line.commit(false).await.unwrap();
    client
        .event(|it| matches!(it, Event::Transcript { .. }).then_some(()))
        .await;
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "faster than it was spoken"
    );
    let seconds = scene.asr.seen()[0].body.len() as f64 / 32_000.0;
    assert!((59.9..60.1).contains(&seconds), "{seconds} s");
}

#[tokio::test]
async fn audio_comes_in_small_pieces_without_a_gap() {
    let Some(scene) = Scene::new(transcript("x"), speech(2)).await else {
        return;
    };
    let (line, mut client) = scene.converse(settings());
    line.tell(voice_stack_gateway::conversation::Input::Text(
        "Hello.".into(),
    ))
    .await
    .unwrap();
    let mut position = 0;
    loop {
        match client.next().await {
            Outgoing::Audio { from, samples, .. } => {
                assert_eq!(from, position);
                assert!((1..=2400).contains(&samples.len()));
                position += samples.len() as u64;
            }
            Outgoing::Event(Event::AnswerEnded { outcome, .. }) => {
                assert_eq!(outcome, Outcome::Completed);
                break;
            }
            _ => {}
        }
    }
    assert!(position >= 2 * 24_000, "{position}");
    assert_eq!(position % (2 * 24_000), 0, "whole phrases");
}
