//! The `voice-stack-asr` binary.

use std::process::ExitCode;
use std::time::Duration;

use voice_common::process::{LibrarySetting, Process};
use voice_stack_asr::service;

/// How long OpenMP's threads spin at a barrier before they sleep, in libgomp's unit.
///
/// By default they spin for milliseconds: as fast when the cores are free, but with other
/// busy processes on the box a thread that waits for its turn holds up one that only spins,
/// and an inference takes twice as long (compare `GOMP_SPINCOUNT=300000`).
const SPIN_COUNT: LibrarySetting = LibrarySetting {
    name: "GOMP_SPINCOUNT",
    value: "1000",
    instead: Some("OMP_WAIT_POLICY"),
};

/// A thread that has computed keeps OpenMP helpers of its own. While more of them exist than
/// cores, idle or not, libgomp lets all threads sleep at each barrier at once, and an
/// inference on two cores takes half as long again. A new thread costs a tenth of a
/// millisecond.
const THREAD_KEEP_ALIVE: Duration = Duration::from_millis(1);

fn main() -> ExitCode {
    Process {
        name: "voice-stack-asr",
        prefix: "ASR_",
        library_settings: &[SPIN_COUNT],
        thread_keep_alive: THREAD_KEEP_ALIVE,
    }
    .run(service::run)
}
