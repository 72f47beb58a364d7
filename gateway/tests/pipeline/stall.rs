//! Clients that are slow or gone, and services that never come to an end.

use std::time::Duration;

use tokio::time::timeout;
use voice_stack_gateway::conversation::{
    Closing, Detection, Event, Input, Limits, Outcome, Settings, Speculation, Stage,
};
use voice_stack_gateway::pipeline::Outgoing;

use crate::stub::Step;
use crate::{PATIENCE, Scene, recording, speech, transcript};

fn manual() -> Settings {
    Settings {
        detection: Detection::Manual,
        speculation: Speculation::Off,
        ..Settings::default()
    }
}

#[tokio::test]
async fn what_is_cancelled_is_cancelled_down_to_its_connection() {
    let Some(scene) = Scene::new(vec![Step::Stall], vec![Step::Stall]).await else {
        return;
    };
    let (line, mut client) = scene.converse(manual());
    line.hear(&recording()[..16_000]).await.unwrap();
    line.commit(true).await.unwrap();
    scene.asr.until_asked().await;
    line.tell(Input::Text("Hello.".into())).await.unwrap();
    client
        .event(|it| matches!(it, Event::AnswerStarted { .. }).then_some(()))
        .await;
    drop(line);
    scene.asr.until_hung_up().await;
    scene.tts.until_hung_up().await;
    loop {
        if client.next().await == Outgoing::Closed(Closing::HungUp) {
            break;
        }
    }
    assert_eq!(client.0.next().await, None);
}

#[tokio::test]
async fn a_stage_that_takes_too_long_is_told_and_the_conversation_goes_on() {
    let Some(scene) = Scene::new(vec![Step::Stall], speech(1)).await else {
        return;
    };
    let limits = Limits {
        transcript: Duration::from_millis(300),
        ..Limits::default()
    };
    let (line, mut client) = scene.converse(Settings { limits, ..manual() });
    line.hear(&recording()[..16_000]).await.unwrap();
    line.commit(true).await.unwrap();
    let stage = client
        .event(|it| match it {
            Event::Failed { stage } => Some(stage),
            _ => None,
        })
        .await;
    assert_eq!(stage, Stage::Transcript);
    scene.asr.until_hung_up().await;
    let outcome = client
        .event(|it| match it {
            Event::AnswerEnded { outcome, .. } => Some(outcome),
            _ => None,
        })
        .await;
    assert_eq!(outcome, Outcome::Failed(Stage::Transcript));
    line.tell(Input::Text("Hello.".into())).await.unwrap();
    client
        .event(|it| matches!(it, Event::AnswerStarted { .. }).then_some(()))
        .await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_heard_all_the_same() {
    let Some(scene) = Scene::new(transcript("x"), speech(20)).await else {
        return;
    };
    let (line, mut client) = scene.converse(manual());
    line.tell(Input::Text("Hello.".into())).await.unwrap();
    scene.tts.until_asked().await;
    // More than the queue of what is heard holds, in real time at the most.
    let recording = recording();
    let heard = timeout(PATIENCE, line.hear(&recording));
    heard
        .await
        .expect("it does not wait for the client")
        .unwrap();
    line.tell(Input::Cancel).await.unwrap();
    let mut is_flushed = false;
    let ended = loop {
        match client.next().await {
            Outgoing::Audio { .. } => assert!(!is_flushed, "nothing of it follows"),
            Outgoing::Flush { .. } => is_flushed = true,
            Outgoing::Event(Event::AnswerEnded { outcome, .. }) => break outcome,
            _ => {}
        }
    };
    assert_eq!(ended, Outcome::Cancelled);
    assert!(is_flushed);
}
