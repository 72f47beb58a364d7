use std::sync::Arc;
use std::time::Duration;

use voice_common::admission::Admission;
use voice_common::cancellation::CancelCause;
use voice_common::config::Device;

use super::*;
use crate::engine::espeak::Espeak;
use crate::engine::test_files;

const PLAIN: SpeakOptions = SpeakOptions {
    speaker: None,
    speed: 1.0,
};

fn piper() -> PiperRuntime {
    let runtime = Runtime::start(&test_files::runtime_library(), Device::Cpu).unwrap();
    let espeak = Espeak::start(&test_files::espeak_data()).unwrap();
    PiperRuntime {
        runtime,
        shape: PoolShape::choose(2, 2),
        phonemiser: Phonemiser::new(espeak),
        noise: NoiseScales {
            sound: Some(0.0),
            rhythm: Some(0.0),
        },
        closing: Closing::default(),
    }
}

fn voice() -> Arc<PiperVoice> {
    let (model, config) = test_files::voice();
    Arc::new(PiperVoice::load("joe", &model, &config, &piper()).unwrap())
}

async fn permit() -> Arc<Permit> {
    let admission = Admission::new(1, 0, Duration::from_secs(1));
    Arc::new(admission.admit().await.unwrap().permit)
}

/// The sound of the first run of a text.
async fn speak(
    voice: &Arc<PiperVoice>,
    text: &str,
    options: SpeakOptions,
    cancellation: &Cancellation,
) -> Result<Vec<f32>, EngineError> {
    let permit = permit().await;
    let (voice, text) = (Arc::clone(voice), text.to_owned());
    let cancellation = cancellation.clone();
    tokio::task::spawn_blocking(move || {
        let runs = voice.prepare(&text, options)?;
        runs[0].speak(&permit, Aim::Latency, &cancellation)
    })
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
    let count = |text| voice.prepare(text, PLAIN).unwrap().len();
    assert_eq!(count(" \n"), 0);
    assert_eq!(count("Hello there. This is a test."), 2);
    let (hello, test) = ("Hello there.", "This is a test.");

    // Sound, the same each time without noise.
    let go = Cancellation::new();
    let plain = speak(&voice, test, PLAIN, &go).await.unwrap();
    assert!(
        (rate / 2..rate * 3).contains(&plain.len()),
        "{}",
        plain.len()
    );
    assert!(plain.iter().all(|it| it.abs() <= 1.0));
    assert!(plain.iter().any(|it| it.abs() > 0.05));
    assert_eq!(speak(&voice, test, PLAIN, &go).await.unwrap(), plain);

    // Speed.
    let fast = SpeakOptions {
        speed: 2.0,
        ..PLAIN
    };
    let fast = speak(&voice, test, fast, &go).await.unwrap();
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
        let error = speak(&voice, hello, options, &go).await.unwrap_err();
        assert!(matches!(error, EngineError::Failed(_)), "{error}");
    }

    // Stopped before, and in the middle; then it speaks as before.
    let stopped = Cancellation::new();
    stopped.cancel(CancelCause::Disconnected);
    let error = speak(&voice, hello, PLAIN, &stopped).await.unwrap_err();
    assert!(matches!(error, EngineError::Cancelled), "{error}");
    let long = "one two three four, ".repeat(50);
    let lengths = |speed| {
        let options = SpeakOptions { speed, ..PLAIN };
        let runs = voice.prepare(&long, options).unwrap();
        runs.iter().map(|it| it.length()).collect::<Vec<_>>()
    };
    assert!(lengths(1.0).len() > 1, "cut into runs");
    let longest = |speed| lengths(speed).into_iter().max();
    assert!(longest(0.25) < longest(1.0).map(|it| it / 3));
    let stopped = Cancellation::new();
    let running = tokio::spawn({
        let (voice, long, stopped) = (Arc::clone(&voice), long.clone(), stopped.clone());
        async move { speak(&voice, &long, PLAIN, &stopped).await }
    });
    while voice.sessions.free() > 0 {
        tokio::task::yield_now().await;
    }
    stopped.cancel(CancelCause::Deadline);
    let error = running.await.unwrap().unwrap_err();
    assert!(matches!(error, EngineError::Cancelled), "{error}");
    assert_eq!(speak(&voice, test, PLAIN, &go).await.unwrap(), plain);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_share_a_session_sound_as_if_they_were_alone() {
    let voice = voice();
    let go = Cancellation::new();
    let texts = ["One.", "Two and a half.", "Three, or rather four.", "Five!"];
    let mut alone = Vec::new();
    for text in texts {
        let sound = speak(&voice, text, PLAIN, &go).await.unwrap();
        alone.push((text, sound));
    }
    let all = voice.sessions.free();
    assert_eq!(all, 2);
    for _ in 0..3 {
        let mut together = tokio::task::JoinSet::new();
        for (text, sound) in alone.clone() {
            let (voice, go) = (Arc::clone(&voice), go.clone());
            together.spawn(async move {
                let spoken = speak(&voice, text, PLAIN, &go).await.unwrap();
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
    let piper = piper();
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
        let error = PiperVoice::load("joe", model, config, &piper).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}
