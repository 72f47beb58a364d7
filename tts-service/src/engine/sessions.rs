//! Sessions of one model in ONNX Runtime, and turns at them.
//!
//! A session computes a few sentences at a time, and fewer where they are long: memory grows
//! with their lengths. Requests take turns in the order in which they ask, one sentence a turn,
//! so that a long text does not keep a short one waiting.

use std::ffi::CStr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ort::session::{RunOptions, Session};
use ort::value::{DynValue, Tensor, TensorElementType};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit};
use voice_common::cancellation::Cancellation;

use super::EngineError;
use super::phonemes::MAX_RUN_IDS;
use super::pool_shape::PoolShape;
use super::runtime::{Runtime, cuda};
use super::shared_session::SharedSession;
use super::tidied::{Tidied, Tidy};

/// The values of one run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run<'a> {
    pub ids: &'a [i64],
    pub noise_scale: f32,
    pub length_scale: f32,
    pub noise_w_scale: f32,
    /// For models of several speakers.
    pub speaker: Option<i64>,
    /// Others begin beside it.
    pub is_accompanied: bool,
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
    pool: Tidied<Pool>,
}

#[derive(Debug)]
struct Pool {
    /// As many permits as ids may be in computation at the usual speed, [`MAX_RUN_IDS`] a
    /// session; fair.
    turns: Semaphore,
    seats: Vec<Seat>,
    /// For a run while there is no other.
    alone: Option<Seat>,
    /// Permits that the shortest run takes, so that no more than the shape's runs are at work.
    fewest_permits: usize,
    with_speaker: bool,
}

/// A session and how many runs it computes.
#[derive(Debug)]
struct Seat {
    session: SharedSession,
    taken: AtomicUsize,
}

/// A seat for one sentence; goes back by itself.
struct Turn<'a> {
    seat: &'a Seat,
    // Fields drop after `drop`: the seat is back before the next one may take it.
    _permit: SemaphorePermit<'a>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.seat.taken.fetch_sub(1, Ordering::AcqRel);
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
        let seat = |threads, is_for_one| {
            let session = build(model, runtime, threads, is_for_one)?;
            check_outlets(&session, with_speaker)?;
            Ok::<_, String>(Seat {
                session: SharedSession::new(session)?,
                taken: AtomicUsize::new(0),
            })
        };
        // Each takes a second of one core.
        let (seats, alone) = std::thread::scope(|scope| {
            let alone = (shape.alone_threads).map(|it| scope.spawn(move || seat(it, true)));
            let seats: Result<Vec<_>, _> = (0..shape.sessions.max(1))
                .map(|_| seat(shape.threads_each, false))
                .collect();
            let alone = alone.map(|it| it.join().unwrap_or_else(|_| Err("panicked".into())));
            Ok::<_, String>((seats?, alone.transpose()?))
        })?;
        let pool = Pool {
            turns: Semaphore::new(seats.len() * MAX_RUN_IDS),
            seats,
            alone,
            fewest_permits: MAX_RUN_IDS / shape.runs_each.clamp(1, MAX_RUN_IDS),
            with_speaker,
        };
        Ok(Self {
            pool: Tidied::new(pool),
        })
    }

    /// How many short runs could begin at once.
    pub fn free(&self) -> usize {
        self.pool.turns.available_permits() / self.pool.fewest_permits
    }

    /// Computes one run, on a blocking thread inside a tokio runtime.
    ///
    /// # Errors
    /// It was cancelled, while waiting or computing, or failed.
    pub fn run(&self, run: &Run<'_>, cancellation: &Cancellation) -> Result<Vec<f32>, EngineError> {
        let handle = Handle::current();
        let result = self.pool.run(run, cancellation, &handle);
        self.pool.used(TIDY_AFTER, &handle);
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
        let turn = self.turn(run, handle, cancellation)?;
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
        let result = turn.seat.session.run(&inputs, &options);
        watch.abort();
        match result {
            Ok(output) => samples(&output),
            Err(_) if cancellation.is_cancelled() => Err(EngineError::Cancelled),
            Err(error) => Err(failed(error)),
        }
    }

    fn turn(
        &self,
        run: &Run<'_>,
        handle: &Handle,
        cancellation: &Cancellation,
    ) -> Result<Turn<'_>, EngineError> {
        // Memory grows with the length of the sound.
        let length = (run.ids.len() as f32 * run.length_scale.max(1.0)) as usize;
        let permits = length.clamp(self.fewest_permits, MAX_RUN_IDS) as u32;
        let permit = handle.block_on(async {
            tokio::select! {
                biased;
                () = cancellation.cancelled() => Err(EngineError::Cancelled),
                permit = self.turns.acquire_many(permits) => permit.map_err(|it| EngineError::Failed(it.to_string())),
            }
        })?;
        let seat = self.seat(run.is_accompanied);
        seat.taken.fetch_add(1, Ordering::AcqRel);
        Ok(Turn {
            seat,
            _permit: permit,
        })
    }

    /// That of the session for single runs, if nobody is at work, else that of the least busy.
    /// Two runs that begin at the same moment may share one: they are slower then, no more.
    fn seat(&self, is_accompanied: bool) -> &Seat {
        let taken = |it: &Seat| it.taken.load(Ordering::Acquire);
        let is_idle = || {
            self.seats
                .iter()
                .chain(&self.alone)
                .all(|it| taken(it) == 0)
        };
        match &self.alone {
            Some(alone) if !is_accompanied && is_idle() => alone,
            _ => (self.seats.iter().min_by_key(|it| taken(it))).expect("there is one at least"),
        }
    }

    /// ONNX Runtime gives back what runs took at the end of a run only: this is the shortest
    /// there is.
    fn run_and_shrink(&self) -> ort::Result<()> {
        let shortest = Run {
            ids: &[0; 3],
            noise_scale: 0.0,
            length_scale: 1.0,
            noise_w_scale: 0.0,
            speaker: None,
            is_accompanied: false,
        };
        let mut options = RunOptions::new()?;
        options.add_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")?;
        // On a CPU all sessions have one arena.
        if let Some(seat) = self.seats.first() {
            let inputs = inputs(&shortest, self.with_speaker)?;
            seat.session.run(&inputs, &options)?;
        }
        Ok(())
    }
}

impl Tidy for Pool {
    /// Empties the arena, which outlives the voice, unless a run is at work.
    fn tidy(&self) {
        let ended = ENDED.lock();
        let all = (self.seats.len() * MAX_RUN_IDS) as u32;
        if *ended {
            return;
        }
        let Ok(_turns) = self.turns.try_acquire_many(all) else {
            return;
        };
        if let Err(error) = self.run_and_shrink() {
            tracing::warn!("can't give memory back: {error}");
        }
    }
}

/// Threads of a session that is alone wait for each other awake until its run ends, which is
/// some percent faster; other ones sleep, or they would take a core from other sentences.
fn build(
    model: &Path,
    runtime: &Runtime,
    threads: usize,
    is_for_one: bool,
) -> Result<Session, String> {
    let session = || -> ort::Result<Session> {
        let builder = Session::builder()?
            .with_intra_threads(threads.max(1))?
            .with_inter_threads(1)?
            .with_intra_op_spinning(is_for_one)?
            .with_config_entry("session.force_spinning_stop", "1")?
            // A plan of memory for each length of a sentence would be kept, and few repeat.
            .with_memory_pattern(false)?;
        let mut builder = if runtime.uses_gpu() {
            builder.with_execution_providers([cuda()])?
        } else {
            builder.with_env_allocators()?
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

fn inputs(run: &Run<'_>, with_speaker: bool) -> ort::Result<Vec<(&'static CStr, DynValue)>> {
    let count = run.ids.len();
    let scales = vec![run.noise_scale, run.length_scale, run.noise_w_scale];
    let ids = Tensor::from_array(([1, count], run.ids.to_vec()))?;
    let lengths = Tensor::from_array(([1], vec![count as i64]))?;
    let scales = Tensor::from_array(([3], scales))?;
    let mut inputs = vec![
        (c"input", ids.into_dyn()),
        (c"input_lengths", lengths.into_dyn()),
        (c"scales", scales.into_dyn()),
    ];
    if with_speaker {
        let speaker = vec![run.speaker.unwrap_or(0)];
        inputs.push((c"sid", Tensor::from_array(([1], speaker))?.into_dyn()));
    }
    Ok(inputs)
}

/// The one channel of the output, whatever number of dimensions of 1 is around it.
fn samples(output: &DynValue) -> Result<Vec<f32>, EngineError> {
    let (shape, samples) = output.try_extract_tensor::<f32>().map_err(failed)?;
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
