//! Models in and out of memory, and the end of the service.

use std::time::Duration;

use voice_stack_tests::client::Client;
use voice_stack_tests::effort::repetitions;
use voice_stack_tests::kind::{ASR, Kind};
use voice_stack_tests::samples;
use voice_stack_tests::scrape::Scrape;
use voice_stack_tests::service::{Service, wait_until};

for_both! {
    an_idle_model_leaves_memory_and_comes_back_without_an_error,
    an_unloaded_model_s_memory_goes_back_to_the_system,
    many_requests_at_once_on_a_cold_model_cause_one_load,
    requests_that_race_with_the_idle_unload_always_get_a_model,
    an_operator_loads_and_unloads,
}

fn models_in_memory(client: &Client) -> Vec<String> {
    let detailed = client.get("/health/detailed").json();
    let models = detailed["models"].as_array().unwrap();
    models
        .iter()
        .map(|model| model["id"].as_str().unwrap().to_string())
        .collect()
}

fn an_idle_model_leaves_memory_and_comes_back_without_an_error(kind: &'static Kind) {
    let service = Service::start(kind, &[("IDLE_TIMEOUT_MINUTES", "0.01")]);
    let client = service.client();
    assert!(
        models_in_memory(&client).is_empty(),
        "nothing is loaded before it is needed"
    );
    for _ in 0..3 {
        client.serve(&(kind.telling)());
        wait_until("the model leaves", || models_in_memory(&client).is_empty());
    }
}

fn an_unloaded_model_s_memory_goes_back_to_the_system(kind: &'static Kind) {
    const MIB: u64 = 1024 * 1024;
    let service = Service::start(kind, &[("IDLE_TIMEOUT_MINUTES", "0.05")]);
    let client = service.client();
    let before = service.rss_bytes();
    client.serve(&(kind.telling)());
    let loaded = service.rss_bytes();
    wait_until("the model leaves", || models_in_memory(&client).is_empty());
    let after = service.rss_bytes();
    println!(
        "resident: {} MiB, with the model {}, after it {}",
        before / MIB,
        loaded / MIB,
        after / MIB
    );
    assert!(
        loaded > before + kind.model.least_bytes,
        "the model is in memory"
    );
    assert!(after < before + 40 * MIB, "and its memory is given back");
}

fn many_requests_at_once_on_a_cold_model_cause_one_load(kind: &'static Kind) {
    let service = Service::start(kind, &[("MAX_QUEUE", "64")]);
    let quick = (kind.quick)();
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| service.client().serve(&quick));
        }
    });
    let loads = Scrape::of(&service.client()).sum("voice_model_loads_total", &[]);
    assert_eq!(loads as u64, 1);
}

fn requests_that_race_with_the_idle_unload_always_get_a_model(kind: &'static Kind) {
    // Idle after 60 ms: each round's request comes a little before, at, or after the unload.
    const BEFORE_IT: Duration = Duration::from_millis(55);
    let (few, many) = kind.idle_races;
    let rounds = repetitions(few, many);
    let service = Service::start(kind, &[("IDLE_TIMEOUT_MINUTES", "0.001")]);
    let quick = (kind.quick)();
    let client = service.client();
    for round in 0..rounds {
        let answer = client.send(&quick);
        let complaint = quick.complaint(&answer);
        assert!(complaint.is_none(), "round {round}: {complaint:?}");
        std::thread::sleep(BEFORE_IT + Duration::from_millis(10) * round / rounds);
    }
    let scrape = Scrape::of(&client);
    let (loads, unloads) = (
        scrape.sum("voice_model_loads_total", &[("outcome", "ok")]),
        scrape.sum("voice_model_unloads_total", &[]),
    );
    println!("{loads} loads and {unloads} unloads in {rounds} rounds");
    assert!(unloads * 10.0 >= f64::from(rounds), "the race was run");
    assert!(loads - unloads <= 1.0 && loads >= unloads);
}

#[test]
fn several_models_are_served_by_name_one_in_memory_at_a_time() {
    let asr = Service::start(&ASR, &[("MAX_LOADED_MODELS", "1")]);
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

fn an_operator_loads_and_unloads(kind: &'static Kind) {
    let service = Service::start(kind, &[]);
    let (client, model) = (service.client(), kind.model.id);
    let loaded = |verb| client.post(&format!("/v1/models/{model}/{verb}")).json()["loaded"].clone();
    assert_eq!(loaded("load"), true);
    assert_eq!(models_in_memory(&client), [model]);
    assert_eq!(loaded("unload"), false);
    assert!(models_in_memory(&client).is_empty());
}
