//! `voice-stack-models`: fetches, verifies and lists model files.

use std::process::ExitCode;

fn main() -> ExitCode {
    voice_stack_models::cli::run()
}
