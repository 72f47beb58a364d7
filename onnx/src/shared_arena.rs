//! One arena for what runs take, whichever session and voice they belong to.
//!
//! ONNX Runtime gives each session an arena of its own, which keeps the most that its runs ever
//! took. Sessions share one that is registered with the environment, if they are built with
//! `with_env_allocators`; `ort` has no call to register it.
#![allow(unsafe_code)]

use std::ptr::null;

use ort::AsPointer as _;
use ort::environment::Environment;
use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};

/// Registers the arena of the CPU's memory, once a process, for the sessions that follow.
///
/// # Errors
/// ONNX Runtime does not take it.
pub(super) fn register(environment: &Environment) -> ort::Result<()> {
    let memory = MemoryInfo::new(
        AllocationDevice::CPU,
        0,
        AllocatorType::Arena,
        MemoryType::Default,
    )?;
    // SAFETY: both pointers are of values that outlive the call, which copies what it needs;
    // null asks for the usual settings. The environment guards its allocators by a lock.
    let status = unsafe {
        (ort::api().CreateAndRegisterAllocator)(environment.ptr().cast_mut(), memory.ptr(), null())
    };
    // SAFETY: a status is handed over once.
    unsafe { ort::Error::result_from_status(status) }
}
