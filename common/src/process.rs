//! The process around a service: settings, logging, runtime, run.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::Parser;

use crate::server::InheritedSockets;
use crate::settings::{self, SettingsError, Variables};
use crate::telemetry::{self, LogOptions};

/// The settings of a service.
pub trait ServiceConfig: Parser {
    /// Those of its log, which begins before anything else.
    fn log(&self) -> &LogOptions;
}

/// Heaps that glibc keeps for threads that allocate at the same time. By default there are
/// eight a core, each of which keeps the most that it ever held: memory would creep up over
/// thousands of uploads as if it leaked. Computing allocates little, so two don't slow it.
const ARENAS: LibrarySetting = LibrarySetting {
    name: "MALLOC_ARENA_MAX",
    value: "2",
    instead: None,
};

/// How the process ends when it can't start with what it was told: `EX_CONFIG` of sysexits(3).
/// Another try would end the same way, so the units don't make one.
const REFUSED_START: u8 = 78;

/// A variable that a library reads before `main`. An operator's own setting stays.
#[derive(Debug, Clone, Copy)]
pub struct LibrarySetting {
    /// The variable.
    pub name: &'static str,
    /// What it is set to.
    pub value: &'static str,
    /// Another variable with which an operator may have set the same thing.
    pub instead: Option<&'static str>,
}

/// How a service's process is made.
pub struct Process {
    /// The name of the binary, for messages.
    pub name: &'static str,
    /// In front of the names of variables that are for this service only, such as `ASR_`.
    pub prefix: &'static str,
    /// Variables for libraries that this service uses.
    pub library_settings: &'static [LibrarySetting],
    /// How long a thread that has computed waits for its next job.
    pub thread_keep_alive: Duration,
}

impl Process {
    /// Runs the service from its settings to its end; `main` has nothing else to do.
    pub fn run<C: ServiceConfig, F: Future<Output = Result<(), String>>>(
        &self,
        service: impl FnOnce(C, InheritedSockets) -> F,
    ) -> ExitCode {
        self.set_for_libraries();
        match self.try_run(service) {
            Ok(()) => ExitCode::SUCCESS,
            Err(message) => {
                telemetry::tell_the_end(self.name, &message);
                ExitCode::from(REFUSED_START)
            }
        }
    }

    fn try_run<C: ServiceConfig, F: Future<Output = Result<(), String>>>(
        &self,
        service: impl FnOnce(C, InheritedSockets) -> F,
    ) -> Result<(), String> {
        // Before any thread exists: no other code may take these file descriptors.
        let sockets = InheritedSockets::take()?;
        let parsed = Variables::from_process(Path::new(".")).and_then(|variables| {
            settings::parse::<C>(self.prefix, std::env::args_os(), &variables)
        });
        let config = match parsed {
            Ok(config) => config,
            Err(SettingsError::Usage(usage)) => usage.exit(),
            Err(SettingsError::Invalid(message)) => return Err(message),
        };
        telemetry::init(config.log())?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_keep_alive(self.thread_keep_alive)
            .build()
            .map_err(|cause| format!("the runtime can't start: {cause}"))?;
        let outcome = runtime.block_on(service(config, sockets));
        // A cancelled job may still be computing: the process does not wait for it.
        runtime.shutdown_background();
        outcome
    }

    /// Libraries read their variables before `main`, so they are set by starting once more,
    /// in the same process.
    fn set_for_libraries(&self) {
        let is_set = |name: &str| std::env::var_os(name).is_some();
        let missing: Vec<(&str, &str)> = self
            .library_settings
            .iter()
            .chain([&ARENAS])
            .filter(|it| !is_set(it.name) && !it.instead.is_some_and(is_set))
            .map(|it| (it.name, it.value))
            .collect();
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
}
