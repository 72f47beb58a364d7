//! Starting: what is missing or wrong is said in one line.

use voice_stack_tests::service::{Asr, run_to_end};

fn refusal(settings: &[(&str, &str)], arguments: &[&str]) -> String {
    let output = run_to_end(settings, arguments);
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.trim_end().lines().count(), 1, "one line, not:\n{text}");
    text
}

#[test]
fn a_bad_value_stops_the_start_with_one_line_that_names_it() {
    for (name, value) in [
        ("MAX_QUEUE", "many"),
        ("MAX_CONCURRENT_REQUESTS", "0"),
        ("ASR_DEVICE", "tpu"),
        ("ASR_COMPUTE_TYPE", "int3"),
        ("ASR_PORT", "99999"),
        ("IDLE_TIMEOUT_MINUTES", "-1"),
        ("HOST", "nowhere"),
        ("API_KEYS_FILE", "/does/not/exist"),
        ("LOG_LEVEL", "a=b=c"),
        ("ASR_MODEL", "tiny-en"),
    ] {
        let line = refusal(&[(name, value)], &[]);
        assert!(line.contains(name), "{name}={value}: {line}");
    }
    assert!(refusal(&[], &["--max-queue", "x"]).contains("--max-queue"));
}

#[test]
fn a_missing_model_names_the_command_that_fetches_it() {
    let empty = tempfile::tempdir().unwrap();
    let dir = empty.path().to_str().unwrap();
    let line = refusal(&[("MODELS_DIR", dir)], &[]);
    assert!(
        line.contains("voice-stack-models pull silero-vad"),
        "{line}"
    );
    let line = refusal(&[("ASR_MODEL", "large-v3")], &[]);
    assert!(line.contains("voice-stack-models pull large-v3"), "{line}");
}

#[test]
fn cuda_without_cuda_stops_the_start_and_auto_says_what_it_picked() {
    let line = refusal(&[("ASR_DEVICE", "cuda")], &[]);
    assert!(line.contains("this build has no CUDA support"), "{line}");
    assert!(
        Asr::start(&[])
            .log()
            .contains("cpu (auto: this build has no CUDA support)")
    );
}

#[test]
fn a_port_in_use_says_so() {
    let running = Asr::start(&[]);
    let line = refusal(&[("ASR_PORT", &running.port().to_string())], &[]);
    assert!(line.contains("another process listens there"), "{line}");
}
