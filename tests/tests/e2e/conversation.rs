//! Conversations with the gateway, spoken and heard: the real binaries, real models, real time.

#[path = "../../../common/tests/support/documented_metrics.rs"]
mod documented_metrics;
mod talker;

use std::time::Duration;

use serde_json::json;
use voice_stack_gateway::speech::SPOKEN_RATE_HZ;
use voice_stack_load::score::wer::Score;
use voice_stack_tests::kind::GATEWAY;
use voice_stack_tests::service::{Service, run_to_end};

use crate::town::Town;
use talker::{Came, Talker};

const WEATHER: &str = "The weather is going to be cold and wet this weekend.";
/// Of what was spoken, heard, spoken and heard again.
const HIGHEST_WER_PERCENT: f64 = 20.0;

impl Town {
    async fn talker(&self) -> Talker {
        Talker::connect(self.gateway.port()).await.unwrap()
    }

    /// The counter of this series.
    fn counter(&self, series: &str) -> u64 {
        let metrics = self.gateway.client().get("/metrics").text;
        let line = metrics.lines().find_map(|it| it.strip_prefix(series));
        let value = line.unwrap_or_else(|| panic!("{series} is missing in\n{metrics}"));
        value.trim().parse().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_is_answered_aloud() {
    let town = Town::start(&[]);
    let mut talker = town.talker().await;
    talker.send(&json!({"type": "text", "text": "Hello."}));
    let (audio, done) = talker.answer().await;
    assert_eq!(done["status"], "completed");
    let heard = town.speech().heard(&audio).await;
    println!("to a text: {heard}");
    assert!(heard.contains("language model"), "{heard}");

    talker.say(&town.speech().spoken(WEATHER).await);
    let transcript = talker.until("transcript").await;
    let score = Score::of(WEATHER, transcript["text"].as_str().unwrap(), "en");
    assert!(score.percent() < HIGHEST_WER_PERCENT, "{transcript}");
    let (audio, done) = talker.answer().await;
    assert_eq!(done["status"], "completed", "{done}");
    let heard = town.speech().heard(&audio).await;
    let score = Score::of(&format!("You said: {WEATHER}"), &heard, "en");
    println!("WER {:5.1} % said and answered: {heard}", score.percent());
    assert!(score.percent() < HIGHEST_WER_PERCENT, "{heard}");
    assert_eq!(
        town.counter(r#"voice_turn_ttfa_seconds_count{service="gateway"}"#),
        1
    );
    town.gateway.assert_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_while_the_bot_does_interrupts_it_and_is_answered() {
    let town = Town::start(&[]);
    let mut talker = town.talker().await;
    let weather = town.speech().spoken(WEATHER).await;
    talker.send(&json!({"type": "text", "text": "Tell me a story."}));
    talker.until("audio_start").await;
    talker.say(&weather);
    let paused = talker.until("pause").await;
    let interrupted = talker.until("interrupted").await;
    assert_eq!(interrupted["response"], paused["response"]);
    let done = talker.until("response_done").await;
    assert_eq!(done["status"], "interrupted");
    let heard = done["text"].as_str().unwrap();
    assert!(
        heard.split_whitespace().count() < 60,
        "only what was heard: {heard}"
    );

    let (audio, done) = talker.answer().await;
    assert_eq!(done["status"], "completed", "{done}");
    let heard = town.speech().heard(&audio).await;
    println!("after an interruption: {heard}");
    assert!(heard.contains("cold and wet"), "{heard}");
    let real = r#"voice_interruptions_total{service="gateway",kind="real"}"#;
    assert_eq!(town.counter(real), 1);
    town.gateway.assert_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_noise_the_bot_goes_on_at_the_sample_where_it_was_paused() {
    let town = Town::start(&[]);
    let mut talker = town.talker().await;
    let text = format!("{WEATHER} {WEATHER}");
    talker.send(&json!({"type": "text", "text": text}));
    talker.until("audio_start").await;
    let mut before = Vec::new();
    // Two seconds are sent ahead.
    while before.len() < 3 * SPOKEN_RATE_HZ as usize {
        if let Came::Audio(samples) = talker.next().await {
            before.extend(samples);
        }
    }
    talker.send(&json!({"type": "speech_start"}));
    talker.say(&[0; 3840]);
    let paused = loop {
        match talker.next().await {
            Came::Audio(samples) => before.extend(samples),
            Came::Said(message) if message["type"] == "pause" => break message,
            other => assert!(matches!(other, Came::Said(_)), "{other:?}"),
        }
    };
    talker.said_all().await;
    talker.send(&json!({"type": "speech_end"}));
    let resumed = talker.until("resume").await;
    assert_eq!(resumed["played_samples"], paused["played_samples"]);

    let (after, done) = talker.answer().await;
    assert_eq!(done["status"], "completed", "{done}");
    let at = paused["played_samples"].as_u64().unwrap() as usize;
    assert!(at < before.len(), "{at} of {}", before.len());
    let again = &before[at..];
    assert!(again.len() > SPOKEN_RATE_HZ as usize / 2, "{}", again.len());
    assert!(
        after[..again.len()] == *again,
        "the same samples come again"
    );
    let whole = [&before[..at], &after].concat();
    let heard = town.speech().heard(&whole).await;
    println!("after a false alarm: {heard}");
    assert_eq!(heard.matches("going to be cold").count(), 2, "{heard}");
    let resumed = r#"voice_interruptions_total{service="gateway",kind="resumed"}"#;
    assert_eq!(town.counter(resumed), 1);
    town.gateway.assert_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_conversations_than_may_be_are_refused_before_the_upgrade() {
    let town = Town::start(&[("VOICE_MAX_CONCURRENT", "1")]);
    let talker = town.talker().await;
    let refused = Talker::connect(town.gateway.port()).await.err().unwrap();
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(refused.contains("retry-after: "), "{refused}");
    drop(talker);
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while let Err(refused) = Talker::connect(town.gateway.port()).await {
        assert!(tokio::time::Instant::now() < deadline, "{refused}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sentence_that_is_being_spoken_is_finished_before_the_service_ends() {
    let mut town = Town::start(&[("DRAIN_GRACE_SECONDS", "0.2")]);
    let mut talker = town.talker().await;
    talker.send(&json!({"type": "text", "text": WEATHER}));
    talker.until("audio_start").await;
    town.gateway.terminate();
    let (_, done) = talker.answer().await;
    assert_eq!(done["status"], "completed", "{done}");
    loop {
        if let Came::Closed(code) = talker.next().await {
            assert_eq!(code, 1001);
            break;
        }
    }
    assert!(town.gateway.wait().success());
}

#[test]
fn the_gateway_needs_no_other_service_to_be_ready_and_exports_what_is_documented() {
    let gateway = Service::start(&GATEWAY, &[]);
    assert_eq!(gateway.client().get("/health/ready").status, 200);
    let detailed = gateway.client().get("/health/detailed").json();
    assert_eq!(detailed["responder"]["is_language_model"], false);
    assert_eq!(detailed["upstreams"][0]["name"], "asr");
    assert_eq!(detailed["sessions"]["limit"], 50);
    let metrics = gateway.client().get("/metrics").text;
    documented_metrics::assert_documented(&metrics, "gateway");
    assert!(gateway.log().contains("no language model"));
}

#[test]
fn what_the_gateway_lacks_is_said_on_one_line() {
    let empty = tempfile::tempdir().unwrap();
    let models = [("MODELS_DIR", empty.path().to_str().unwrap())];
    for (settings, says) in [
        (&models[..], "voice-stack-models pull"),
        (&[("VOICE_STT_TIMEOUT", "0")], "VOICE_STT_TIMEOUT"),
        (&[("SPECULATE", "perhaps")], "SPECULATE"),
        (&[("LLM_BASE_URL", "nowhere")], "LLM_BASE_URL"),
    ] {
        let output = run_to_end(&GATEWAY, settings, &[]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(78), "{said}");
        assert!(said.contains(says) && said.lines().count() == 1, "{said}");
    }
}
