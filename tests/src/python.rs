//! Clients that are Python programs, in the virtual environment that `scripts/test` makes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn environment() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("in the workspace");
    root.join("target/test-venv/bin")
}

/// A program of the environment, to be given its arguments.
///
/// # Panics
/// It isn't there.
pub fn command(program: &str) -> Command {
    let path = environment().join(program);
    assert!(
        path.exists(),
        "{} is missing: run ./scripts/test",
        path.display()
    );
    Command::new(path)
}

/// What a program printed.
///
/// # Panics
/// It failed.
pub fn checked(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}:\n{text}", output.status);
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
