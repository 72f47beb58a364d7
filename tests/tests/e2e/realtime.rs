//! The Realtime protocol, by OpenAI's own client: the real binaries, real models, real time.

use voice_stack_tests::python;

use crate::town::Town;

impl Town {
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
