//! A box with the services that a conversation needs, and what hears and speaks with two of them.

use std::time::Duration;

use voice_resample::Resampler;
use voice_stack_gateway::speech::{
    HEARD_RATE_HZ, Recogniser, SPOKEN_RATE_HZ, Speaker, SpeechConfig,
};
use voice_stack_tests::kind::{ASR, GATEWAY, Program, TTS};
use voice_stack_tests::service::Service;
use voice_upstream::{Pool, PoolSettings};

/// Of machines that have more to do than this test.
const PATIENCE: [(&str, &str); 4] = [
    ("VOICE_STT_TIMEOUT", "100"),
    ("VOICE_LLM_TIMEOUT", "100"),
    ("VOICE_TTS_TIMEOUT", "100"),
    ("TOTAL_REQUEST_TIMEOUT", "120"),
];

/// A speech recognition and a speech synthesis. Without noise the voice says the same sentence the
/// same way each time.
pub(crate) fn asr_and_tts() -> (Service, Service) {
    let quiet = [("TTS_NOISE_SCALE", "0"), ("TTS_NOISE_W_SCALE", "0")];
    (Service::start(&ASR, &[]), Service::start(&TTS, &quiet))
}

/// All three services.
pub(crate) struct Town {
    pub(crate) gateway: Service<Program>,
    pub(crate) asr: Service,
    pub(crate) tts: Service,
}

impl Town {
    /// The settings are the gateway's.
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let (asr, tts) = asr_and_tts();
        let (asr_url, tts_url) = (asr.url() + "/v1", tts.url() + "/v1");
        let mut all = vec![
            ("ASR_BASE_URL", asr_url.as_str()),
            ("TTS_BASE_URL", tts_url.as_str()),
        ];
        all.extend(PATIENCE);
        all.extend(settings);
        let gateway = Service::start(&GATEWAY, &all);
        Self { gateway, asr, tts }
    }

    pub(crate) fn speech(&self) -> Speech {
        Speech::of(&self.asr, &self.tts)
    }
}

/// The gateway's own way to ask both.
pub(crate) struct Speech {
    pub(crate) recogniser: Recogniser,
    pub(crate) speaker: Speaker,
}

impl Speech {
    pub(crate) fn of(asr: &Service, tts: &Service) -> Self {
        let base_urls = |it: &Service| (it.url() + "/v1").parse().unwrap();
        let patience = Duration::from_mins(2);
        let config = SpeechConfig {
            asr_base_url: base_urls(asr),
            asr_model: None,
            asr_api_key_file: None,
            voice_stt_timeout: patience,
            tts_base_url: base_urls(tts),
            tts_model: None,
            tts_voice: None,
            tts_api_key_file: None,
            voice_tts_timeout: patience,
        };
        let pool = Pool::new(PoolSettings::default()).unwrap();
        Self {
            recogniser: Recogniser::open(&pool, &config, None).unwrap(),
            speaker: Speaker::open(&pool, &config, None).unwrap(),
        }
    }

    /// A text, spoken, at the rate of a microphone.
    pub(crate) async fn spoken(&self, text: &str) -> Vec<i16> {
        let mut speech = self.speaker.speak(text, None, 1.0).await.unwrap();
        let mut samples = Vec::new();
        while let Some(more) = speech.samples().await.unwrap() {
            samples.extend(more);
        }
        at_heard_rate(&samples)
    }

    /// The words of an answer.
    pub(crate) async fn heard(&self, audio: &[i16]) -> String {
        let samples = at_heard_rate(audio);
        let heard = self.recogniser.recognise(&samples, "en").await.unwrap();
        heard.text
    }
}

fn at_heard_rate(samples: &[i16]) -> Vec<i16> {
    let mut resampler = Resampler::new(SPOKEN_RATE_HZ, HEARD_RATE_HZ);
    let samples: Vec<f32> = samples.iter().map(|it| f32::from(*it)).collect();
    let mut out = Vec::new();
    resampler.push(&samples, &mut out);
    resampler.finish(&mut out);
    out.into_iter().map(|it| it as i16).collect()
}
