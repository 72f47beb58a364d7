//! Prints the turns in a recording, as they would be heard while it plays, and what hearing them cost:
//!
//! ```text
//! turns samples/jfk.flac
//! ```

use std::time::{Duration, Instant};

use voice_listen::{
    Eagerness, EndOfTurn, HEARD_SAMPLES, SAMPLE_RATE_HZ, TurnDetector, TurnEvent, TurnModel,
    TurnSettings, VoiceModel,
};
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
    // Silence, for the last turn to end.
    samples.resize(samples.len() + 9 * SAMPLE_RATE_HZ, 0.0);

    let store = Store::new(Store::default_dir()?);
    let (voice, turns) = (VoiceModel::open(&store)?, TurnModel::open(&store)?);
    let mut stream = voice.stream();
    let settings = TurnSettings {
        end: EndOfTurn::Semantic(Eagerness::Medium),
        ..TurnSettings::default()
    };
    let mut detector = TurnDetector::new(settings, 0);
    let mut turn_start = 0;
    let mut costs = Costs::default();
    for chunk in samples.chunks(CHUNK_SAMPLES) {
        let probabilities = costs.of_frames(|| stream.push(chunk))?;
        for probability in probabilities {
            let mut event = detector.hear(probability);
            while let Some(now) = event.take() {
                println!("{:7.3} s  {now:?}", seconds(detector.position()));
                match now {
                    TurnEvent::Started { audio_start, .. } => turn_start = audio_start as usize,
                    TurnEvent::MayHaveEnded {
                        pause, audio_end, ..
                    } => {
                        let end = audio_end as usize;
                        let start = end.saturating_sub(HEARD_SAMPLES).max(turn_start);
                        let complete = costs.of_scores(|| turns.score(&samples[start..end]))?;
                        println!(
                            "{:7.3} s  score {complete:.3}",
                            seconds(detector.position())
                        );
                        event = detector.score(pause, complete);
                    }
                    TurnEvent::GoesOn { .. } | TurnEvent::Ended { .. } => {}
                }
            }
        }
    }
    let frames = detector.position() / voice_listen::FRAME_SAMPLES as u64;
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
