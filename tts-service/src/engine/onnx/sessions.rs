//! Sessions of one model in ONNX Runtime, and turns at them.
//!
//! A session computes a few runs at a time, and fewer where they are long: memory grows with
//! their lengths. Requests take turns in the order in which they ask, one run a turn, so that a
//! long text does not keep a short one waiting.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ort::session::{RunOptions, Session};
use ort::value::DynValue;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit};
use voice_common::cancellation::Cancellation;
use voice_onnx::{Inputs, SharedSession};

use super::pool_shape::PoolShape;
use super::runtime::{Runtime, cuda};
use super::shrink_when_idle::{Shrink, ShrinkWhenIdle};
use crate::engine::synthesizer::{Aim, EngineError};

/// A model, as its engine describes it.
pub(crate) struct Model<'a> {
    /// Its file.
    pub file: &'a Path,
    /// Refuses a session whose inputs and outputs are not those that the engine knows, in words.
    pub check: &'a (dyn Fn(&Session) -> Result<(), String> + Sync),
    /// The inputs of the shortest run that there can be.
    pub shortest_run: Inputs,
    /// The length of the longest run, in the unit of [`Computation::length`]; at least 1.
    pub longest_run: usize,
}

/// One run of a model.
pub(crate) struct Computation {
    /// What it is given.
    pub inputs: Inputs,
    /// How much memory it takes, in a unit of the engine's own: a session computes as many runs at
    /// once as together are no longer than the longest one.
    pub length: usize,
    /// Whether others begin beside it.
    pub aim: Aim,
}

/// After so long without a run, sessions give back the memory that runs took. Giving it back
/// after each run costs a sixth of the throughput: the next one has to fetch it again, page by
/// page.
const SHRINK_AFTER: Duration = Duration::from_secs(2);

/// The end of the service, as sessions hear of it. A process must not end while ONNX Runtime
/// computes: its library would be taken down while its threads run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Closing {
    /// Held while sessions give memory back; true from the end of the service on.
    has_ended: Arc<Mutex<bool>>,
}

impl Closing {
    /// Waits for sessions that are giving memory back; none begins to any more.
    pub(crate) fn close(&self) {
        *self.has_ended.lock() = true;
    }
}

/// All sessions of a model.
#[derive(Debug)]
pub(crate) struct Sessions {
    pool: ShrinkWhenIdle<Pool>,
}

#[derive(Debug)]
struct Pool {
    /// As many permits as the runs in computation may be long, the longest run a session; fair.
    turns: Semaphore,
    seats: Vec<Seat>,
    /// For a run while there is no other.
    alone: Option<Seat>,
    /// Permits that the shortest run takes, so that no more than the shape's runs are at work.
    fewest_permits: usize,
    /// Permits of the longest run.
    most_permits: usize,
    shortest_run: Inputs,
    closing: Closing,
}

/// A session and how many runs it computes.
#[derive(Debug)]
struct Seat {
    session: SharedSession<1>,
    taken: AtomicUsize,
}

/// A seat for one run; goes back by itself.
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
    /// It can't be loaded, or its engine refuses it.
    pub(crate) fn load(
        model: Model<'_>,
        runtime: &Runtime,
        shape: PoolShape,
        closing: Closing,
    ) -> Result<Self, String> {
        let Model {
            file,
            check,
            shortest_run,
            longest_run,
        } = model;
        let seat = |threads, is_for_one| {
            let session = build(file, runtime, threads, is_for_one)?;
            check(&session)?;
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
            turns: Semaphore::new(seats.len() * longest_run),
            seats,
            alone,
            fewest_permits: longest_run / shape.runs_each.clamp(1, longest_run),
            most_permits: longest_run,
            shortest_run,
            closing,
        };
        Ok(Self {
            pool: ShrinkWhenIdle::new(pool),
        })
    }

    /// How many short runs could begin at once.
    pub(crate) fn free(&self) -> usize {
        self.pool.turns.available_permits() / self.pool.fewest_permits
    }

    /// The mono sound of one run, computed on a blocking thread inside a tokio runtime.
    ///
    /// # Errors
    /// It was cancelled, while waiting or computing, or failed.
    pub(crate) fn run(
        &self,
        run: &Computation,
        cancellation: &Cancellation,
    ) -> Result<Vec<f32>, EngineError> {
        let handle = Handle::current();
        let result = self.pool.run(run, cancellation, &handle);
        self.pool.used(SHRINK_AFTER, &handle);
        result
    }
}

impl Pool {
    fn run(
        &self,
        run: &Computation,
        cancellation: &Cancellation,
        handle: &Handle,
    ) -> Result<Vec<f32>, EngineError> {
        let turn = self.turn(run, handle, cancellation)?;
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
        let result = turn.seat.session.run(&run.inputs, &options);
        watch.abort();
        match result {
            Ok([output]) => samples(&output),
            Err(_) if cancellation.is_cancelled() => Err(EngineError::Cancelled),
            Err(error) => Err(failed(error)),
        }
    }

    fn turn(
        &self,
        run: &Computation,
        handle: &Handle,
        cancellation: &Cancellation,
    ) -> Result<Turn<'_>, EngineError> {
        let permits = (run.length).clamp(self.fewest_permits, self.most_permits) as u32;
        let permit = handle.block_on(async {
            tokio::select! {
                biased;
                () = cancellation.cancelled() => Err(EngineError::Cancelled),
                permit = self.turns.acquire_many(permits) => permit.map_err(|it| EngineError::Failed(it.to_string())),
            }
        })?;
        let seat = self.seat(run.aim);
        seat.taken.fetch_add(1, Ordering::AcqRel);
        Ok(Turn {
            seat,
            _permit: permit,
        })
    }

    /// That of the session for single runs, if no other is at work, else that of the least busy.
    /// Two runs that begin at the same moment may share one: they are slower then, no more.
    fn seat(&self, aim: Aim) -> &Seat {
        let taken = |it: &Seat| it.taken.load(Ordering::Acquire);
        let is_idle = || {
            self.seats
                .iter()
                .chain(&self.alone)
                .all(|it| taken(it) == 0)
        };
        match &self.alone {
            Some(alone) if aim == Aim::Latency && is_idle() => alone,
            _ => (self.seats.iter().min_by_key(|it| taken(it))).expect("there is one at least"),
        }
    }

    /// ONNX Runtime gives back what runs took at the end of a run only: this is the shortest
    /// there is.
    fn run_and_shrink(&self) -> ort::Result<()> {
        let mut options = RunOptions::new()?;
        options.add_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")?;
        // On a CPU all sessions have one arena.
        if let Some(seat) = self.seats.first() {
            seat.session.run(&self.shortest_run, &options)?;
        }
        Ok(())
    }
}

impl Shrink for Pool {
    /// Empties the arena, which outlives the model, unless a run is at work.
    fn shrink(&self) {
        let has_ended = self.closing.has_ended.lock();
        let all = (self.seats.len() * self.most_permits) as u32;
        if *has_ended {
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
