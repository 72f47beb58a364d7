//! Prints where somebody speaks in a recording, whether they sound finished at each pause, and what hearing
//! that cost:
//!
//! ```text
//! turns samples/jfk.flac
//! ```

use std::time::{Duration, Instant};

use voice_listen::{Activity, HEARD_SAMPLES, SAMPLE_RATE_HZ, TurnModel, VoiceActivity, VoiceModel};
use voice_stack_audio::DecodeLimits;
use voice_stack_models::Store;

/// What is heard at a time: 20 ms.
const CHUNK_SAMPLES: usize = 320;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("turns RECORDING")?;
    let limits = DecodeLimits {
        max_audio_seconds: 3600.0,
    };
    let file = std::fs::File::open(path)?;
    let mut samples = voice_stack_audio::decode(file, None, limits, &|| false)?.samples;
    // Silence, for the last pause.
    samples.resize(samples.len() + SAMPLE_RATE_HZ, 0.0);

    let store = Store::new(Store::default_dir()?);
    let (voice, turns) = (VoiceModel::open(&store)?, TurnModel::open(&store)?);
    let mut stream = voice.stream();
    let mut activity = VoiceActivity::new(0.5, 0);
    let mut turn_start = 0;
    let mut costs = Costs::default();
    for chunk in samples.chunks(CHUNK_SAMPLES) {
        for probability in costs.of_frames(|| stream.push(chunk))? {
            let Some(fact) = activity.hear(probability) else {
                continue;
            };
            let heard = activity.position() as usize;
            println!("{:7.3} s  {fact:?}", seconds(activity.position()));
            match fact {
                Activity::Started { at } if turn_start == 0 => turn_start = at as usize,
                Activity::Started { .. } => {}
                Activity::Paused { .. } => {
                    let start = heard.saturating_sub(HEARD_SAMPLES).max(turn_start);
                    let complete = costs.of_scores(|| turns.score(&samples[start..heard]))?;
                    println!(
                        "{:7.3} s  score {complete:.3}",
                        seconds(activity.position())
                    );
                    if complete > 0.5 {
                        turn_start = 0;
                        activity.end_turn();
                    }
                }
            }
        }
    }
    let frames = activity.position() / voice_listen::FRAME_SAMPLES as u64;
    println!(
        "{:.3} ms a frame",
        milliseconds(costs.frames) / frames as f64
    );
    println!(
        "{:.1} ms a score",
        milliseconds(costs.scores) / f64::from(costs.scored)
    );
    Ok(())
}

/// Time that models took.
#[derive(Default)]
struct Costs {
    frames: Duration,
    scores: Duration,
    scored: u32,
}

impl Costs {
    fn of_frames<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let result = work();
        self.frames += begun.elapsed();
        result
    }

    fn of_scores<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let result = work();
        self.scores += begun.elapsed();
        self.scored += 1;
        result
    }
}

fn seconds(samples: u64) -> f64 {
    samples as f64 / SAMPLE_RATE_HZ as f64
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
