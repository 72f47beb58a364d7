//! Speech in a recording, with the models that `voice-stack-models pull` installs.

use voice_listen::{
    Activity, FRAME_SAMPLES, HEARD_SAMPLES, OpenError, SAMPLE_RATE_HZ, TurnModel, VoiceActivity,
    VoiceModel,
};
use voice_stack_audio::DecodeLimits;
use voice_stack_models::{Error, Store};

/// Where somebody speaks in the recording, in seconds: "And so, my fellow Americans", "ask not",
/// "what your country can do for you", "ask what you can do for your country". So says the
/// detection of voice in whole files that the ASR service makes, to a frame of 32 ms.
const SPOKEN: [(f64, f64); 4] = [
    (0.352, 2.24),
    (3.296, 4.384),
    (5.408, 7.648),
    (8.192, 10.592),
];

/// A boundary may be off by so much.
const TOLERANCE_SECONDS: f64 = 0.1;

/// `None`, and a line in the output, where it is not installed.
fn installed<T>(open: fn(&Store) -> Result<T, OpenError>) -> Option<T> {
    let store = Store::new(Store::default_dir().expect("a home directory"));
    match open(&store) {
        Ok(model) => Some(model),
        Err(OpenError::Files(error @ Error::NotInstalled { .. })) => {
            println!("NOT TESTED: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// The recording, and silence after it.
fn recording() -> Vec<f32> {
    let limits = DecodeLimits {
        max_audio_seconds: 60.0,
    };
    let file = include_bytes!("../../samples/jfk.flac").as_slice();
    let mut samples = voice_stack_audio::decode(file, None, limits, &|| false)
        .expect("the sample is sound")
        .samples;
    samples.resize(samples.len() + 10 * SAMPLE_RATE_HZ, 0.0);
    samples
}

fn seconds(samples: u64) -> f64 {
    samples as f64 / SAMPLE_RATE_HZ as f64
}

fn assert_near(one: f64, other: f64) {
    assert!(
        (one - other).abs() <= TOLERANCE_SECONDS,
        "{one} s, not {other} s"
    );
}

#[test]
fn voice_is_where_somebody_speaks() {
    let Some(model) = installed(VoiceModel::open) else {
        return;
    };
    let samples = recording();
    let mut stream = model.stream();
    let mut activity = VoiceActivity::new(0.5, 0);

    let mut turns = Vec::new();
    let mut start = None;
    for chunk in samples.chunks(320) {
        for probability in stream.push(chunk).unwrap() {
            match activity.hear(probability) {
                Some(Activity::Started { at }) => start = Some(at),
                Some(Activity::Paused { at }) => {
                    let start = start.take().expect("it started");
                    turns.push((seconds(start), seconds(at)));
                    activity.end_turn();
                }
                None => {}
            }
        }
    }

    assert_eq!(turns.len(), SPOKEN.len(), "{turns:?}");
    for (turn, spoken) in turns.iter().zip(SPOKEN) {
        assert_near(turn.0, spoken.0);
        assert_near(turn.1, spoken.1);
    }
}

#[test]
fn streams_share_a_model_and_not_what_it_remembers() {
    let Some(model) = installed(VoiceModel::open) else {
        return;
    };
    let samples = recording();
    let samples = &samples[..4 * SAMPLE_RATE_HZ];
    let alone = model.stream().push(samples).unwrap();
    assert_eq!(alone.len(), samples.len() / FRAME_SAMPLES);

    // Each in chunks of its own size, on a thread of its own, and one of them hears silence.
    let silence = vec![0.0; samples.len()];
    let together: Vec<Vec<f32>> = std::thread::scope(|scope| {
        let heard = [
            (samples, 160),
            (samples, 511),
            (&silence, 512),
            (samples, 9001),
        ];
        let threads = heard.map(|(samples, size)| {
            let mut stream = model.stream();
            scope.spawn(move || {
                let chunks = samples.chunks(size);
                chunks.flat_map(|it| stream.push(it).unwrap()).collect()
            })
        });
        threads.map(|it| it.join().unwrap()).into()
    });

    assert!(together[2].iter().all(|it| *it < 0.35));
    for other in [0, 1, 3] {
        assert!(together[other] == alone, "chunks do not matter");
    }
}

#[test]
fn scores_are_those_of_smart_turns_own_code() {
    let Some(model) = installed(TurnModel::open) else {
        return;
    };
    let samples = recording();
    let fixture = include_str!("fixtures/smart-turn.txt");
    let mut compared = 0;
    for line in fixture.lines().filter_map(|it| it.strip_prefix("score ")) {
        let (count, expected) = line.split_once(' ').unwrap();
        let expected: f32 = expected.parse().unwrap();
        let score = model.score(&samples[..count.parse().unwrap()]).unwrap();
        // Features agree to 1e-5 (beside). The model's eight bits make little of more than that:
        // another CPU's kernels have moved a score by 0.08.
        assert!((score - expected).abs() < 0.1, "{line}: {score}");
        compared += 1;
    }
    assert_eq!(compared, 2);
}

#[test]
fn a_pause_behind_a_sentence_sounds_finished_and_one_within_does_not() {
    let (Some(voice), Some(turns)) = (installed(VoiceModel::open), installed(TurnModel::open))
    else {
        return;
    };
    let samples = recording();
    let mut activity = VoiceActivity::new(0.5, 0);
    let mut scores = Vec::new();
    let mut turn_start = 0;

    for probability in voice.stream().push(&samples).unwrap() {
        if let Some(Activity::Paused { at }) = activity.hear(probability) {
            let end = activity.position() as usize;
            let audio = &samples[end.saturating_sub(HEARD_SAMPLES).max(turn_start)..end];
            let score = turns.score(audio).unwrap();
            scores.push((seconds(at), score));
            if score > 0.5 {
                turn_start = end;
                activity.end_turn();
            }
        }
    }

    assert_eq!(scores.len(), SPOKEN.len(), "{scores:?}");
    let complete: Vec<_> = scores.iter().map(|(_, score)| *score > 0.5).collect();
    assert_eq!(complete, [true, false, false, true], "{scores:?}");
}
