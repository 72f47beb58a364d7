//! Loading ONNX Runtime. A test of its own process, because a library is loaded once a process.

use std::path::{Path, PathBuf};

use voice_common::config::Device;
use voice_stack_models::Store;
use voice_stack_tts::engine::Runtime;

/// In this order: each step must leave the next one possible.
#[test]
fn a_wrong_library_is_an_error_and_the_right_one_still_loads_after_it() {
    let start = |library: &Path, device| Runtime::start(library, device);
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("libonnxruntime.so");
    std::fs::write(&text, "no library").unwrap();
    for (library, says) in [
        (
            Path::new("/nowhere/libonnxruntime.so"),
            "no ONNX Runtime at",
        ),
        (folder.path(), "no ONNX Runtime at"),
        (&text, "can't be loaded"),
    ] {
        let error = start(library, Device::Cpu).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    if let Some(other) = other_library() {
        let error = start(&other, Device::Cpu).unwrap_err();
        assert!(error.contains("not ONNX Runtime"), "{error}");
    }
    let library = runtime_library();
    let runtime = start(&library, Device::Cpu).unwrap();
    assert!(runtime.version().starts_with("1.") && !runtime.uses_gpu());
    assert_eq!(start(&library, Device::Cpu).unwrap(), runtime);
    let error = start(&text, Device::Cpu).unwrap_err();
    assert!(error.contains("already"), "{error}");
    // Auto never fails; Cuda says why where it does.
    start(&library, Device::Auto).unwrap();
    if let Err(error) = start(&library, Device::Cuda) {
        assert!(error.starts_with("the GPU can't be used: "), "{error}");
        assert!(!start(&library, Device::Auto).unwrap().uses_gpu());
    }
}

/// The C library that this process runs with: a library, but another one.
fn other_library() -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let path = maps.split_whitespace().find(|it| it.contains("/libc.so"))?;
    Some(PathBuf::from(path))
}

fn runtime_library() -> PathBuf {
    let path = Store::default_dir()
        .expect("a home directory")
        .join("onnxruntime/libonnxruntime.so");
    assert!(
        path.is_file(),
        "no {}: run `voice-stack-models pull onnxruntime`",
        path.display()
    );
    path
}
