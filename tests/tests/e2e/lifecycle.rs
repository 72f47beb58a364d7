//! Models in and out of memory, and the end of the service.

use voice_stack_tests::client::Client;
use voice_stack_tests::samples;
use voice_stack_tests::service::{Asr, wait_until};

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
