//! GPU memory, through NVIDIA's management library.

use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;

use super::reading::{Reading, Resource, Scope};

/// The NVIDIA devices of the box. The library is loaded at run time, so that a box without
/// the driver needs nothing. **Not yet verified on a GPU:** only its absence is tested.
#[derive(Debug)]
pub(super) struct Vram {
    nvml: Nvml,
    /// By index. Devices don't come and go while the library is loaded.
    names: Vec<String>,
}

impl Vram {
    /// None where there is no driver. Loading is tried once, because it searches the
    /// library path each time.
    pub(super) fn open() -> Option<Self> {
        Self::try_open()
            .inspect_err(|cause| tracing::debug!(%cause, "GPU memory is not read"))
            .ok()
    }

    fn try_open() -> Result<Self, NvmlError> {
        let nvml = Nvml::init()?;
        let name = |index| {
            let device = nvml.device_by_index(index);
            device
                .and_then(|it| it.name())
                .unwrap_or_else(|_| format!("GPU {index}"))
        };
        let names = (0..nvml.device_count()?).map(name).collect();
        Ok(Self { nvml, names })
    }

    /// One reading a device. A device that doesn't answer (lost, or with memory that is the
    /// host's) has none.
    pub(super) fn readings(&self) -> impl Iterator<Item = Reading> {
        self.names.iter().zip(0..).filter_map(|(name, index)| {
            let memory = self.nvml.device_by_index(index).ok()?.memory_info().ok()?;
            let scope = Scope::Device { name: name.clone() };
            Reading::of_bytes(Resource::Vram, scope, memory.used, memory.total)
        })
    }
}
