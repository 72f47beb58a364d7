//! The library of ONNX Runtime: loaded once a process, from a file that is named.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ort::logging::LogLevel;
use parking_lot::Mutex;

use crate::{library_file, shared_arena};

/// What came of the one attempt that there can be.
enum State {
    NotTried,
    Running {
        library: PathBuf,
        version: String,
    },
    /// It loaded but would not start; a second attempt would be undefined.
    Broken(String),
}

static STATE: Mutex<State> = Mutex::new(State::NotTried);

/// The loaded ONNX Runtime. Who has one may build sessions: `ort` would else look for a library
/// of its own choice, and not come back from a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    version: String,
}

impl Library {
    /// Loads the library of this path for good, or uses the loaded one, which computes on the CPU
    /// and, where it is one for GPUs, with what is then asked of a session.
    ///
    /// # Errors
    /// The library does not fit (the file can be replaced and this called again), is another than
    /// the loaded one, or does not start; one line.
    pub fn load(path: &Path) -> Result<Self, String> {
        load(path).map(|version| Self { version })
    }

    /// Its version, such as `1.31.1`.
    pub fn version(&self) -> &str {
        &self.version
    }
}

fn load(library: &Path) -> Result<String, String> {
    // ort would look for relative paths beside the executable.
    let library =
        std::path::absolute(library).map_err(|it| format!("{}: {it}", library.display()))?;
    let mut state = STATE.lock();
    match &*state {
        State::Running {
            library: running,
            version,
        } if *running == library => return Ok(version.clone()),
        State::Running {
            library: running, ..
        } => {
            return Err(format!(
                "ONNX Runtime is loaded from {} already and can't change to {}",
                running.display(),
                library.display()
            ));
        }
        State::Broken(reason) => return Err(reason.clone()),
        State::NotTried => {}
    }
    let version = library_file::check(&library)?;
    if let Err(error) = begin(&library) {
        let reason = format!("ONNX Runtime {version} does not start: {error}");
        *state = State::Broken(reason.clone());
        return Err(reason);
    }
    *state = State::Running {
        library,
        version: version.clone(),
    };
    Ok(version)
}

fn begin(library: &Path) -> ort::Result<()> {
    let _is_first = ort::init_from(library)?
        .with_name("voice-stack")
        .with_telemetry(false)
        .with_logger(Arc::new(|level, _, _, place, message| {
            log(level, place, message);
        }))
        .commit();
    let environment = ort::environment::Environment::current()?;
    environment.set_log_level(LogLevel::Warning);
    shared_arena::register(&environment)
}

/// Every error reaches the caller as well, which knows what it means; a cancelled run is none.
fn log(level: LogLevel, place: &str, message: &str) {
    match level {
        LogLevel::Fatal => tracing::error!(target: "onnxruntime", place, "{message}"),
        LogLevel::Error | LogLevel::Warning => {
            tracing::debug!(target: "onnxruntime", place, "{message}");
        }
        LogLevel::Info | LogLevel::Verbose => {
            tracing::trace!(target: "onnxruntime", place, "{message}");
        }
    }
}
