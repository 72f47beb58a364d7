//! The `voice-stack-gateway` binary.

use std::process::ExitCode;
use std::time::Duration;

use voice_common::process::{LibrarySetting, Process};
use voice_stack_gateway::service;

/// Only scores of pauses compute on threads that are kept.
const THREAD_KEEP_ALIVE: Duration = Duration::from_secs(10);

/// ONNX Runtime's published libraries report to their maker what runs where; this turns it off.
const NO_TELEMETRY: LibrarySetting = LibrarySetting {
    name: "ORT_DISABLE_TELEMETRY",
    value: "1",
    instead: None,
};

fn main() -> ExitCode {
    Process {
        name: "voice-stack-gateway",
        prefix: "GATEWAY_",
        library_settings: &[NO_TELEMETRY],
        thread_keep_alive: THREAD_KEEP_ALIVE,
    }
    .run(service::run)
}
