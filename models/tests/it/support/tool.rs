//! The binary, and a pip for it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

pub(crate) fn tool(models_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_voice-stack-models"));
    command
        .env("MODELS_DIR", models_dir)
        .env_remove("HF_ENDPOINT")
        .stdin(Stdio::null());
    command
}

/// The same, with a pip that has no package. Its program is in `bin`.
pub(crate) fn tool_without_packages(models_dir: &Path, bin: &Path) -> Command {
    let python = bin.join("python3");
    fs::write(
        &python,
        "#!/bin/sh\necho 'ERROR: No matching distribution found' >&2\nexit 1\n",
    )
    .unwrap();
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = tool(models_dir);
    command.env("PATH", bin);
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
