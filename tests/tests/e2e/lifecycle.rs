//! Models in and out of memory, and the end of the service.

use std::time::Duration;

use voice_stack_tests::client::Client;
use voice_stack_tests::scrape::Scrape;
use voice_stack_tests::service::{Asr, wait_until};
use voice_stack_tests::{samples, synthetic};

fn models_in_memory(client: &Client) -> Vec<String> {
    let detailed = client.get("/health/detailed").json();
    let models = detailed["models"].as_array().unwrap();
    models
        .iter()
        .map(|model| model["id"].as_str().unwrap().to_string())
        .collect()
}

#[test]
fn an_idle_model_leaves_memory_and_comes_back_without_an_error() {
    let asr = Asr::start(&[("IDLE_TIMEOUT_MINUTES", "0.01")]);
    let client = asr.client();
    assert!(
        models_in_memory(&client).is_empty(),
        "nothing is loaded before it is needed"
    );
    for _ in 0..3 {
        assert!(!client.text_of(&samples::jfk(), &[]).is_empty());
        wait_until("the model leaves", || models_in_memory(&client).is_empty());
    }
}

#[test]
fn an_unloaded_model_s_memory_goes_back_to_the_system() {
    const MIB: u64 = 1024 * 1024;
    let asr = Asr::start(&[("IDLE_TIMEOUT_MINUTES", "0.05")]);
    let client = asr.client();
    let before = asr.rss_bytes();
    assert!(!client.text_of(&samples::jfk(), &[]).is_empty());
    let loaded = asr.rss_bytes();
    wait_until("the model leaves", || models_in_memory(&client).is_empty());
    let after = asr.rss_bytes();
    println!(
        "resident: {} MiB, with the model {}, after it {}",
        before / MIB,
        loaded / MIB,
        after / MIB
    );
    assert!(loaded > before + 60 * MIB, "the model is in memory");
    assert!(after < before + 40 * MIB, "and its memory is given back");
}

#[test]
fn many_requests_at_once_on_a_cold_model_cause_one_load() {
    let asr = Asr::start(&[("MAX_QUEUE", "64")]);
    let quiet = synthetic::silence(0.5);
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| assert_eq!(asr.client().transcribe(&quiet, &[]).status, 200));
        }
    });
    let loads = Scrape::of(&asr.client()).sum("voice_model_loads_total", &[]);
    assert_eq!(loads as u64, 1);
}

#[test]
fn requests_that_race_with_the_idle_unload_always_get_a_model() {
    // Idle after 60 ms: each round's request comes a little before, at, or after the unload.
    const BEFORE_IT: Duration = Duration::from_millis(55);
    let asr = Asr::start(&[("IDLE_TIMEOUT_MINUTES", "0.001")]);
    let quiet = synthetic::silence(0.5);
    let client = asr.client();
    for round in 0..200 {
        let answer = client.transcribe(&quiet, &[]);
        assert_eq!(answer.status, 200, "round {round}: {}", answer.text);
        std::thread::sleep(BEFORE_IT + Duration::from_micros(50) * round);
    }
    let scrape = Scrape::of(&client);
    let (loads, unloads) = (
        scrape.sum("voice_model_loads_total", &[("outcome", "ok")]),
        scrape.sum("voice_model_unloads_total", &[]),
    );
    println!("{loads} loads and {unloads} unloads in 200 rounds");
    assert!(unloads >= 20.0, "the race was run");
    assert!(loads - unloads <= 1.0 && loads >= unloads);
}

#[test]
fn several_models_are_served_by_name_one_in_memory_at_a_time() {
    let asr = Asr::start(&[("MAX_LOADED_MODELS", "1")]);
    let client = asr.client();
    for model in ["tiny.en", "base", "whisper-1"] {
        assert!(
            !client
                .text_of(&samples::jfk(), &[("model", model)])
                .is_empty()
        );
        let expected = if model == "whisper-1" {
            "tiny.en"
        } else {
            model
        };
        assert_eq!(models_in_memory(&client), [expected]);
    }
    let answer = client.transcribe(&samples::jfk(), &[("model", "gpt-9")]);
    assert_eq!(
        (answer.status, answer.code()),
        (404, "model_not_found".into())
    );
}

#[test]
fn an_operator_loads_and_unloads() {
    let asr = Asr::start(&[]);
    let client = asr.client();
    assert_eq!(
        client.post("/v1/models/tiny.en/load").json()["loaded"],
        true
    );
    assert_eq!(models_in_memory(&client), ["tiny.en"]);
    assert_eq!(
        client.post("/v1/models/tiny.en/unload").json()["loaded"],
        false
    );
    assert!(models_in_memory(&client).is_empty());
}
