//! Whether a file is an ONNX Runtime that fits, found out before `ort` loads it.
//!
//! `ort` must not be asked to load a wrong one: its cell for the library counts as filled
//! after a failure, and the next use would read what was never written.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_void};
use std::mem::ManuallyDrop;
use std::path::Path;

/// The function that every ONNX Runtime has.
const ENTRY: &str = "OrtGetApiBase";

/// What it returns, from ONNX Runtime's C header; the same in all versions.
#[repr(C)]
struct ApiBase {
    api: unsafe extern "C" fn(u32) -> *const c_void,
    version: unsafe extern "C" fn() -> *const c_char,
}

/// The version of the library in this file, which is loaded for good.
///
/// # Errors
/// It is missing, no library, not ONNX Runtime, or too old; one line that says so.
pub(super) fn check(path: &Path) -> Result<String, String> {
    let shown = path.display();
    if !path.is_file() {
        return Err(format!("no ONNX Runtime at {shown}"));
    }
    // SAFETY: loading runs the library's own initialisers. The path is one that the operator
    // installs, like the executable itself.
    let library = unsafe { libloading::Library::new(path) }
        .map_err(|it| format!("{shown} can't be loaded: {it}"))?;
    // SAFETY: a symbol of this name has this signature in every ONNX Runtime.
    let entry = unsafe { library.get::<unsafe extern "C" fn() -> *const ApiBase>(ENTRY) }
        .map_err(|_| format!("{shown} is a library, but not ONNX Runtime"))?;
    // SAFETY: as above; both functions return pointers that are valid for as long as the
    // library is loaded, or null.
    let (version, has_api) = unsafe {
        let Some(base) = entry().as_ref() else {
            return Err(format!("{shown} is a broken ONNX Runtime"));
        };
        let version = CStr::from_ptr((base.version)()).to_string_lossy();
        // An older one would print a complaint, so the version is looked at first.
        let has_api = fits(&version) && !(base.api)(ort::MINOR_VERSION).is_null();
        (version.into_owned(), has_api)
    };
    // Its threads and statics would not survive unloading; `ort` gets the same copy.
    let _loaded_for_good = ManuallyDrop::new(library);
    if has_api {
        Ok(version)
    } else {
        Err(format!(
            "{shown} is ONNX Runtime {version}; 1.{} or later is needed",
            ort::MINOR_VERSION
        ))
    }
}

/// The check that `ort` makes: the number after the first dot.
fn fits(version: &str) -> bool {
    let minor = version.split('.').nth(1).and_then(|it| it.parse().ok());
    minor.is_some_and(|it: u32| it >= ort::MINOR_VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_and_old_ones_do_not_fit() {
        assert!(fits("1.31.1") && fits("1.20.0"));
        for old in ["1.19.2", "1.9.0", "", "1", "one.two"] {
            assert!(!fits(old), "{old}");
        }
    }

    #[test]
    fn what_is_no_library_is_refused_with_its_path() {
        let missing = check(Path::new("/nowhere/libonnxruntime.so")).unwrap_err();
        assert_eq!(missing, "no ONNX Runtime at /nowhere/libonnxruntime.so");
        let text = check(Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/Cargo.toml"
        )));
        assert!(text.unwrap_err().contains("can't be loaded"));
    }
}
