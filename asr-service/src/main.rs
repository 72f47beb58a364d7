//! The `voice-stack-asr` binary: settings, logging, runtime, run.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use voice_common::server::InheritedSockets;
use voice_common::settings::{self, SettingsError, Variables};
use voice_common::telemetry;
use voice_stack_asr::config::AsrConfig;
use voice_stack_asr::{engine, service};

/// How long OpenMP's threads spin at a barrier before they sleep, in libgomp's unit.
///
/// By default they spin for milliseconds: as fast when the cores are free, but with other
/// busy processes on the box a thread that waits for its turn holds up one that only spins,
/// and an inference takes twice as long (compare `GOMP_SPINCOUNT=300000`).
const SPIN_COUNT: &str = "1000";

/// Heaps that glibc keeps for threads that allocate at the same time. By default there are
/// eight a core, each of which keeps the most that it ever held: memory would creep up over
/// thousands of uploads as if it leaked. Computing allocates little, so two don't slow it.
const ARENAS: &str = "2";

/// How long a thread that has computed waits for its next job.
///
/// Each such thread keeps OpenMP helpers of its own. While more of them exist than cores,
/// idle or not, libgomp lets all threads sleep at each barrier at once, and an inference on
/// two cores takes half as long again. A new thread costs a tenth of a millisecond.
const BLOCKING_THREAD_KEEP_ALIVE: Duration = Duration::from_millis(1);

fn main() -> ExitCode {
    set_for_libraries();
    let sockets = match InheritedSockets::take() {
        Ok(sockets) => sockets,
        Err(message) => return stop(&message),
    };
    let parsed = Variables::from_process(Path::new(".")).and_then(|variables| {
        settings::parse::<AsrConfig>("ASR_", std::env::args_os(), &variables)
    });
    let config = match parsed {
        Ok(config) => config,
        Err(SettingsError::Usage(usage)) => usage.exit(),
        Err(SettingsError::Invalid(message)) => return stop(&message),
    };
    if let Err(message) = telemetry::init(&config.common.log_level, config.common.log_format) {
        return stop(&message);
    }
    engine::log_to_tracing();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_keep_alive(BLOCKING_THREAD_KEEP_ALIVE)
        .build()
    {
        Ok(runtime) => runtime,
        Err(cause) => return stop(&format!("the runtime can't start: {cause}")),
    };
    let outcome = runtime.block_on(service::run(config, sockets));
    // A cancelled job may still be inside an encoder pass: nobody waits for it.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => stop(&message),
    }
}

/// libgomp and glibc read their variables before `main`, so they are set by starting once
/// more, in the same process. An operator's own setting stays.
fn set_for_libraries() {
    let is_set = |names: &[&str]| names.iter().any(|name| std::env::var_os(name).is_some());
    let mut missing = Vec::new();
    if !is_set(&["GOMP_SPINCOUNT", "OMP_WAIT_POLICY"]) {
        missing.push(("GOMP_SPINCOUNT", SPIN_COUNT));
    }
    if !is_set(&["MALLOC_ARENA_MAX"]) {
        missing.push(("MALLOC_ARENA_MAX", ARENAS));
    }
    let Ok(own_binary) = std::env::current_exe() else {
        return;
    };
    if !missing.is_empty() {
        // Comes back only on failure, and then the service runs as it is.
        let _failure = Command::new(own_binary)
            .args(std::env::args_os().skip(1))
            .envs(missing)
            .exec();
    }
}

fn stop(message: &str) -> ExitCode {
    eprintln!("voice-stack-asr: {message}");
    ExitCode::FAILURE
}
