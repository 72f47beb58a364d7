//! Voice activity detection: how likely each 32 ms of audio is speech.

use std::path::PathBuf;

use parking_lot::Mutex;
use voice_stack_models::{Catalogue, Store};
use whisper_rs::{WhisperVadContext, WhisperVadContextParams};

use super::windows::FRAME_SAMPLES;

/// Its name in the catalogue.
const MODEL: &str = "silero-vad";
/// Frames that are judged together, and therefore can't be cancelled in between: 15 s.
const BLOCK_FRAMES: usize = 469;
/// Frames before a block that set up the detector's memory, which is cleared for each call.
const WARM_UP_FRAMES: usize = 16;

const FAILED: &str = "voice activity detection failed";

/// Says where speech is.
pub(crate) trait SpeechDetector {
    /// Probabilities of speech for a block of frames that starts at `first_frame`; as many as
    /// the detector judges at once, none past the end of the samples.
    fn block(&mut self, samples: &[f32], first_frame: usize) -> Result<Vec<f32>, String>;
}

/// Where jobs get their detectors from.
pub(crate) trait SpeechDetectors: Send + Sync {
    /// A detector that no other job uses.
    fn take(&self) -> Result<Box<dyn SpeechDetector + '_>, String>;
}

/// Silero's detectors (through whisper.cpp) that are made once and reused.
pub(crate) struct SileroPool {
    model: PathBuf,
    idle: Mutex<Vec<WhisperVadContext>>,
}

impl SileroPool {
    /// Detectors of the model in the store, which is verified.
    ///
    /// # Errors
    /// One line with the command that fetches it.
    pub(crate) fn open(store: &Store) -> Result<Self, String> {
        let entry = Catalogue::embedded().find(MODEL);
        let open = |entry| {
            let model = store.require(entry)?;
            store.verify(entry)?;
            Ok(model)
        };
        let model = entry.and_then(open).map_err(|error| error.to_string())?;
        Ok(Self {
            model,
            idle: Mutex::new(Vec::new()),
        })
    }

    fn load(&self) -> Result<WhisperVadContext, String> {
        let path = self
            .model
            .to_str()
            .ok_or("the path of the VAD model is not UTF-8")?;
        let mut params = WhisperVadContextParams::default();
        // The net is tiny: its default of 4 threads is hundreds of times slower on 2 cores.
        params.set_n_threads(1);
        WhisperVadContext::new(path, params)
            .map_err(|_| "the VAD model could not be loaded".to_string())
    }
}

impl SpeechDetectors for SileroPool {
    fn take(&self) -> Result<Box<dyn SpeechDetector + '_>, String> {
        let idle = self.idle.lock().pop();
        let context = idle.map_or_else(|| self.load(), Ok)?;
        Ok(Box::new(Silero {
            context: Some(context),
            pool: self,
        }))
    }
}

/// A detector, returned to its pool when dropped.
struct Silero<'a> {
    context: Option<WhisperVadContext>,
    pool: &'a SileroPool,
}

impl Drop for Silero<'_> {
    fn drop(&mut self) {
        if let Some(context) = self.context.take() {
            self.pool.idle.lock().push(context);
        }
    }
}

impl SpeechDetector for Silero<'_> {
    fn block(&mut self, samples: &[f32], first_frame: usize) -> Result<Vec<f32>, String> {
        let warm_up = first_frame.min(WARM_UP_FRAMES);
        let start = (first_frame - warm_up) * FRAME_SAMPLES;
        let end = ((first_frame + BLOCK_FRAMES) * FRAME_SAMPLES).min(samples.len());
        let context = self.context.as_mut().ok_or(FAILED)?;
        if context.detect_speech(&samples[start..end]).is_err() {
            // Not trusted again, so not returned to the pool.
            self.context = None;
            return Err(FAILED.into());
        }
        Ok(context
            .probabilities()
            .get(warm_up..)
            .unwrap_or_default()
            .to_vec())
    }
}
