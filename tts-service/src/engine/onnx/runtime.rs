//! ONNX Runtime, and what it computes on.

use std::path::{Path, PathBuf};

use ort::ep::{CUDA, cuda::ConvAlgorithmSearch};
use ort::session::Session;
use voice_common::config::Device;
use voice_onnx::Library;
use voice_stack_models::Store;

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

/// The running ONNX Runtime, and what it computes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    library: Library,
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
        let library = Library::load(library)?;
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
        Ok(Self { library, cuda })
    }

    /// Its version, such as `1.31.1`.
    pub fn version(&self) -> &str {
        self.library.version()
    }

    /// Whether it computes on a GPU.
    pub fn uses_gpu(&self) -> bool {
        self.cuda
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
