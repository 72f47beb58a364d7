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
    is_accompanied: false,
};

fn shared() -> Shared {
    Shared::start(&EngineConfig {
        runtime_library: test_files::runtime_library(),
        espeak_data: test_files::espeak_data(),
        device: Device::Cpu,
        shape: PoolShape::choose(2, 2),
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
    assert_eq!(voice.prepare(" \n", 1.0).unwrap(), []);
    let sentences = voice.prepare("Hello there. This is a test.", 1.0).unwrap();
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
    let long = voice
        .prepare(&"one two three four, ".repeat(50), 1.0)
        .unwrap();
    assert!(long.len() > 1, "cut into runs");
    let slow = voice.prepare(&"one two three four, ".repeat(50), 0.25);
    let longest = |runs: &[PhonemeIds]| runs.iter().map(|it| it.0.len()).max();
    assert!(longest(&slow.unwrap()) < longest(&long).map(|it| it / 3));
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

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_share_a_session_sound_as_if_they_were_alone() {
    let voice = voice();
    let go = Cancellation::new();
    let texts = ["One.", "Two and a half.", "Three, or rather four.", "Five!"];
    let mut alone = Vec::new();
    for text in texts {
        let phonemes = voice.prepare(text, 1.0).unwrap().remove(0);
        let sound = speak(&voice, &phonemes, PLAIN, &go).await.unwrap();
        alone.push((phonemes, sound));
    }
    let all = voice.sessions.free();
    assert_eq!(all, 2);
    for _ in 0..3 {
        let mut together = tokio::task::JoinSet::new();
        for (phonemes, sound) in alone.clone() {
            let (voice, go) = (Arc::clone(&voice), go.clone());
            together.spawn(async move {
                let spoken = speak(&voice, &phonemes, PLAIN, &go).await.unwrap();
                // The order of sums depends on the number of threads.
                assert_eq!(spoken.len(), sound.len());
                let furthest = (spoken.iter().zip(&sound))
                    .map(|(one, other)| (one - other).abs())
                    .fold(0.0, f32::max);
                assert!(furthest < 1e-3, "{furthest}");
            });
        }
        together.join_all().await;
    }
    assert_eq!(voice.sessions.free(), all);
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
