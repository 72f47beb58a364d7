//! The `voice-stack-tts` binary.

use std::process::ExitCode;
use std::time::Duration;

use voice_common::process::Process;
use voice_stack_tts::service;

/// ONNX Runtime computes on threads of its own, so one that waited for it costs nothing
/// while it is kept for the next request.
const THREAD_KEEP_ALIVE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    Process {
        name: "voice-stack-tts",
        prefix: "TTS_",
        library_settings: &[],
        thread_keep_alive: THREAD_KEEP_ALIVE,
    }
    .run(service::run)
}
