//! The converted models do what their originals do.

use voice_stack_tests::kind::ASR;
use voice_stack_tests::samples::{self, JFK_PHRASE, plain};
use voice_stack_tests::service::Service;

#[test]
fn every_converted_model_transcribes_the_sample() {
    for model in ["tiny.en", "tiny.en-q8_0", "base", "base-q8_0"] {
        let asr = Service::start(&ASR, &[("ASR_MODEL", model)]);
        let text = plain(&asr.client().text_of(&samples::jfk(), &[]));
        assert!(text.contains(JFK_PHRASE), "{model}: {text}");
    }
}

#[test]
fn the_compute_type_picks_the_quantised_file() {
    for compute_type in ["int8", "int8_float16"] {
        let asr = Service::start(
            &ASR,
            &[("ASR_COMPUTE_TYPE", compute_type), ("PRELOAD", "true")],
        );
        let models = asr.client().get("/health/detailed").json()["models"].clone();
        assert_eq!(models[0]["id"], "tiny.en-q8_0", "{models}");
        assert!(
            asr.log().contains("tiny.en-q8_0"),
            "the log says what was chosen"
        );
    }
}

#[test]
fn a_language_that_the_model_does_not_know_is_refused() {
    let asr = Service::start(&ASR, &[]);
    let answer = asr
        .client()
        .transcribe(&samples::jfk(), &[("language", "de")]);
    assert_eq!(answer.status, 400);
    assert!(
        answer.text.contains("knows English only"),
        "{}",
        answer.text
    );
}

#[test]
fn translation_gives_english() {
    let Some(german) =
        samples::shared().and_then(|all| all.into_iter().find(|it| it.language == "de"))
    else {
        println!("not checked: ../shared/audio is not there");
        return;
    };
    let asr = Service::start(&ASR, &[("ASR_MODEL", "base")]);
    let path = "/v1/audio/translations";
    let answer = asr
        .client()
        .upload(path, ("file", "a.wav"), &german.bytes(), &[]);
    let text = answer.json()["text"].as_str().unwrap().to_lowercase();
    assert!(text.contains("the ") && !text.contains("der "), "{text}");
}
