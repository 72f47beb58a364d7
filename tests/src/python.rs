//! Clients that are Python programs, in the virtual environment that `scripts/test` makes.

use std::path::{Path, PathBuf};
use std::process::Command;

fn environment() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("in the workspace");
    root.join("target/test-venv/bin")
}

/// Runs a program of the environment and gives what it printed.
///
/// # Panics
/// It isn't there, or it failed.
pub fn run(program: &str, arguments: &[&str]) -> String {
    let path = environment().join(program);
    assert!(
        path.exists(),
        "{} is missing: run ./scripts/test",
        path.display()
    );
    let output = Command::new(path)
        .args(arguments)
        .output()
        .expect("the program starts");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        output.status.success(),
        "{program} {arguments:?} failed:\n{text}"
    );
    text
}

/// The path of a script in `tests/python`.
pub fn script(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("python")
        .join(name);
    path.to_str()
        .expect("the checkout's path is UTF-8")
        .to_string()
}
