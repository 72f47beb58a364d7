//! Real clients, unchanged.

use voice_stack_tests::kind::{ASR, TTS};
use voice_stack_tests::service::Service;
use voice_stack_tests::{python, samples};

fn openai(scenario: &str, asr: &Service) {
    let output = python::command("python")
        .arg(python::script("openai_client.py"))
        .args([scenario, &asr.url()])
        .arg(samples::jfk_path())
        .output();
    let printed = python::checked(&output.unwrap());
    assert!(
        printed.contains(&format!("{scenario}: passed")),
        "{printed}"
    );
}

#[test]
fn openai_python_transcribes_in_every_format_and_streams() {
    openai("formats", &Service::start(&ASR, &[]));
    openai("stream", &Service::start(&ASR, &[]));
    openai("words", &Service::start(&ASR, &[]));
}

#[test]
fn openai_python_raises_its_typed_errors() {
    openai("bad_requests", &Service::start(&ASR, &[]));
    openai(
        "too_large",
        &Service::start(&ASR, &[("MAX_UPLOAD_SIZE_MB", "1")]),
    );
    let keys = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(keys.path(), "right\n").unwrap();
    openai(
        "keys",
        &Service::start(&ASR, &[("API_KEYS_FILE", keys.path().to_str().unwrap())]),
    );
    openai(
        "full",
        &Service::start(
            &ASR,
            &[("MAX_CONCURRENT_REQUESTS", "1"), ("MAX_QUEUE", "0")],
        ),
    );
}

#[test]
fn schemathesis_finds_no_server_error_and_no_violation_of_the_schema() {
    let asr = Service::start(&ASR, &[]);
    let openapi = format!("{}/openapi.json", asr.url());
    let printed = python::command("schemathesis")
        .env(
            "SCHEMATHESIS_HOOKS",
            python::script("schemathesis_hooks.py"),
        )
        .env("VOICE_STACK_SAMPLE", samples::jfk_path())
        .args([
            "run",
            &openapi,
            "--url",
            &asr.url(),
            "--no-color",
            "--seed",
            "1",
        ])
        .args(["--max-examples", "20", "--checks", "all"])
        // A schema can't say what makes bytes audio, or which fields go together: requests
        // that fit it may be refused for that.
        .args(["--exclude-checks", "positive_data_acceptance"])
        .output()
        .unwrap();
    let printed = python::checked(&printed);
    println!("{printed}");
    assert!(asr.client().is_alive());
    assert!(!asr.log().contains("panicked"), "{}", asr.log());
}

fn openai_speech(scenario: &str, settings: &[(&str, &str)]) {
    let tts = Service::start(&TTS, settings);
    let output = python::command("python")
        .arg(python::script("openai_speech.py"))
        .args([scenario, &tts.url()])
        .output();
    let printed = python::checked(&output.unwrap());
    assert!(
        printed.contains(&format!("{scenario}: passed")),
        "{printed}"
    );
}

#[test]
fn openai_python_speaks_in_every_format_and_streams() {
    openai_speech("formats", &[]);
    openai_speech("stream", &[]);
}

#[test]
fn openai_python_raises_its_typed_errors_for_speech() {
    openai_speech("bad_requests", &[("MAX_INPUT_CHARS", "4096")]);
    let keys = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(keys.path(), "right\n").unwrap();
    openai_speech("keys", &[("API_KEYS_FILE", keys.path().to_str().unwrap())]);
    openai_speech(
        "full",
        &[("MAX_CONCURRENT_REQUESTS", "1"), ("MAX_QUEUE", "0")],
    );
}
