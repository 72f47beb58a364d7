//! Size and computing time of each format, for the samples in a file.
//!
//! `cargo run --release -p voice-stack-tts --example encode -- SAMPLES RATE_HZ FOLDER` reads raw
//! `f32` samples, pushes them by seconds, writes `FOLDER/speech.FORMAT` as files (not as streams)
//! and prints what that took. It computes on one thread, so run it on an idle core.

use std::time::Instant;
use std::{env, fs};

use anyhow::{Context, Result};
use voice_stack_tts::encode::{AudioFormat, encoder, make_exact};

fn main() -> Result<()> {
    let [_, samples, rate_hz, folder] = &env::args().collect::<Vec<_>>()[..] else {
        anyhow::bail!("give a file of samples, their rate, and a folder");
    };
    let rate_hz: u32 = rate_hz.parse().context("the rate is a number")?;
    let samples: Vec<f32> = fs::read(samples)?
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect();
    let seconds = samples.len() as f64 / f64::from(rate_hz);
    println!("format  rate   kbit/s  time/audio  first bytes");
    for format in AudioFormat::ALL {
        let started = Instant::now();
        let mut encoder = encoder(format, rate_hz, None)?;
        let output_hz = encoder.output_rate_hz();
        let mut body = Vec::new();
        let mut first = None;
        for second in samples.chunks(rate_hz as usize) {
            encoder.push(second, &mut body)?;
            first.get_or_insert_with(|| started.elapsed());
        }
        encoder.finish(&mut body)?;
        let share = started.elapsed().as_secs_f64() / seconds;
        let kbits = body.len() as f64 * 8.0 / 1000.0 / seconds;
        let first_ms = first.unwrap_or_default().as_secs_f64() * 1000.0;
        println!("{format:6} {output_hz:6} {kbits:7.1}  {share:10.5}  {first_ms:8.1} ms");
        make_exact(format, &mut body);
        fs::write(format!("{folder}/speech.{format}"), &body)?;
    }
    Ok(())
}
