//! Text to samples: the traits that the service computes through, and the engines behind them.
//!
//! `Synthesizer::prepare` turns a piece of text into runs, and `Run::speak` makes samples of
//! one. The two are apart because the first takes milliseconds and the second is what a
//! [`Permit`](voice_common::admission::Permit) is for.
//!
//! An engine is a folder with a function that opens it, and a line in `ENGINES`. What several
//! of them may use is in folders of its own: `onnx` (turns at ONNX Runtime's sessions,
//! and their memory) and `espeak` (eSpeak NG: phonemes).

mod espeak;
mod onnx;
mod piper;
#[cfg(test)]
pub(crate) mod scripted;
mod synthesizer;
#[cfg(test)]
mod test_files;

use std::sync::Arc;

use voice_stack_models::Store;

pub use espeak::{Espeak, Phonemiser};
pub use onnx::Runtime;
pub use piper::{VoiceConfig, phonemes, to_ids};
pub(crate) use synthesizer::{
    Aim, EngineError, Run, SpeakOptions, Synthesizer, VoiceInfo, VoiceSource,
};

use crate::config::TtsConfig;

/// Opens an engine with the models of a store.
///
/// # Errors
/// One line that says what is missing, with the command that fetches it, or what can't be used.
type Open = fn(&Store, &TtsConfig) -> Result<Arc<dyn VoiceSource>, String>;

/// All engines. Where two have a voice of the same name, it is that of the first.
const ENGINES: &[Open] = &[piper::open];

/// The voices of all engines that can be opened; the one of the default voice must be among them.
///
/// # Errors
/// One line that says what the default voice lacks.
pub(crate) fn open(config: &TtsConfig) -> Result<Vec<Arc<dyn VoiceSource>>, String> {
    let dir = match &config.models.models_dir {
        Some(dir) => dir.clone(),
        None => Store::default_dir().map_err(|error| error.to_string())?,
    };
    open_these(ENGINES, &Store::new(dir), config)
}

fn open_these(
    engines: &[Open],
    store: &Store,
    config: &TtsConfig,
) -> Result<Vec<Arc<dyn VoiceSource>>, String> {
    let mut sources = Vec::new();
    let mut refusals = Vec::new();
    for open in engines {
        match open(store, config) {
            Ok(source) => sources.push(source),
            Err(reason) => refusals.push(reason),
        }
    }
    let default = &config.tts.tts_voice;
    if sources.iter().any(|it| it.has(default)) {
        for reason in refusals {
            tracing::warn!(
                reason,
                "an engine that the default voice doesn't need is left out"
            );
        }
        return Ok(sources);
    }
    let not_installed = store.require_voice(default).err();
    Err(match (not_installed, refusals.into_iter().next()) {
        (Some(error), _) => format!("TTS_VOICE: {error}"),
        (None, Some(reason)) => reason,
        (None, None) => format!("TTS_VOICE: no engine can speak the voice '{default}'"),
    })
}

#[cfg(test)]
mod tests;
