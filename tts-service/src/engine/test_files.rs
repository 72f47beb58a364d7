//! Where tests find what `voice-stack-models pull` installs.

use std::path::PathBuf;

use voice_stack_models::Store;

fn installed(name: &str, model: &str) -> PathBuf {
    let path = Store::default_dir().unwrap().join(name);
    assert!(
        path.exists(),
        "no {}: run `voice-stack-models pull {model}`",
        path.display()
    );
    path
}

pub(super) fn runtime_library() -> PathBuf {
    installed("onnxruntime/libonnxruntime.so", "onnxruntime")
}

pub(super) fn espeak_data() -> PathBuf {
    installed("espeak-ng-data", "espeak-ng-data")
}

pub(super) fn voice() -> (PathBuf, PathBuf) {
    let installed = |name| installed(name, "en_US-joe-medium");
    (
        installed("voices/en_US-joe-medium.onnx"),
        installed("voices/en_US-joe-medium.onnx.json"),
    )
}
