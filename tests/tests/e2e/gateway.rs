//! What the gateway hears and speaks with, at the real services.

use std::time::Duration;

use voice_stack_gateway::speech::{
    HEARD_RATE_HZ, Recogniser, SPOKEN_RATE_HZ, Speaker, SpeechConfig,
};
use voice_stack_load::score::wer::Score;
use voice_stack_tests::kind::{ASR, TTS};
use voice_stack_tests::service::Service;
use voice_stack_tests::speech::text_of;
use voice_upstream::{Pool, PoolSettings};

const WEATHER: &str = "The weather is going to be cold and wet this weekend.";

/// Of eleven words: one may be wrong.
const HIGHEST_WER_PERCENT: f64 = 10.0;

struct Parts {
    asr: Service,
    tts: Service,
    recogniser: Recogniser,
    speaker: Speaker,
}

impl Parts {
    fn start() -> Self {
        // Without noise the voice says the same sentence the same way each time.
        let quiet = [("TTS_NOISE_SCALE", "0"), ("TTS_NOISE_W_SCALE", "0")];
        let (asr, tts) = (Service::start(&ASR, &[]), Service::start(&TTS, &quiet));
        let base_urls = |it: &Service| (it.url() + "/v1").parse().unwrap();
        // Of a machine that has more to do than this test.
        let patience = Duration::from_mins(2);
        let config = SpeechConfig {
            asr_base_url: base_urls(&asr),
            asr_model: None,
            asr_api_key_file: None,
            voice_stt_timeout: patience,
            tts_base_url: base_urls(&tts),
            tts_model: None,
            tts_voice: None,
            tts_api_key_file: None,
            voice_tts_timeout: patience,
        };
        let pool = Pool::new(PoolSettings::default()).unwrap();
        Self {
            recogniser: Recogniser::open(&pool, &config, None).unwrap(),
            speaker: Speaker::open(&pool, &config, None).unwrap(),
            asr,
            tts,
        }
    }

    /// A text, spoken, at the rate at which it is heard.
    async fn spoken(&self, text: &str) -> Vec<i16> {
        let mut speech = self.speaker.speak(text, None, 1.0).await.unwrap();
        let mut samples = Vec::new();
        while let Some(more) = speech.samples().await.unwrap() {
            samples.extend(more);
        }
        let seconds = samples.len() as f64 / f64::from(SPOKEN_RATE_HZ);
        assert!((2.0..8.0).contains(&seconds), "{seconds} s");
        at_heard_rate(&samples)
    }
}

/// Two samples of three, between their neighbours: good enough to be understood.
fn at_heard_rate(samples: &[i16]) -> Vec<i16> {
    let step = f64::from(SPOKEN_RATE_HZ) / f64::from(HEARD_RATE_HZ);
    let count = (samples.len() as f64 / step) as usize - 1;
    let between = |at: f64| {
        let (before, part) = (at as usize, at.fract());
        let [a, b] = [samples[before], samples[before + 1]].map(f64::from);
        (a + (b - a) * part) as i16
    };
    (0..count).map(|it| between(it as f64 * step)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateway_has_spoken_it_hears() {
    let parts = Parts::start();
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
    let parts = Parts::start();
    let minutes = text_of(100);
    let mut speech = parts.speaker.speak(&minutes, None, 1.0).await.unwrap();
    speech.samples().await.unwrap().unwrap();
    parts.tts.wait_for_active(1);
    drop(speech);
    parts.tts.wait_for_active(0);

    let minutes = parts.spoken(WEATHER).await.repeat(200);
    let recogniser = parts.recogniser.clone();
    let hearing = tokio::spawn(async move { recogniser.recognise(&minutes, "en").await });
    parts.asr.wait_for_active(1);
    hearing.abort();
    parts.asr.wait_for_active(0);
}
