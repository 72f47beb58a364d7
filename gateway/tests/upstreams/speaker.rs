//! Speech syntheses that speak, fail, stall, or are others.

use std::time::Duration;

use serde_json::{Value, json};
use voice_stack_gateway::conversation::Stage;
use voice_stack_gateway::failure::Failure;
use voice_stack_gateway::speech::{Speaker, Speech};
use voice_upstream::{Outcome, UpstreamError};

use crate::stub::{Step, Stub, answer, chunk, nobody};
use crate::{config, counted, end, head_of, list, pool};

fn speaker(urls: &str, settings: &[(&str, &str)]) -> Speaker {
    let mut variables = vec![("TTS_BASE_URL", urls)];
    variables.extend(settings);
    Speaker::open(&pool(), &config(&variables).speech, None).unwrap()
}

fn pcm() -> Step {
    head_of("audio/pcm")
}

fn good() -> Vec<Step> {
    vec![
        pcm(),
        chunk([1, 0, 2, 0, 3]),
        chunk([1]),
        chunk([0xff, 0xff]),
        end(),
    ]
}

async fn say(speaker: &Speaker) -> Result<Speech, Failure> {
    speaker.speak("Hello.", None, 1.0).await
}

async fn all(mut speech: Speech) -> Vec<i16> {
    let mut all = Vec::new();
    while let Some(samples) = speech.samples().await.unwrap() {
        assert!(!samples.is_empty());
        all.extend(samples);
    }
    all
}

#[tokio::test]
async fn samples_are_whole_wherever_the_answer_is_cut() {
    let stub = Stub::start(|_| good()).await;
    let tts = speaker(&stub.base_url(), &[]);
    assert_eq!(all(say(&tts).await.unwrap()).await, [1, 2, 259, -1]);
    let asked: Value = serde_json::from_slice(&stub.seen()[0].body).unwrap();
    assert_eq!(asked, json!({"input": "Hello.", "response_format": "pcm"}));
    let head = &stub.seen()[0].head;
    assert!(head.starts_with("POST /v1/audio/speech "));
    assert!(head.contains("x-priority: interactive\r\n"));
    assert_eq!(counted(tts.upstream(), Outcome::Served), 1);
}

#[tokio::test]
async fn the_conversations_voice_goes_before_that_of_the_settings() {
    let stub = Stub::start(|_| good()).await;
    let settings = [("TTS_VOICE", "amy"), ("TTS_MODEL", "piper")];
    let tts = speaker(&stub.base_url(), &settings);
    tts.speak("Hi.", None, 1.5).await.unwrap();
    tts.speak("Hi.", Some("joe"), 1.0).await.unwrap();
    let asked = |n: usize| serde_json::from_slice::<Value>(&stub.seen()[n].body).unwrap();
    let body = json!({
        "input": "Hi.", "response_format": "pcm", "voice": "amy", "model": "piper", "speed": 1.5,
    });
    assert_eq!(asked(0), body);
    assert_eq!(asked(1)["voice"], "joe");
    assert_eq!(asked(1)["speed"], Value::Null);
}

#[tokio::test]
async fn speech_is_there_with_its_first_sound() {
    let stub = Stub::start(|_| vec![pcm(), chunk([1, 0, 2, 0]), Step::Stall]).await;
    let tts = speaker(&stub.base_url(), &[]);
    let mut speech = say(&tts).await.unwrap();
    assert_eq!(speech.samples().await.unwrap().unwrap(), [1, 2]);
    tokio::select! {
        more = speech.samples() => panic!("nothing more comes: {more:?}"),
        () = tokio::task::yield_now() => {}
    }
    drop(speech);
    stub.until_hung_up().await;
    assert_eq!(counted(tts.upstream(), Outcome::Abandoned), 1);
}

#[tokio::test]
async fn speech_that_nobody_waits_for_any_more_is_not_made() {
    let stub = Stub::start(|_| vec![Step::Stall]).await;
    let tts = speaker(&stub.base_url(), &[]);
    tokio::select! {
        speech = say(&tts) => panic!("nobody answers: {speech:?}"),
        () = stub.until_asked() => {}
    }
    stub.until_hung_up().await;
}

#[tokio::test]
async fn a_service_that_is_faster_than_the_ear_waits() {
    const PIECES: usize = 256;
    const PIECE_BYTES: usize = 128 << 10;
    let stub = Stub::start(|_| {
        let piece = chunk(vec![0; PIECE_BYTES]);
        let mut steps = vec![pcm()];
        steps.extend(std::iter::repeat_n(piece, PIECES));
        steps.push(end());
        steps
    })
    .await;
    let speech = say(&speaker(&stub.base_url(), &[])).await.unwrap();
    let mut sent = 0;
    // Until the buffers between here and there are full.
    while sent < stub.sent() {
        sent = stub.sent();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(sent < PIECES * PIECE_BYTES * 3 / 4, "{sent} bytes");
    let heard = all(speech).await.len();
    assert_eq!(heard, PIECES * PIECE_BYTES / 2, "nothing is lost");
}

#[tokio::test]
async fn the_first_service_that_works_speaks() {
    let works = Stub::start(|_| good()).await;
    let fails = Stub::start(|_| answer(500, "", "")).await;
    let stalls = Stub::start(|_| vec![Step::Stall]).await;
    for (first, limit) in [
        (nobody().await, "60"),
        (fails.base_url(), "60"),
        (stalls.base_url(), "8"),
    ] {
        let urls = format!("{first},{}", works.base_url());
        let tts = speaker(&urls, &[("VOICE_TTS_TIMEOUT", limit)]);
        assert_eq!(all(say(&tts).await.unwrap()).await.len(), 4);
    }
    let tts = speaker(&list(&[&works, &fails]), &[]);
    let before = fails.seen().len();
    say(&tts).await.unwrap();
    assert_eq!(fails.seen().len(), before);
}

#[tokio::test]
async fn the_first_sound_is_waited_for_as_long_as_was_set() {
    for steps in [
        vec![Step::Stall],
        vec![pcm(), Step::Stall],
        vec![pcm(), chunk([1]), Step::Stall],
    ] {
        let stub = Stub::start(move |_| steps.clone()).await;
        let tts = speaker(&stub.base_url(), &[("VOICE_TTS_TIMEOUT", "1")]);
        let failure = say(&tts).await.unwrap_err();
        assert_eq!(failure.stage, Stage::Speech);
        assert!(matches!(failure.error, UpstreamError::TimedOut { .. }));
        assert!(failure.advice().contains("VOICE_TTS_TIMEOUT"));
        stub.until_hung_up().await;
    }
}

#[tokio::test]
async fn what_is_no_samples_is_not_played() {
    let file = |begins: &[u8]| vec![head_of("application/octet-stream"), chunk(begins), end()];
    for steps in [
        vec![head_of("audio/mpeg"), chunk([0xff, 0xfb, 0, 0]), end()],
        vec![head_of("Audio/PCM; rate=16000"), chunk([0; 4]), end()],
        answer(200, "content-type: application/json\r\n", "{}"),
        file(b"RIFF\0\0\0\0WAVE"),
        file(b"OggS"),
        file(b"{\"error\": 1}"),
        vec![pcm(), end()],
    ] {
        let stub = Stub::start(move |_| steps.clone()).await;
        let failure = say(&speaker(&stub.base_url(), &[])).await.unwrap_err();
        let is_malformed = matches!(failure.error, UpstreamError::Malformed { .. });
        assert!(is_malformed, "{failure}");
        assert!(failure.advice().contains("TTS_BASE_URL"));
    }
    let stub = Stub::start(|_| {
        let head = head_of("audio/pcm;rate=24000;channels=1");
        vec![head, chunk([1, 0]), end()]
    })
    .await;
    let speech = say(&speaker(&stub.base_url(), &[])).await.unwrap();
    assert_eq!(all(speech).await, [1]);
}

#[tokio::test]
async fn speech_that_breaks_off_is_no_whole_one() {
    let stub = Stub::start(|_| vec![pcm(), chunk([1, 0, 2, 0]), Step::HangUp]).await;
    let mut speech = say(&speaker(&stub.base_url(), &[])).await.unwrap();
    assert_eq!(speech.samples().await.unwrap().unwrap(), [1, 2]);
    let failure = speech.samples().await.unwrap_err();
    assert_eq!(failure.stage, Stage::Speech);
    assert!(matches!(failure.error, UpstreamError::Interrupted { .. }));
    assert_eq!(speech.samples().await.unwrap_err(), failure);
}
