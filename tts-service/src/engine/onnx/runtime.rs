//! ONNX Runtime: loaded once a process, from a file that is named.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ort::ep::{CUDA, cuda::ConvAlgorithmSearch};
use ort::logging::LogLevel;
use ort::session::Session;
use parking_lot::Mutex;
use voice_common::config::Device;
use voice_stack_models::Store;

use super::{library_file, shared_arena};

/// The installed library for this device, and the device that it is to be started with.
///
/// # Errors
/// One line with the command that fetches what is missing.
pub(crate) fn installed(store: &Store, device: Device) -> Result<(PathBuf, Device), String> {
    match (device, store.require_named("onnxruntime-gpu")) {
        (Device::Cuda, Err(error)) => Err(format!("TTS_DEVICE=cuda: {error}")),
        // The library for GPUs computes on the CPU as well, where there is no GPU.
        (device @ (Device::Cuda | Device::Auto), Ok(library)) => Ok((library, device)),
        (Device::Cpu | Device::Auto, _) => {
            let library = store.require_named("onnxruntime");
            Ok((library.map_err(|it| it.to_string())?, Device::Cpu))
        }
    }
}

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

/// The running ONNX Runtime, and what it computes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    version: String,
    cuda: bool,
}

impl Runtime {
    /// Loads the library of this path, or uses the loaded one. `Auto` takes the GPU if the
    /// library and the box can use one, else the CPU, and logs why.
    ///
    /// # Errors
    /// The library does not fit or is another than the loaded one (the file can be replaced
    /// and this called again), or the GPU that `Cuda` asks for can't be used.
    pub fn start(library: &Path, device: Device) -> Result<Self, String> {
        let version = load(library)?;
        let cuda = match device {
            Device::Cpu => false,
            Device::Cuda => {
                try_cuda().map_err(|it| format!("the GPU can't be used: {it}"))?;
                true
            }
            Device::Auto => match try_cuda() {
                Ok(()) => true,
                Err(reason) => {
                    tracing::info!("speaking on the CPU: {reason}");
                    false
                }
            },
        };
        Ok(Self { version, cuda })
    }

    /// Its version, such as `1.31.1`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether it computes on a GPU.
    pub fn uses_gpu(&self) -> bool {
        self.cuda
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

/// The provider as sessions use it. Lengths change from sentence to sentence, and the default
/// search for the best convolution would be made for each.
pub(super) fn cuda() -> ort::ep::ExecutionProviderDispatch {
    CUDA::default()
        .with_conv_algorithm_search(ConvAlgorithmSearch::Heuristic)
        .build()
        .error_on_failure()
}

/// Registers the provider with options that are thrown away: loads its libraries and asks the
/// driver.
fn try_cuda() -> Result<(), String> {
    let builder = Session::builder().map_err(|it| it.to_string())?;
    (builder.with_execution_providers([cuda()]))
        .map(drop)
        .map_err(|it| it.to_string())
}
