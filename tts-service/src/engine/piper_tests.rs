use std::sync::Arc;
use std::time::Duration;

use voice_common::admission::Admission;
use voice_common::cancellation::CancelCause;

use super::*;
use crate::engine::test_files;

const PLAIN: SpeakOptions = SpeakOptions {
    speaker: None,
    speed: 1.0,
    noise_scale: Some(0.0),
    noise_w_scale: Some(0.0),
};

fn shared() -> Shared {
    Shared::start(&EngineConfig {
        runtime_library: test_files::runtime_library(),
        espeak_data: test_files::espeak_data(),
        device: Device::Cpu,
        shape: PoolShape {
            sessions: 1,
            threads_each: 2,
        },
    })
    .unwrap()
}

fn voice() -> Arc<PiperVoice> {
    let (model, config) = test_files::voice();
    Arc::new(PiperVoice::load("joe", &model, &config, &shared()).unwrap())
}

async fn permit() -> Arc<Permit> {
    let admission = Admission::new(1, 0, Duration::from_secs(1));
    Arc::new(admission.admit().await.unwrap().permit)
}

async fn speak(
    voice: &Arc<PiperVoice>,
    phonemes: &PhonemeIds,
    options: SpeakOptions,
    cancellation: &Cancellation,
) -> Result<Vec<f32>, EngineError> {
    let permit = permit().await;
    let (voice, phonemes) = (Arc::clone(voice), phonemes.clone());
    let cancellation = cancellation.clone();
    tokio::task::spawn_blocking(move || voice.speak(&permit, &phonemes, options, &cancellation))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_speaks_as_fast_as_asked_for_and_can_be_stopped_any_time() {
    let voice = voice();
    assert_eq!(voice.info().language, "en-US");
    let rate = voice.info().sample_rate_hz as usize;
    assert_eq!(rate, 22_050);

    // Sentences.
    assert_eq!(voice.prepare(" \n").unwrap(), []);
    let sentences = voice.prepare("Hello there. This is a test.").unwrap();
    assert_eq!(sentences.len(), 2);

    // Sound, the same each time without noise.
    let go = Cancellation::new();
    let plain = speak(&voice, &sentences[1], PLAIN, &go).await.unwrap();
    assert!(
        (rate / 2..rate * 3).contains(&plain.len()),
        "{}",
        plain.len()
    );
    assert!(plain.iter().all(|it| it.abs() <= 1.0));
    assert!(plain.iter().any(|it| it.abs() > 0.05));
    assert_eq!(
        speak(&voice, &sentences[1], PLAIN, &go).await.unwrap(),
        plain
    );

    // Speed.
    let fast = SpeakOptions {
        speed: 2.0,
        ..PLAIN
    };
    let fast = speak(&voice, &sentences[1], fast, &go).await.unwrap();
    let ratio = plain.len() as f64 / fast.len() as f64;
    assert!((1.6..2.4).contains(&ratio), "{ratio}");

    // What the voice can't do.
    for options in [
        SpeakOptions {
            speaker: Some(1),
            ..PLAIN
        },
        SpeakOptions {
            speaker: Some(-1),
            ..PLAIN
        },
        SpeakOptions {
            speed: 0.0,
            ..PLAIN
        },
        SpeakOptions {
            speed: f32::NAN,
            ..PLAIN
        },
    ] {
        let error = speak(&voice, &sentences[0], options, &go)
            .await
            .unwrap_err();
        assert!(matches!(error, EngineError::Failed(_)), "{error}");
    }

    // Stopped before, and in the middle; then it speaks as before.
    let stopped = Cancellation::new();
    stopped.cancel(CancelCause::Disconnected);
    let error = speak(&voice, &sentences[0], PLAIN, &stopped)
        .await
        .unwrap_err();
    assert!(matches!(error, EngineError::Cancelled), "{error}");
    let long = voice.prepare(&"one two three four, ".repeat(50)).unwrap();
    assert!(long.len() > 1, "cut into runs");
    let stopped = Cancellation::new();
    let running = tokio::spawn({
        let (voice, long, stopped) = (Arc::clone(&voice), long[0].clone(), stopped.clone());
        async move { speak(&voice, &long, PLAIN, &stopped).await }
    });
    while voice.sessions.free() > 0 {
        tokio::task::yield_now().await;
    }
    stopped.cancel(CancelCause::Deadline);
    let error = running.await.unwrap().unwrap_err();
    assert!(matches!(error, EngineError::Cancelled), "{error}");
    assert_eq!(
        speak(&voice, &sentences[1], PLAIN, &go).await.unwrap(),
        plain
    );
}

#[test]
fn files_that_are_no_voice_are_refused_by_name() {
    let shared = shared();
    let (model, config) = test_files::voice();
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.onnx");
    std::fs::write(&broken, "no model").unwrap();
    let json = std::fs::read_to_string(&config).unwrap();
    let other = |name: &str, from: &str, to: &str| {
        let path = folder.path().join(name);
        assert!(json.contains(from));
        std::fs::write(&path, json.replace(from, to)).unwrap();
        path
    };
    let klingon = other("klingon.json", "\"en-us\"", "\"tlh-x\"");
    let several = other("several.json", "\"num_speakers\": 1", "\"num_speakers\": 3");
    let missing = folder.path().join("missing");
    for (model, config, says) in [
        (&broken, &config, "broken.onnx"),
        (&missing, &config, "missing"),
        (&model, &missing, "missing"),
        (&model, &broken, "broken.onnx"),
        (&model, &klingon, "no voice \"tlh-x\""),
        (&model, &several, "no Piper voice of several speakers"),
    ] {
        let error = PiperVoice::load("joe", model, config, &shared).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}
