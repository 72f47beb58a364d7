//! whisper.cpp as it comes, for `scripts/bench-asr` to compare the service with.
//!
//! Its own default parameters throughout: greedy with `best_of` 5, temperature fallback, the
//! full 30 s of context, flash attention, no voice activity detection. Only the number of
//! threads is given. One state answers one request after the other, as whisper.cpp's own
//! server does.
//!
//! ```text
//! whisper_defaults MODEL THREADS
//! stdin:   {"id": 1, "path": "clip.wav"}            16 kHz mono
//! stdout:  {"ready": {…versions…}}                  once
//!          {"id": 1, "text": "…", "seconds": 0.8}   or {"id": 1, "error": "…"}
//! ```

use std::error::Error;
use std::io::{BufRead as _, Write as _};
use std::time::Instant;

use serde::Deserialize;
use serde_json::json;
use voice_stack_audio::DecodeLimits;
use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState,
};

#[derive(Deserialize)]
struct Request {
    id: u64,
    path: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(model), Some(threads)) = (arguments.next(), arguments.next()) else {
        return Err("usage: whisper_defaults MODEL THREADS".into());
    };
    let threads: i32 = threads.parse()?;
    // Without a backend for them, whisper.cpp's messages about each step go nowhere.
    whisper_rs::install_logging_hooks();

    let mut parameters = WhisperContextParameters::default();
    parameters.use_gpu(false);
    // whisper.cpp turns it on, whisper-rs turns it off.
    parameters.flash_attn(true);
    let context = WhisperContext::new_with_params(&model, parameters)?;
    let mut state = context.create_state()?;

    answer(&json!({"ready": {
        "whisper.cpp": whisper_rs::get_whisper_version(),
        "build": whisper_rs::print_system_info(),
    }}))?;
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        let started = Instant::now();
        answer(&match transcribe(&mut state, &request.path, threads) {
            Ok(text) => json!({
                "id": request.id,
                "text": text,
                "seconds": started.elapsed().as_secs_f64(),
            }),
            Err(cause) => json!({"id": request.id, "error": cause.to_string()}),
        })?;
    }
    Ok(())
}

fn answer(line: &serde_json::Value) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn transcribe(
    state: &mut WhisperState,
    path: &str,
    threads: i32,
) -> Result<String, Box<dyn Error>> {
    let limits = DecodeLimits {
        max_audio_seconds: 60.0,
    };
    let audio = voice_stack_audio::decode(std::fs::read(path)?, None, limits, &|| false)?;

    let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 5 });
    parameters.set_n_threads(threads);
    // Standard output carries the answers.
    parameters.set_print_progress(false);
    parameters.set_print_timestamps(false);
    state.full(parameters, &audio.samples)?;
    let text: String = state.as_iter().map(|segment| segment.to_string()).collect();
    Ok(text.trim().to_string())
}
