//! Speech recognitions that answer, fail, stall, or are others.

use std::time::Duration;

use voice_stack_gateway::conversation::Stage;
use voice_stack_gateway::failure::Failure;
use voice_stack_gateway::speech::{Recogniser, Transcript};
use voice_upstream::{Outcome, UpstreamError};

use crate::stub::{Step, Stub, answer, nobody};
use crate::{config, counted, list, pool};

fn recogniser(urls: &str, settings: &[(&str, &str)]) -> Recogniser {
    let mut variables = vec![("ASR_BASE_URL", urls)];
    variables.extend(settings);
    Recogniser::open(&pool(), &config(&variables).speech, None).unwrap()
}

fn good() -> Vec<Step> {
    let body = r#"{"task":"transcribe","language":"english","duration":0.1,"text":"Hello.","segments":[]}"#;
    answer(200, "content-type: application/json\r\n", body)
}

async fn hear(recogniser: &Recogniser) -> Result<Transcript, Failure> {
    recogniser.recognise(&[1, -1, 300], "hi-IN").await
}

#[tokio::test]
async fn what_was_said_is_sent_as_a_file_with_its_language() {
    let stub = Stub::start(|_| good()).await;
    let asr = recogniser(&stub.base_url(), &[("ASR_MODEL", "base")]);
    let heard = hear(&asr).await.unwrap();
    assert_eq!(heard.text, "Hello.");
    assert_eq!(heard.language.as_deref(), Some("english"));
    let seen = &stub.seen()[0];
    assert!(seen.head.starts_with("POST /v1/audio/transcriptions "));
    assert!(seen.head.contains("x-priority: interactive\r\n"));
    let body = String::from_utf8_lossy(&seen.body);
    for part in [
        "name=\"model\"\r\n\r\nbase\r\n",
        "name=\"language\"\r\n\r\nhi\r\n",
        "name=\"response_format\"\r\n\r\nverbose_json\r\n",
        "name=\"file\"; filename=\"speech.wav\"\r\ncontent-type: audio/wav\r\n\r\nRIFF",
    ] {
        assert!(body.contains(part), "{body}");
    }
    let samples = [1, 0, 0xff, 0xff, 0x2c, 1];
    assert!(seen.body.windows(6).any(|it| it == samples));
}

#[tokio::test]
async fn a_guess_takes_no_slot_that_somebody_wants_and_is_asked_for_once() {
    let stub = Stub::start(|_| good()).await;
    let asr = recogniser(&stub.base_url(), &[]);
    let heard = asr.guess(&[1, -1, 300], "en").await;
    assert_eq!(heard.unwrap().text, "Hello.");
    assert!(stub.seen()[0].head.contains("x-priority: idle\r\n"));
    let busy = Stub::start(|_| answer(503, "retry-after: 1\r\n", "")).await;
    let asr = recogniser(&list(&[&busy, &stub]), &[]);
    assert_eq!(asr.guess(&[1, -1, 300], "en").await, None);
    assert_eq!((busy.seen().len(), stub.seen().len()), (1, 1));
}

#[tokio::test]
async fn the_first_service_that_works_is_asked() {
    let works = Stub::start(|_| good()).await;
    let busy = Stub::start(|_| answer(503, "retry-after: 9\r\n", "")).await;
    let fails = Stub::start(|_| answer(500, "", "")).await;
    let stalls = Stub::start(|_| vec![Step::Stall]).await;
    for (first, limit) in [
        (nobody().await, "60"),
        (busy.base_url(), "60"),
        (fails.base_url(), "60"),
        (stalls.base_url(), "8"),
    ] {
        let urls = format!("{first},{}", works.base_url());
        let asr = recogniser(&urls, &[("VOICE_STT_TIMEOUT", limit)]);
        assert_eq!(hear(&asr).await.unwrap().text, "Hello.");
    }
    let asr = recogniser(&list(&[&works, &fails]), &[]);
    let before = fails.seen().len();
    hear(&asr).await.unwrap();
    assert_eq!(
        fails.seen().len(),
        before,
        "a fallback is not asked in vain"
    );
}

#[tokio::test]
async fn a_transcript_that_nobody_wants_any_more_is_not_made() {
    let stub = Stub::start(|_| vec![Step::Stall]).await;
    let asr = recogniser(&stub.base_url(), &[]);
    tokio::select! {
        heard = hear(&asr) => panic!("nobody answers: {heard:?}"),
        () = stub.until_asked() => {}
    }
    stub.until_hung_up().await;
    assert_eq!(counted(asr.upstream(), Outcome::Abandoned), 1);
}

#[tokio::test]
async fn a_service_that_stalls_is_left_in_time_and_it_is_held_against_it() {
    let stub = Stub::start(|_| vec![Step::Stall]).await;
    let asr = recogniser(&stub.base_url(), &[("VOICE_STT_TIMEOUT", "1")]);
    let begun = std::time::Instant::now();
    let failure = hear(&asr).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(failure.stage, Stage::Transcript);
    assert!(matches!(failure.error, UpstreamError::TimedOut { .. }));
    assert!(failure.advice().contains("VOICE_STT_TIMEOUT"));
    assert_eq!(counted(asr.upstream(), Outcome::TimedOut), 1);
}

#[tokio::test]
async fn failures_say_which_stage_and_what_to_look_at() {
    let whole = answer(200, "", "<html>");
    let refused = answer(400, "", r#"{"error":{"message":"no such model"}}"#);
    for (steps, setting) in [(whole, "ASR_BASE_URL"), (refused, "ASR_MODEL")] {
        let stub = Stub::start(move |_| steps.clone()).await;
        let failure = hear(&recogniser(&stub.base_url(), &[])).await.unwrap_err();
        assert_eq!(failure.stage, Stage::Transcript);
        assert!(failure.advice().contains(setting), "{failure}");
        assert_eq!(stub.seen().len(), 1, "what is refused is not repeated");
    }
}
