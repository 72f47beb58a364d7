//! Health: alive is not ready, and both are said in time.

use std::path::Path;
use std::time::{Duration, Instant};

use voice_stack_tests::client::Client;
use voice_stack_tests::kind::Kind;
use voice_stack_tests::raw;
use voice_stack_tests::service::{Service, models_dir, wait_until};

for_both! {
    a_thousand_probes_are_answered_while_all_cores_compute,
    readiness_follows_a_failed_load_and_comes_back,
}

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

fn a_thousand_probes_are_answered_while_all_cores_compute(kind: &'static Kind) {
    let service = Service::start(kind, &[("PRELOAD", "true")]);
    let client = service.client();
    let long = (kind.long)().raw();
    let _running = [0; 2].map(|_| raw::send(service.port(), &long));
    service.wait_for_active(2);
    let took = probe_times(&client, 1000);
    println!("/health: {:?} (p50), {:?} (p99)", took[500], took[990]);
    assert_eq!(
        client.slots()["active"],
        2,
        "the cores were busy all the time"
    );
    assert_eq!(client.get("/health/ready").status, 200, "busy is ready");
}

/// A file, or a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        for entry in std::fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            copy(&from.join(&name), &to.join(&name));
        }
    } else {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    }
}

fn readiness_follows_a_failed_load_and_comes_back(kind: &'static Kind) {
    // A models directory of our own, to damage.
    let models = tempfile::tempdir().unwrap();
    let installed = models_dir();
    for file in [&[kind.model.file], kind.model.others].concat() {
        copy(&installed.join(file), &models.path().join(file));
    }
    let service = Service::start(kind, &[("MODELS_DIR", models.path().to_str().unwrap())]);
    let client = service.client();
    let model = models.path().join(kind.model.file);
    let whole = std::fs::read(&model).unwrap();
    let request = (kind.telling)();

    assert_eq!(
        client.get("/health/ready").status,
        200,
        "not loaded is ready"
    );
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    std::fs::write(&model, &damaged).unwrap();
    let answer = client.send(&request);
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
        client.send(&request).status == 200
    });
    assert_eq!(client.get("/health/ready").status, 200);
}
