//! The Realtime protocol, by OpenAI's own client: the real binaries, real models, real time.

use voice_stack_tests::kind::{ASR, GATEWAY, Program, TTS};
use voice_stack_tests::python;
use voice_stack_tests::service::Service;

/// A box with all three services.
struct Town {
    gateway: Service<Program>,
    tts: Service,
    _asr: Service,
}

impl Town {
    fn start(settings: &[(&str, &str)]) -> Self {
        // Without noise the voice says the same sentence the same way each time.
        let quiet = [("TTS_NOISE_SCALE", "0"), ("TTS_NOISE_W_SCALE", "0")];
        let (asr, tts) = (Service::start(&ASR, &[]), Service::start(&TTS, &quiet));
        let (asr_url, tts_url) = (asr.url() + "/v1", tts.url() + "/v1");
        let mut all = vec![
            ("ASR_BASE_URL", asr_url.as_str()),
            ("TTS_BASE_URL", tts_url.as_str()),
            // Of a machine that has more to do than this test.
            ("VOICE_STT_TIMEOUT", "60"),
            ("VOICE_TTS_TIMEOUT", "60"),
            ("TOTAL_REQUEST_TIMEOUT", "90"),
        ];
        all.extend(settings);
        let gateway = Service::start(&GATEWAY, &all);
        Self {
            gateway,
            tts,
            _asr: asr,
        }
    }

    /// Runs a scenario of the script with the openai package.
    fn openai(&self, scenario: &str) {
        let output = python::command("python")
            .arg("-B")
            .arg(python::script("openai_realtime.py"))
            .args([scenario, &self.gateway.url(), &self.tts.url()])
            .output();
        let printed = python::checked(&output.unwrap());
        assert!(
            printed.contains(&format!("{scenario}: passed")),
            "{printed}\n{}",
            self.gateway.log()
        );
    }
}

#[test]
fn openai_python_talks_with_the_gateway() {
    let town = Town::start(&[]);
    town.openai("turns");
    town.openai("interruption");
}

#[test]
fn openai_python_writes_calls_functions_and_transcribes() {
    let town = Town::start(&[]);
    for scenario in ["text", "call", "transcription", "telephone", "beta"] {
        town.openai(scenario);
    }
}

#[test]
fn openai_python_brings_its_key_as_a_header_and_browsers_as_a_subprotocol() {
    let keys = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(keys.path(), "right\n").unwrap();
    let town = Town::start(&[("API_KEYS_FILE", keys.path().to_str().unwrap())]);
    town.openai("keys");
    town.openai("client_secrets");
}
