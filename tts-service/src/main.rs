//! The `voice-stack-tts` binary.

use std::process::ExitCode;
use std::time::Duration;

use voice_common::process::{LibrarySetting, Process};
use voice_stack_tts::service;

/// ONNX Runtime computes on threads of its own, so one that waited for it costs nothing
/// while it is kept for the next request.
const THREAD_KEEP_ALIVE: Duration = Duration::from_secs(10);

/// From here on glibc takes memory from the system and gives it back at once. By itself it
/// moves the line up to the largest that was ever freed, and keeps what a long sentence took:
/// 300 MB more, for good.
const MMAP_THRESHOLD: LibrarySetting = LibrarySetting {
    name: "MALLOC_MMAP_THRESHOLD_",
    value: "1048576",
    instead: None,
};

/// ONNX Runtime's published libraries report to their maker what runs where, and keep a database
/// for that in the user's cache directory. This turns all of it off; what the API offers
/// (`with_telemetry`) comes too late for the first report.
const NO_TELEMETRY: LibrarySetting = LibrarySetting {
    name: "ORT_DISABLE_TELEMETRY",
    value: "1",
    instead: None,
};

fn main() -> ExitCode {
    Process {
        name: "voice-stack-tts",
        prefix: "TTS_",
        library_settings: &[MMAP_THRESHOLD, NO_TELEMETRY],
        thread_keep_alive: THREAD_KEEP_ALIVE,
    }
    .run(service::run)
}
