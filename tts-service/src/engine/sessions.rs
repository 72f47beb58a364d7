//! Sessions of one model in ONNX Runtime, and turns at them.
//!
//! A session computes one sentence at a time. Requests take turns in the order in which they
//! ask, one sentence a turn, so that a long text does not keep a short one waiting.

use std::path::Path;
use std::sync::Arc;

use ort::session::{RunOptions, Session, SessionInputValue, SessionOutputs};
use ort::value::{Tensor, TensorElementType};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit};
use voice_common::cancellation::Cancellation;

use super::EngineError;
use super::runtime::{Runtime, cuda};

/// How a voice computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolShape {
    /// Sentences at a time. Each session holds the weights once more.
    pub sessions: usize,
    /// Threads that compute one sentence together.
    pub threads_each: usize,
}

/// Threads that one sentence still gains from.
const MOST_THREADS_EACH: usize = 4;

impl PoolShape {
    /// A shape for so many cores and so many requests at a time; never more threads than
    /// cores. Two threads a session where there are cores for it: the first sentence, which
    /// a listener waits for, comes sooner, and each session less saves 1.5 times the model's
    /// size. The price is about an eighth more processor time for the same speech.
    pub fn choose(cores: usize, max_concurrent: usize) -> Self {
        let cores = cores.max(1);
        let sessions = (cores / 2).clamp(1, max_concurrent.max(1));
        Self {
            sessions,
            threads_each: (cores / sessions).min(MOST_THREADS_EACH),
        }
    }
}

/// Resident memory that a voice takes at most: its weights once a session, as they are and
/// as the processor likes them, and one run of the longest kind in each session.
pub fn footprint_bytes(model_file_bytes: u64, shape: PoolShape) -> u64 {
    const LONGEST_RUN: u64 = 320 << 20;
    shape.sessions as u64 * (model_file_bytes + model_file_bytes / 2 + LONGEST_RUN)
}

/// The values of one run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run<'a> {
    pub ids: &'a [i64],
    pub noise_scale: f32,
    pub length_scale: f32,
    pub noise_w_scale: f32,
    /// For models of several speakers.
    pub speaker: Option<i64>,
}

/// All sessions of a model.
#[derive(Debug)]
pub(super) struct Sessions {
    /// As many permits as there are sessions; fair.
    turns: Semaphore,
    idle: Mutex<Vec<Session>>,
    with_speaker: bool,
}

/// A session for one sentence; goes back by itself.
struct Turn<'a> {
    session: Option<Session>,
    all: &'a Sessions,
    // Fields drop after `drop`: the session is back before the next one may take it.
    _permit: SemaphorePermit<'a>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.all.idle.lock().extend(self.session.take());
    }
}

impl Sessions {
    /// Loads the model once a session.
    ///
    /// # Errors
    /// It can't be loaded, or is not a Piper voice of one or several speakers.
    pub fn load(
        model: &Path,
        runtime: &Runtime,
        shape: PoolShape,
        with_speaker: bool,
    ) -> Result<Self, String> {
        let mut idle = Vec::new();
        for _ in 0..shape.sessions.max(1) {
            let session = build(model, runtime, shape.threads_each)?;
            check_outlets(&session, with_speaker)?;
            idle.push(session);
        }
        Ok(Self {
            turns: Semaphore::new(idle.len()),
            idle: Mutex::new(idle),
            with_speaker,
        })
    }

    /// How many sessions wait for a run.
    #[cfg(test)]
    pub fn free(&self) -> usize {
        self.turns.available_permits()
    }

    /// Computes one run, on a blocking thread inside a tokio runtime.
    ///
    /// # Errors
    /// It was cancelled, while waiting or computing, or failed.
    pub fn run(&self, run: &Run<'_>, cancellation: &Cancellation) -> Result<Vec<f32>, EngineError> {
        let handle = Handle::current();
        let mut turn = self.turn(&handle, cancellation)?;
        let session = turn.session.as_mut().expect("is taken by drop only");
        let inputs = inputs(run, self.with_speaker).map_err(failed)?;
        let options = Arc::new(run_options().map_err(failed)?);
        let watch = handle.spawn({
            let (options, cancellation) = (Arc::clone(&options), cancellation.clone());
            async move {
                cancellation.cancelled().await;
                if let Err(error) = options.terminate() {
                    tracing::warn!("can't stop a run: {error}");
                }
            }
        });
        let result = session.run_with_options(inputs, &*options);
        watch.abort();
        match result {
            Ok(outputs) => samples(&outputs),
            Err(_) if cancellation.is_cancelled() => Err(EngineError::Cancelled),
            Err(error) => Err(failed(error)),
        }
    }

    fn turn(&self, handle: &Handle, cancellation: &Cancellation) -> Result<Turn<'_>, EngineError> {
        let permit = handle.block_on(async {
            tokio::select! {
                biased;
                () = cancellation.cancelled() => Err(EngineError::Cancelled),
                permit = self.turns.acquire() => permit.map_err(|it| EngineError::Failed(it.to_string())),
            }
        })?;
        let session = self.idle.lock().pop();
        debug_assert!(session.is_some(), "a permit is a session");
        Ok(Turn {
            session,
            all: self,
            _permit: permit,
        })
    }
}

fn build(model: &Path, runtime: &Runtime, threads: usize) -> Result<Session, String> {
    let session = || -> ort::Result<Session> {
        let builder = Session::builder()?
            .with_intra_threads(threads.max(1))?
            .with_inter_threads(1)?
            // Waiting threads sleep: they would take a core from other sentences.
            .with_intra_op_spinning(false)?
            // A plan of memory for each length of a sentence would be kept, and few repeat.
            .with_memory_pattern(false)?;
        let mut builder = if runtime.uses_gpu() {
            builder.with_execution_providers([cuda()])?
        } else {
            builder
        };
        builder.commit_from_file(model)
    };
    session().map_err(|it| format!("can't be loaded: {it}"))
}

/// Gives memory back after each run: else a session would keep for good what its longest
/// sentence took, hundreds of megabytes.
fn run_options() -> ort::Result<RunOptions> {
    let mut options = RunOptions::new()?;
    options.add_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")?;
    Ok(options)
}

/// Names and types as every Piper voice has them.
fn check_outlets(session: &Session, with_speaker: bool) -> Result<(), String> {
    use TensorElementType::{Float32, Int64};
    let mut expected = vec![
        ("input", Int64),
        ("input_lengths", Int64),
        ("scales", Float32),
    ];
    if with_speaker {
        expected.push(("sid", Int64));
    }
    let inputs = session.inputs();
    let fits = inputs.len() == expected.len()
        && expected.iter().all(|(name, element)| {
            (inputs.iter())
                .any(|it| it.name() == *name && it.dtype().tensor_type() == Some(*element))
        });
    if !fits {
        let names: Vec<_> = inputs.iter().map(ort::value::Outlet::name).collect();
        return Err(format!(
            "no Piper voice of {} speaker{}: its inputs are {}",
            if with_speaker { "several" } else { "one" },
            if with_speaker { "s" } else { "" },
            names.join(", ")
        ));
    }
    let output = session.outputs().first();
    match output.map(|it| it.dtype().tensor_type()) {
        Some(Some(Float32)) => Ok(()),
        _ => Err("no Piper voice: its first output is no sound".to_owned()),
    }
}

fn inputs(
    run: &Run<'_>,
    with_speaker: bool,
) -> ort::Result<Vec<(&'static str, SessionInputValue<'static>)>> {
    let count = run.ids.len();
    let scales = vec![run.noise_scale, run.length_scale, run.noise_w_scale];
    let mut inputs = vec![
        (
            "input",
            Tensor::from_array(([1, count], run.ids.to_vec()))?.into(),
        ),
        (
            "input_lengths",
            Tensor::from_array(([1], vec![count as i64]))?.into(),
        ),
        ("scales", Tensor::from_array(([3], scales))?.into()),
    ];
    if with_speaker {
        let speaker = vec![run.speaker.unwrap_or(0)];
        inputs.push(("sid", Tensor::from_array(([1], speaker))?.into()));
    }
    Ok(inputs)
}

/// The one channel of the first output, whatever number of dimensions of 1 is around it.
fn samples(outputs: &SessionOutputs<'_>) -> Result<Vec<f32>, EngineError> {
    let (shape, samples) = outputs[0].try_extract_tensor::<f32>().map_err(failed)?;
    if shape.iter().filter(|it| **it != 1).count() > 1 {
        return Err(EngineError::Failed(format!(
            "the voice made {shape:?} values, not one channel of sound"
        )));
    }
    if samples.iter().all(|it| it.is_finite()) {
        Ok(samples.to_vec())
    } else {
        Err(EngineError::Failed(
            "the voice made sound with values that are no numbers".to_owned(),
        ))
    }
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn failed(error: ort::Error) -> EngineError {
    EngineError::Failed(error.to_string())
}
