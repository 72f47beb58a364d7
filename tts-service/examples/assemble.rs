//! What becomes of a voice's utterances: their levels and lengths before and after.
//!
//! `cargo run -p voice-stack-tts --example assemble -- RATE_HZ FOLDER SAMPLES...` reads raw `f32`
//! samples, an utterance a file, ends each as a sentence, and writes `FOLDER/NUMBER.f32`.

use std::time::Instant;
use std::{env, fs};

use anyhow::{Context, Result};
use voice_stack_tts::audio::{PauseLengths, SpeechAssembler};
use voice_stack_tts::text::Pause;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [rate_hz, folder, files @ ..] = &arguments[..] else {
        anyhow::bail!("give a rate, a folder, and files of samples");
    };
    let rate_hz: u32 = rate_hz.parse().context("the rate is a number")?;
    let mut assembler = SpeechAssembler::new(rate_hz, PauseLengths::default());
    println!("   in s  peak   out s  peak   time/audio");
    for (number, file) in files.iter().enumerate() {
        let samples: Vec<f32> = fs::read(file)?
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            .collect();
        let (seconds, peak) = (samples.len() as f64 / f64::from(rate_hz), peak(&samples));
        let started = Instant::now();
        let speech = assembler.push(samples, Pause::Sentence);
        let share = started.elapsed().as_secs_f64() / seconds;
        let seconds_out = speech.len() as f64 / f64::from(rate_hz);
        let peak_out = self::peak(&speech);
        println!("{seconds:7.2} {peak:5.2} {seconds_out:7.2} {peak_out:5.2} {share:12.6}");
        let bytes: Vec<u8> = speech.iter().flat_map(|s| s.to_le_bytes()).collect();
        fs::write(format!("{folder}/{number:02}.f32"), bytes)?;
    }
    Ok(())
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, s| s.abs().max(peak))
}
