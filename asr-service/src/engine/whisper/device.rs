//! Where inference runs: what was asked for, what the build can do, what the box has.

use voice_common::config::Device;

use super::cpp::gpu_devices;
use crate::engine::Computes;

/// True if this build contains the CUDA backend.
const BUILT_WITH_CUDA: bool = cfg!(feature = "cuda");

/// What to compute on, and why.
///
/// # Errors
/// `cuda` was asked for and the build or the box lacks it; the line says which.
pub(super) fn choose(device: Device) -> Result<Computes, String> {
    let gpus = if BUILT_WITH_CUDA {
        gpu_devices()
    } else {
        Vec::new()
    };
    let cpu = |why: &str| Computes {
        on_gpu: false,
        description: why.into(),
    };
    match (device, BUILT_WITH_CUDA, gpus.first()) {
        (Device::Cpu, ..) => Ok(cpu("cpu, as configured")),
        (_, true, Some(gpu)) => Ok(Computes {
            on_gpu: true,
            description: format!("cuda: {gpu}"),
        }),
        (Device::Cuda, false, _) => Err("ASR_DEVICE=cuda: this build has no CUDA support \
             (build with `--features cuda`, or set ASR_DEVICE=cpu)"
            .into()),
        (Device::Cuda, true, None) => Err("ASR_DEVICE=cuda: this box has no usable NVIDIA GPU or \
             driver (check `nvidia-smi`, or set ASR_DEVICE=cpu)"
            .into()),
        (Device::Auto, false, _) => Ok(cpu("cpu (auto: this build has no CUDA support)")),
        (Device::Auto, true, None) => Ok(cpu("cpu (auto: no usable NVIDIA GPU or driver)")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(not(feature = "cuda"))]
    fn cuda_on_a_build_without_it_says_that_the_build_lacks_it() {
        assert!(
            choose(Device::Cuda)
                .unwrap_err()
                .contains("this build has no CUDA support")
        );
        assert!(!choose(Device::Auto).unwrap().on_gpu);
        assert!(!choose(Device::Cpu).unwrap().on_gpu);
    }
}
