//! Sessions of one model in ONNX Runtime, and turns at them.
//!
//! A session computes one sentence at a time. Requests take turns in the order in which they
//! ask, one sentence a turn, so that a long text does not keep a short one waiting.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ort::session::{RunOptions, Session, SessionInputValue, SessionOutputs};
use ort::value::{Tensor, TensorElementType};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit};
use voice_common::cancellation::Cancellation;

use super::EngineError;
use super::pool_shape::PoolShape;
use super::runtime::{Runtime, cuda};

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

/// After so long without a run, sessions give back the memory that runs took. Giving it back
/// after each run costs a sixth of the throughput: the next one has to fetch it again, page by
/// page.
const TIDY_AFTER: Duration = Duration::from_secs(2);

/// Held while sessions give memory back; true from the end of the service on. A process must not
/// end while ONNX Runtime computes: it takes itself down under the run's feet.
static ENDED: Mutex<bool> = Mutex::new(false);

/// Waits for sessions that are giving memory back; none begins to any more.
pub fn stop_tidying() {
    *ENDED.lock() = true;
}

/// All sessions of a model.
#[derive(Debug)]
pub(super) struct Sessions {
    pool: Arc<Pool>,
}

#[derive(Debug)]
struct Pool {
    /// As many permits as there are sessions; fair.
    turns: Semaphore,
    idle: Mutex<Vec<Session>>,
    count: usize,
    with_speaker: bool,
    /// Runs that have begun.
    runs: AtomicU64,
    /// Somebody waits for a pause to tidy up in.
    tidies: AtomicBool,
}

/// A session for one sentence; goes back by itself.
struct Turn<'a> {
    session: Option<Session>,
    all: &'a Pool,
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
        let pool = Pool {
            turns: Semaphore::new(idle.len()),
            count: idle.len(),
            idle: Mutex::new(idle),
            with_speaker,
            runs: AtomicU64::new(0),
            tidies: AtomicBool::new(false),
        };
        Ok(Self {
            pool: Arc::new(pool),
        })
    }

    /// How many sessions wait for a run.
    pub fn free(&self) -> usize {
        self.pool.turns.available_permits()
    }

    /// Computes one run, on a blocking thread inside a tokio runtime.
    ///
    /// # Errors
    /// It was cancelled, while waiting or computing, or failed.
    pub fn run(&self, run: &Run<'_>, cancellation: &Cancellation) -> Result<Vec<f32>, EngineError> {
        let handle = Handle::current();
        let result = self.pool.run(run, cancellation, &handle);
        tidy_when_idle(&self.pool, &handle);
        result
    }
}

impl Pool {
    fn run(
        &self,
        run: &Run<'_>,
        cancellation: &Cancellation,
        handle: &Handle,
    ) -> Result<Vec<f32>, EngineError> {
        let mut turn = self.turn(handle, cancellation)?;
        self.runs.fetch_add(1, Ordering::Relaxed);
        let session = turn.session.as_mut().expect("is taken by drop only");
        let inputs = inputs(run, self.with_speaker).map_err(failed)?;
        let options = Arc::new(RunOptions::new().map_err(failed)?);
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
        Ok(self.take(permit))
    }

    fn take<'a>(&'a self, permit: SemaphorePermit<'a>) -> Turn<'a> {
        let session = self.idle.lock().pop();
        debug_assert!(session.is_some(), "a permit is a session");
        Turn {
            session,
            all: self,
            _permit: permit,
        }
    }

    /// Has each session that nobody uses give back what it took beyond its weights. ONNX
    /// Runtime does so at the end of a run only: this is the shortest there is.
    fn tidy(&self) -> ort::Result<()> {
        let ended = ENDED.lock();
        if *ended {
            return Ok(());
        }
        let shortest = Run {
            ids: &[0; 3],
            noise_scale: 0.0,
            length_scale: 1.0,
            noise_w_scale: 0.0,
            speaker: None,
        };
        let mut options = RunOptions::new()?;
        options.add_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")?;
        // All of them at once: one that is back would be taken again.
        let mut turns: Vec<_> = (0..self.count)
            .map_while(|_| self.turns.try_acquire().ok())
            .map(|permit| self.take(permit))
            .collect();
        for session in turns.iter_mut().filter_map(|it| it.session.as_mut()) {
            session.run_with_options(inputs(&shortest, self.with_speaker)?, &options)?;
        }
        Ok(())
    }
}

/// Sees to it that the next pause is used to give memory back. A voice that is unloaded
/// meanwhile gives everything back by itself.
fn tidy_when_idle(pool: &Arc<Pool>, handle: &Handle) {
    if pool.tidies.swap(true, Ordering::AcqRel) {
        return;
    }
    let pool = Arc::downgrade(pool);
    handle.spawn(async move {
        let mut seen = None;
        loop {
            tokio::time::sleep(TIDY_AFTER).await;
            let Some(pool) = pool.upgrade() else { return };
            let runs = pool.runs.load(Ordering::Acquire);
            if seen.replace(runs) != Some(runs) {
                continue;
            }
            // Before the work: a run that ends during it asks for another one.
            pool.tidies.store(false, Ordering::Release);
            let tidied = tokio::task::spawn_blocking(move || pool.tidy()).await;
            if let Ok(Err(error)) = tidied {
                tracing::warn!("can't give memory back: {error}");
            }
            return;
        }
    });
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
