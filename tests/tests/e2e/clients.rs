//! Real clients, unchanged.

use std::thread::sleep;
use std::time::Duration;

use voice_stack_tests::{python, samples};
use voice_stack_tests::service::Asr;

fn openai(scenario: &str, asr: &Asr) {
    let script = python::script("openai_client.py");
    let printed = python::run("python", &[&script, scenario, &asr.url(), &samples::jfk_path().to_string_lossy()]);
    assert!(
        printed.contains(&format!("{scenario}: passed")),
        "{printed}"
    );
}

#[test]
fn openai_python_transcribes_in_every_format_and_streams() {
    openai("formats", &Asr::start(&[]));
    openai("stream", &Asr::start(&[]));
    openai("words", &Asr::start(&[]));
}

#[test]
fn openai_python_raises_its_typed_errors() {
    openai("bad_requests", &Asr::start(&[]));
    openai("too_large", &Asr::start(&[("MAX_UPLOAD_SIZE_MB", "1")]));
    let keys = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(keys.path(), "right\n").unwrap();
    openai(
        "keys",
        &Asr::start(&[("API_KEYS_FILE", keys.path().to_str().unwrap())]),
    );
    openai(
        "full",
        &Asr::start(&[("MAX_CONCURRENT_REQUESTS", "1"), ("MAX_QUEUE", "0")]),
    );
}

#[test]
fn schemathesis_finds_no_server_error_and_no_violation_of_the_schema() {
    let asr = Asr::start(&[]);
    let openapi = format!("{}/openapi.json", asr.url());
    let printed = python::run(
        "schemathesis",
        &[
            "run",
            &openapi,
            "--url",
            &asr.url(),
            "--checks",
            "all",
            "--max-examples",
            "25",
            "--seed",
            "1",
            "--no-color",
        ],
    );
    println!("{printed}");
    sleep(Duration::from_millis(100));
    assert!(asr.client().is_alive());
    assert!(!asr.log().contains("panicked"), "{}", asr.log());
}
