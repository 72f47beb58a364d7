//! Health: alive is not ready, and both are said in time.

use std::time::{Duration, Instant};

use voice_stack_tests::client::Client;
use voice_stack_tests::service::{Asr, models_dir, wait_until};
use voice_stack_tests::{raw, samples, synthetic};

/// Sorted times of so many probes.
fn probe_times(client: &Client, probes: usize) -> Vec<Duration> {
    let mut took: Vec<Duration> = (0..probes)
        .map(|_| {
            let asked = Instant::now();
            assert!(client.is_alive());
            asked.elapsed()
        })
        .collect();
    took.sort();
    took
}

#[test]
fn a_thousand_probes_are_answered_while_all_cores_compute() {
    let asr = Asr::start(&[("PRELOAD", "true")]);
    let client = asr.client();
    let minutes = raw::transcription(&synthetic::wav(&samples::jfk_samples().repeat(60)));
    let _running = [
        raw::send(asr.port(), &minutes),
        raw::send(asr.port(), &minutes),
    ];
    let active = || client.get("/health/detailed").json()["slots"]["active"].clone();
    wait_until("both slots are taken", || active() == 2);
    let took = probe_times(&client, 1000);
    println!("/health: {:?} (p50), {:?} (p99)", took[500], took[990]);
    assert_eq!(active(), 2, "the cores were busy all the time");
    assert_eq!(client.get("/health/ready").status, 200, "busy is ready");
}

#[test]
fn readiness_follows_a_failed_load_and_comes_back() {
    // A models directory of our own, to damage.
    let models = tempfile::tempdir().unwrap();
    let installed = models_dir();
    for file in ["ggml-tiny.en.bin", "ggml-silero-vad.bin"] {
        std::fs::copy(installed.join(file), models.path().join(file)).unwrap();
    }
    let asr = Asr::start(&[("MODELS_DIR", models.path().to_str().unwrap())]);
    let client = asr.client();
    let model = models.path().join("ggml-tiny.en.bin");
    let whole = std::fs::read(&model).unwrap();

    assert_eq!(
        client.get("/health/ready").status,
        200,
        "not loaded is ready"
    );
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    std::fs::write(&model, &damaged).unwrap();
    let answer = client.transcribe(&samples::jfk(), &[]);
    assert_eq!(
        (answer.status, answer.code()),
        (503, "model_unavailable".into())
    );
    assert!(answer.header("retry-after").is_some());
    let ready = client.get("/health/ready");
    assert_eq!(ready.status, 503);
    assert!(ready.text.contains("failed to load"), "{}", ready.text);
    assert!(client.is_alive());

    std::fs::write(&model, &whole).unwrap();
    wait_until("the model is loaded again", || {
        client.transcribe(&samples::jfk(), &[]).status == 200
    });
    assert_eq!(client.get("/health/ready").status, 200);
}
