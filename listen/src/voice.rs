//! How likely each 32 ms of audio is speech, by Silero's model.

use std::sync::Arc;

use ort::session::RunOptions;
use ort::value::Tensor;
use voice_onnx::SharedSession;
use voice_stack_models::Store;

use crate::SAMPLE_RATE_HZ;
use crate::error::{OpenError, RunError};
use crate::frames::{Frames, WINDOW_SAMPLES};
use crate::session;

/// Its name in the catalogue.
const MODEL: &str = "silero-vad-onnx";
/// What the model remembers of a stream: two states of 128 values.
const STATE_SHAPE: [usize; 3] = [2, 1, 128];
const STATE_VALUES: usize = 256;

/// The model, loaded once. Copies of it are the same one.
#[derive(Debug, Clone)]
pub struct VoiceModel {
    session: Arc<SharedSession<2>>,
}

impl VoiceModel {
    /// Loads it from a store, with ONNX Runtime. Blocks while its file is read.
    ///
    /// # Errors
    /// It, or ONNX Runtime, is not installed or can't be used.
    pub fn open(store: &Store) -> Result<Self, OpenError> {
        let session = Arc::new(session::open(store, MODEL)?);
        Ok(Self { session })
    }

    /// A stream of audio that begins now.
    pub fn stream(&self) -> VoiceStream {
        VoiceStream {
            model: self.clone(),
            frames: Frames::new(),
            state: vec![0.0; STATE_VALUES],
        }
    }

    /// The probability that there is speech in the frame of this window, and what is then to be
    /// remembered. May be called from several threads at once.
    fn judge(&self, window: &[f32], state: &[f32]) -> Result<(f32, Vec<f32>), RunError> {
        let window = Tensor::from_array(([1, WINDOW_SAMPLES], window.to_vec()))?;
        let state = Tensor::from_array((STATE_SHAPE, state.to_vec()))?;
        let rate = Tensor::from_array(((), vec![SAMPLE_RATE_HZ as i64]))?;
        let inputs = [
            (c"input", window.into_dyn()),
            (c"state", state.into_dyn()),
            (c"sr", rate.into_dyn()),
        ];
        let [probability, state] = self.session.run(&inputs, &RunOptions::new()?)?;
        let (_, probability) = probability.try_extract_tensor::<f32>()?;
        let (_, state) = state.try_extract_tensor::<f32>()?;
        match probability {
            [probability] if state.len() == STATE_VALUES => Ok((*probability, state.to_vec())),
            _ => Err(RunError::Unexpected(format!(
                "{} probabilities and a state of {} values",
                probability.len(),
                state.len()
            ))),
        }
    }
}

/// A stream of audio, and what the model remembers of it.
#[derive(Debug)]
pub struct VoiceStream {
    model: VoiceModel,
    frames: Frames,
    state: Vec<f32>,
}

impl VoiceStream {
    /// Takes the next samples, 16 kHz mono, however many; gives the probabilities of speech in the
    /// frames of [`FRAME_SAMPLES`](crate::FRAME_SAMPLES) that they complete, the oldest first. Computes on this thread, for less
    /// than a hundredth of the time that a frame lasts.
    ///
    /// # Errors
    /// ONNX Runtime failed. The stream has then lost its place and is to be dropped.
    pub fn push(&mut self, samples: &[f32]) -> Result<Vec<f32>, RunError> {
        let Self {
            model,
            frames,
            state,
        } = self;
        let mut probabilities = Vec::new();
        frames.push(samples, |window| {
            let (probability, remembered) = model.judge(window, state)?;
            *state = remembered;
            probabilities.push(probability);
            Ok::<_, RunError>(())
        })?;
        Ok(probabilities)
    }
}
