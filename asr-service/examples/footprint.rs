//! What an installed Whisper model takes of the memory: the figures behind
//! `asr-service/src/engine/whisper/footprint.rs`.
//!
//!     cargo run --release -p voice-stack-asr --example footprint -- NAME
//!
//! Needs the model and `silero-vad` in the default directory. Each state works on 29 s of
//! speech, which takes the full context of the encoder: the most that a state ever needs.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use clap::Parser as _;
use voice_common::admission::{Admission, Permit};
use voice_common::cancellation::Cancellation;
use voice_stack_asr::config::AsrConfig;
use voice_stack_asr::engine::{self, Options, Transcriber};
use voice_stack_audio::{DecodeLimits, SAMPLE_RATE_HZ};
use voice_stack_models::Catalogue;

const MOST_STATES: usize = 3;
const SPEECH_SECONDS: usize = 29;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args()
        .nth(1)
        .ok_or("the name of a model, please")?;
    let entry = Catalogue::embedded().find(&name)?;
    let settings = ["footprint", "--asr-device", "cpu", "--asr-model", &name];
    let engines = engine::open(&AsrConfig::try_parse_from(settings)?)?;
    let engine = engines
        .iter()
        .find(|it| it.find(&name).is_some())
        .ok_or("no engine has the model")?;
    let speech = speech()?;
    let door = Admission::new(1, 0, Duration::ZERO);
    let permit = door
        .admit()
        .await
        .map_err(|_| "a free slot is given")?
        .permit;

    let before = resident_mb()?;
    let model = engine.load(&name)?;
    let loaded = resident_mb()?;
    println!("file     {:7.1} MB", entry.size_bytes as f64 / 1e6);
    println!("loaded   {:7.1} MB", loaded - before);
    for states in 1..=MOST_STATES {
        transcribe_at_once(&*model, &permit, &speech, states)?;
        let each = (resident_mb()? - loaded) / states as f64;
        println!("{states} states {each:7.1} MB each");
    }
    Ok(())
}

/// As many states as there are jobs at once stay with the model.
fn transcribe_at_once(
    model: &dyn Transcriber,
    permit: &Permit,
    speech: &[f32],
    jobs: usize,
) -> Result<(), String> {
    let job = || {
        let (options, cancellation) = (Options::default(), Cancellation::new());
        model
            .transcribe(permit, speech, &options, &cancellation, &mut |_| {})
            .map_err(|error| error.to_string())
    };
    std::thread::scope(|scope| {
        let jobs: Vec<_> = (0..jobs).map(|_| scope.spawn(job)).collect();
        jobs.into_iter().try_for_each(|job| {
            let transcript = job.join().map_err(|_| "a job panicked")?;
            transcript.map(drop)
        })
    })
}

fn speech() -> Result<Vec<f32>, Box<dyn Error>> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/jfk.flac");
    let limits = DecodeLimits {
        max_audio_seconds: SPEECH_SECONDS as f64,
    };
    let audio = voice_stack_audio::decode(std::fs::read(sample)?, None, limits, &|| false)?;
    let length = SPEECH_SECONDS * SAMPLE_RATE_HZ as usize;
    Ok(audio.samples.into_iter().cycle().take(length).collect())
}

fn resident_mb() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = line
        .ok_or("no VmRSS")?
        .trim()
        .trim_end_matches(" kB")
        .parse()?;
    Ok(kib * 1024.0 / 1e6)
}
