//! Where inference runs: what was asked for, what the build can do, what the box has.

use voice_common::config::Device;

use crate::engine::whisper::gpu_devices;

/// True if this build contains the CUDA backend.
const BUILT_WITH_CUDA: bool = cfg!(feature = "cuda");

/// Whether to use the GPU, and why, in words for the log.
///
/// # Errors
/// `cuda` was asked for and the build or the box lacks it; the line says which.
pub fn choose(device: Device) -> Result<(bool, String), String> {
    let gpus = if BUILT_WITH_CUDA {
        gpu_devices()
    } else {
        Vec::new()
    };
    match (device, BUILT_WITH_CUDA, gpus.first()) {
        (Device::Cpu, ..) => Ok((false, "cpu, as configured".into())),
        (_, true, Some(gpu)) => Ok((true, format!("cuda: {gpu}"))),
        (Device::Cuda, false, _) => Err("ASR_DEVICE=cuda: this build has no CUDA support \
             (build with `--features cuda`, or set ASR_DEVICE=cpu)"
            .into()),
        (Device::Cuda, true, None) => Err("ASR_DEVICE=cuda: this box has no usable NVIDIA GPU or \
             driver (check `nvidia-smi`, or set ASR_DEVICE=cpu)"
            .into()),
        (Device::Auto, false, _) => {
            Ok((false, "cpu (auto: this build has no CUDA support)".into()))
        }
        (Device::Auto, true, None) => {
            Ok((false, "cpu (auto: no usable NVIDIA GPU or driver)".into()))
        }
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
        assert!(!choose(Device::Auto).unwrap().0);
        assert!(!choose(Device::Cpu).unwrap().0);
    }
}
