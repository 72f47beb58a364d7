//! Real clients, unchanged.

use std::path::PathBuf;

use voice_stack_tests::effort::repetitions;
use voice_stack_tests::kind::{ASR, TTS};
use voice_stack_tests::service::Service;
use voice_stack_tests::{python, samples};

/// Runs a scenario of a script with the openai package.
fn openai(script: &str, scenario: &str, service: &Service, arguments: &[PathBuf]) {
    let output = python::command("python")
        .arg("-B")
        .arg(python::script(script))
        .args([scenario, &service.url()])
        .args(arguments)
        .output();
    let printed = python::checked(&output.unwrap());
    assert!(
        printed.contains(&format!("{scenario}: passed")),
        "{printed}"
    );
}

fn openai_transcribes(scenario: &str, settings: &[(&str, &str)]) {
    openai(
        "openai_client.py",
        scenario,
        &Service::start(&ASR, settings),
        &[samples::jfk_path()],
    );
}

fn openai_speaks(scenario: &str, settings: &[(&str, &str)]) {
    openai(
        "openai_speech.py",
        scenario,
        &Service::start(&TTS, settings),
        &[],
    );
}

#[test]
fn openai_python_transcribes_in_every_format_and_streams() {
    openai_transcribes("formats", &[]);
    openai_transcribes("stream", &[]);
    openai_transcribes("words", &[]);
}

/// The scenarios of errors that both scripts have.
fn raises_errors_of_every_service(run: fn(&str, &[(&str, &str)])) {
    let keys = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(keys.path(), "right\n").unwrap();
    run("keys", &[("API_KEYS_FILE", keys.path().to_str().unwrap())]);
    run(
        "full",
        &[("MAX_CONCURRENT_REQUESTS", "1"), ("MAX_QUEUE", "0")],
    );
}

#[test]
fn openai_python_raises_its_typed_errors() {
    openai_transcribes("bad_requests", &[]);
    openai_transcribes("too_large", &[("MAX_UPLOAD_SIZE_MB", "1")]);
    raises_errors_of_every_service(openai_transcribes);
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
        // Of a machine that has more to do than this test.
        .args(["--request-timeout", "120"])
        .args(["--max-examples", repetitions("8", "20"), "--checks", "all"])
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

#[test]
fn openai_python_speaks_in_every_format_and_streams() {
    openai_speaks("formats", &[]);
    openai_speaks("stream", &[]);
}

#[test]
fn openai_python_raises_its_typed_errors_for_speech() {
    openai_speaks("bad_requests", &[("MAX_INPUT_CHARS", "4096")]);
    raises_errors_of_every_service(openai_speaks);
}
