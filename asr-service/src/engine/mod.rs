//! Speech recognition: samples in, segments out.
//!
//! The service computes through [`Transcriber`] and knows models by [`ModelSource`]. An engine
//! is a folder with a function that opens it, and a line in `ENGINES`. One that hears half a
//! minute at a time implements `WindowTranscriber` (`speech`) instead of [`Transcriber`], and
//! has the rest done for it.

mod capabilities;
mod languages;
#[cfg(test)]
pub(crate) mod scripted;
mod source;
mod speech;
mod threads;
mod transcriber;
mod whisper;

use std::sync::Arc;

use voice_stack_models::{Catalogue, Store};

pub use capabilities::{Capabilities, ParameterNames};
pub use languages::Language;
pub use source::{Computes, ModelSource};
pub use transcriber::{
    DecodingDetails, DetectedLanguage, EngineError, Options, Segment, Transcriber, Transcript, Word,
};

use self::speech::{SileroPool, SpeechWindows};
use self::threads::ThreadBudget;
use crate::config::AsrConfig;

/// What engines are opened with.
pub(crate) struct Setup<'a> {
    /// Where models are.
    pub store: &'a Store,
    /// The settings.
    pub config: &'a AsrConfig,
    /// The detectors of speech and the cores, one set for all engines; or why there is none,
    /// which is of no concern to an engine that needs neither.
    pub windows: Result<SpeechWindows, String>,
}

impl<'a> Setup<'a> {
    fn new(store: &'a Store, config: &'a AsrConfig) -> Self {
        let windows = SileroPool::open(store).map(|detectors| {
            SpeechWindows::new(Arc::new(detectors), ThreadBudget::of_this_machine())
        });
        Self {
            store,
            config,
            windows,
        }
    }
}

/// Opens an engine with the models of a store.
///
/// # Errors
/// One line that says what is missing, with the command that fetches it, or what can't be used.
type Open = fn(&Setup<'_>) -> Result<Arc<dyn ModelSource>, String>;

/// All engines. Where two have a model of the same name, it is that of the first.
const ENGINES: &[Open] = &[whisper::open];

/// The models of all engines that can be opened; the default model must be among them.
///
/// # Errors
/// One line that says what the default model lacks.
pub fn open(config: &AsrConfig) -> Result<Vec<Arc<dyn ModelSource>>, String> {
    let dir = match &config.models.models_dir {
        Some(dir) => dir.clone(),
        None => Store::default_dir().map_err(|error| error.to_string())?,
    };
    let store = Store::new(dir);
    open_these(ENGINES, &Setup::new(&store, config))
}

fn open_these(engines: &[Open], setup: &Setup<'_>) -> Result<Vec<Arc<dyn ModelSource>>, String> {
    let mut sources = Vec::new();
    let mut refusals = Vec::new();
    for open in engines {
        match open(setup) {
            Ok(source) => sources.push(source),
            Err(reason) => refusals.push(reason),
        }
    }
    let default = &setup.config.asr.asr_model;
    if sources.iter().any(|it| it.find(default).is_some()) {
        for reason in refusals {
            tracing::warn!(
                reason,
                "an engine that the default model doesn't need is left out"
            );
        }
        return Ok(sources);
    }
    // An engine that knows the model says what it lacks; a name that nobody knows is a slip of
    // the pen; else the engine that would know it is among those that could not be opened.
    let missing = sources.iter().find_map(|it| it.missing(default));
    let unknown = || Catalogue::embedded().find(default).err();
    Err(
        match missing.or_else(|| unknown().map(|error| error.to_string())) {
            Some(reason) => format!("ASR_MODEL: {reason}"),
            None => refusals.into_iter().next().unwrap_or_else(|| {
                format!("ASR_MODEL: no engine recognises speech with '{default}'")
            }),
        },
    )
}

#[cfg(test)]
mod tests;
