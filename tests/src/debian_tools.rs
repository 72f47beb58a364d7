//! Programs of Debian's packages, which `scripts/debian-tools` has unpacked and not installed.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the packages' root is.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("in the workspace")
        .join("target/debian-tools")
}

/// `program` (`haproxy`, `nginx`, `prometheus`, `promtool`), to be given its arguments.
///
/// # Panics
/// It isn't there.
pub fn command(program: &str) -> Command {
    let root = root();
    let path = ["usr/sbin", "usr/bin"]
        .map(|folder| root.join(folder).join(program))
        .into_iter()
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("{program} is missing: run ./scripts/debian-tools"));
    let libraries: Vec<PathBuf> = std::fs::read_dir(root.join("usr/lib"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    let mut command = Command::new(path);
    if let Ok(paths) = std::env::join_paths(libraries) {
        command.env("LD_LIBRARY_PATH", paths);
    }
    command
}
