//! What surrounds a pull: its settings, and who hears about it.

use std::io;
use std::path::Path;
use std::time::Duration;

/// Who hears how a pull is going.
pub trait Progress {
    /// One line for the user.
    fn say(&self, line: &str);
    /// A step of `total_bytes` begins, `done_bytes` of them already behind it.
    fn begin(&self, what: &str, total_bytes: u64, done_bytes: u64);
    /// The step came `bytes` further.
    fn advance(&self, bytes: u64);
    /// The step is over.
    fn end(&self);
}

/// A [`Progress`] that nobody listens to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn say(&self, _: &str) {}
    fn begin(&self, _: &str, _: u64, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

/// What a pull takes from its surroundings.
#[derive(Debug, Clone)]
pub struct Options {
    /// Address of a mirror that stands in for the Hugging Face hub (`HF_ENDPOINT`).
    pub hub_endpoint: Option<String>,
    /// Commands that run pip, tried in this order until one is there.
    pub pip: Vec<Vec<String>>,
    /// Bytes free for this user in the file system of a directory.
    pub free_bytes: fn(&Path) -> io::Result<u64>,
    /// How long a server may send nothing before the download is given up.
    pub stall_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let command = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            hub_endpoint: None,
            pip: vec![
                command(&["python3", "-m", "pip"]),
                command(&["pip3"]),
                command(&["pip"]),
                command(&["python", "-m", "pip"]),
            ],
            free_bytes,
            stall_timeout: Duration::from_mins(1),
        }
    }
}

/// How a pull went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulled {
    /// The right files were there.
    AlreadyInstalled,
    /// Files were fetched.
    Fetched,
}

fn free_bytes(dir: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(dir)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
