//! What the gateway hears and speaks with, at the real services.

use voice_stack_gateway::speech::HEARD_RATE_HZ;
use voice_stack_load::score::wer::Score;
use voice_stack_tests::speech::text_of;

use crate::town::{Speech, asr_and_tts};

const WEATHER: &str = "The weather is going to be cold and wet this weekend.";

/// Of eleven words: one may be wrong.
const HIGHEST_WER_PERCENT: f64 = 10.0;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateway_has_spoken_it_hears() {
    let (asr, tts) = asr_and_tts();
    let parts = Speech::of(&asr, &tts);
    let samples = parts.spoken(WEATHER).await;
    let heard = parts.recogniser.recognise(&samples, "en-US").await.unwrap();
    let score = Score::of(WEATHER, &heard.text, "en");
    println!(
        "WER {:5.1} % spoken and heard: {}",
        score.percent(),
        heard.text
    );
    assert!(score.percent() < HIGHEST_WER_PERCENT, "{}", heard.text);
    assert_eq!(heard.language.as_deref(), Some("english"));
    let silence = vec![0; HEARD_RATE_HZ as usize];
    let nothing = parts.recogniser.recognise(&silence, "en").await.unwrap();
    assert_eq!(nothing.text, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateway_does_not_want_any_more_frees_its_slot() {
    let (asr, tts) = asr_and_tts();
    let parts = Speech::of(&asr, &tts);
    let minutes = text_of(100);
    let mut speech = parts.speaker.speak(&minutes, None, 1.0).await.unwrap();
    speech.samples().await.unwrap().unwrap();
    tts.wait_for_active(1);
    drop(speech);
    tts.wait_for_active(0);

    let minutes = parts.spoken(WEATHER).await.repeat(200);
    let recogniser = parts.recogniser.clone();
    let hearing = tokio::spawn(async move { recogniser.recognise(&minutes, "en").await });
    asr.wait_for_active(1);
    hearing.abort();
    asr.wait_for_active(0);
}
