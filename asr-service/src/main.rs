//! The `voice-stack-asr` binary: settings, logging, runtime, run.

use std::path::Path;
use std::process::ExitCode;

use voice_common::settings::{self, SettingsError, Variables};
use voice_common::telemetry;
use voice_stack_asr::config::AsrConfig;
use voice_stack_asr::{engine, service};

fn main() -> ExitCode {
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
        .build()
    {
        Ok(runtime) => runtime,
        Err(cause) => return stop(&format!("the runtime can't start: {cause}")),
    };
    let outcome = runtime.block_on(service::run(config));
    // A cancelled job may still be inside an encoder pass: nobody waits for it.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => stop(&message),
    }
}

fn stop(message: &str) -> ExitCode {
    eprintln!("voice-stack-asr: {message}");
    ExitCode::FAILURE
}
