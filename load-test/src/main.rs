//! `voice-stack-load`: see `docs/LOAD_TESTING.md`.

use std::process::ExitCode;

use clap::Parser as _;
use voice_stack_load::cli::{Cli, Command};
use voice_stack_load::exit::Ending;
use voice_stack_load::mode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(cause) => {
            eprintln!("voice-stack-load: no threads to work with: {cause}");
            return Ending::Usage.into();
        }
    };
    let ended = runtime.block_on(async {
        match cli.command {
            None => mode::http::run(cli.http).await,
            Some(Command::Http(args)) => mode::http::run(*args).await,
            Some(Command::Validate(args)) => mode::validate::run(args).await,
            Some(Command::Capacity(args)) => mode::capacity::run(*args).await,
            Some(Command::Soak(args)) => mode::soak::run(*args).await,
            Some(Command::Plan(args)) => mode::plan::run(*args).await,
            Some(Command::Compare(args)) => mode::compare::run(&args),
        }
    });
    // Requests that still wait for an answer are given up.
    runtime.shutdown_background();
    match ended {
        Ok(ending) => ending.into(),
        Err(failure) => {
            eprintln!("voice-stack-load: {failure}");
            failure.ending().into()
        }
    }
}
