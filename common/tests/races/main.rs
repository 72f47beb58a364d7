//! The queue, the permit, the model slot, the session and the cancellation under many interleavings.
//!
//!     cargo test -p voice-common --features model-checking --test races
//!
//! The code under test is the services' own; only its locks, tasks and clock are shuttle's
//! (`src/concurrency.rs`). A lost wake-up shows as a deadlock or as too many steps, and a
//! failure prints its schedule; `SHUTTLE_RANDOM_SEED` explores others.

mod admission;
mod cancellation;
mod model_slots;
mod sessions;

use std::time::Duration;

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, MaxSteps, Runner};

/// Schedules that each test runs under, of each of the two kinds, unless `RACES_SCHEDULES` in the
/// environment says otherwise.
const SCHEDULES: usize = 1_000;
/// Bugs that need at most so many untimely switches are what PCT looks for.
const PCT_DEPTH: usize = 4;
/// The same schedules each time, so that a run that passed passes again; `RACES_SEED` in the
/// environment asks for others.
const SEED: u64 = 0x5eed;
/// A test needs some hundreds.
const MAX_STEPS: usize = 50_000;
const STACK_BYTES: usize = 256 * 1024;

/// Timers of a year never fire, see `src/concurrency/checked.rs`.
const NEVER: Duration = Duration::from_hours(365 * 24);
/// Fires at any moment.
const ANY_MOMENT: Duration = Duration::from_secs(1);

/// A setting of the environment.
fn configured<N: std::str::FromStr>(name: &str, default: N) -> N {
    let Ok(text) = std::env::var(name) else {
        return default;
    };
    text.parse()
        .unwrap_or_else(|_| panic!("{name} is a number, not '{}'", text.escape_debug()))
}

/// Runs `test` under random schedules and under those of probabilistic concurrency testing.
fn explore(test: impl AsyncFn() + Copy + Send + Sync + 'static) {
    let schedules = configured("RACES_SCHEDULES", SCHEDULES);
    let seed = configured("RACES_SEED", SEED);
    run_under(RandomScheduler::new_from_seed(seed, schedules), test);
    run_under(
        PctScheduler::new_from_seed(seed, PCT_DEPTH, schedules),
        test,
    );
}

fn run_under(
    scheduler: impl Scheduler + 'static,
    test: impl AsyncFn() + Copy + Send + Sync + 'static,
) {
    let mut config = Config::new();
    config.max_steps = MaxSteps::FailAfter(MAX_STEPS);
    config.stack_size = STACK_BYTES;
    // Its atomics are sequentially consistent whatever is asked for, and that is what is.
    config.silence_warnings = true;
    Runner::new(scheduler, config).run(move || shuttle::future::block_on(test()));
}
