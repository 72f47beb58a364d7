//! Whether a speaker who pauses has finished, by the model Smart Turn.

use ort::session::RunOptions;
use ort::value::Tensor;
use voice_onnx::SharedSession;
use voice_stack_models::Store;

use crate::error::{OpenError, RunError};
use crate::features::{BANDS, FRAMES, LogMel};
use crate::session;

pub use crate::features::HEARD_SAMPLES;

/// Its name in the catalogue.
const MODEL: &str = "smart-turn-v3.2";

/// The model, loaded once. May be asked from several threads at once.
#[derive(Debug)]
pub struct TurnModel {
    session: SharedSession<1>,
    log_mel: LogMel,
}

impl TurnModel {
    /// Loads it from a store, with ONNX Runtime. Blocks while its file is read.
    ///
    /// # Errors
    /// It, or ONNX Runtime, is not installed or can't be used.
    pub fn open(store: &Store) -> Result<Self, OpenError> {
        Ok(Self {
            session: session::open(store, MODEL)?,
            log_mel: LogMel::new(),
        })
    }

    /// The probability that who spoke in these 16 kHz mono samples has finished. They end with
    /// about 200 ms of silence, as the audio that it was trained with does, and hold no earlier
    /// turn; only the last [`HEARD_SAMPLES`] of them are heard. Computes on this thread, for about as
    /// long as a few words last: not on one that others wait for.
    ///
    /// # Errors
    /// ONNX Runtime failed.
    pub fn score(&self, audio: &[f32]) -> Result<f32, RunError> {
        let features = Tensor::from_array(([1, BANDS, FRAMES], self.log_mel.of_end(audio)))?;
        let mut options = RunOptions::new()?;
        // Pauses are seldom: what a run took is given back at its end.
        options.add_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")?;
        let inputs = [(c"input_features", features.into_dyn())];
        let [probability] = self.session.run(&inputs, &options)?;
        match probability.try_extract_tensor::<f32>()?.1 {
            [probability] if probability.is_finite() => Ok(*probability),
            other => Err(RunError::Unexpected(format!(
                "{} probabilities, or one that is no number",
                other.len()
            ))),
        }
    }
}
