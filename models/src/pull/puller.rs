//! What all ways to fetch share: where things go, who hears about it, and when to stop.

use std::cell::OnceCell;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::index::Index;
use super::options::{Options, Progress};
use crate::catalogue::{Entry, FileSpec, Origin};
use crate::error::Error;
use crate::store::{Store, scratch_prefix};

/// Fetches models, and all else that can be installed, into one store.
pub struct Puller<'a> {
    pub(super) store: &'a Store,
    pub(super) options: Options,
    pub(super) progress: &'a dyn Progress,
    cancelled: Arc<AtomicBool>,
    /// Fetched when the first name is looked up in it.
    pub(super) index: OnceCell<Index>,
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
            index: OnceCell::new(),
        }
    }

    /// Gives checked files their final names, the main one last: who sees it sees all.
    pub(super) fn install<'f>(
        &self,
        entry: &Entry,
        files: impl DoubleEndedIterator<Item = (&'f FileSpec, impl AsRef<Path>)>,
    ) -> Result<(), Error> {
        // Before the files: a voice without its record would look like one copied by hand.
        self.keep_record(entry)?;
        for (file, from) in files.rev() {
            self.store.install(file, from.as_ref())?;
        }
        Ok(())
    }

    pub(super) fn keep_record(&self, entry: &Entry) -> Result<(), Error> {
        match entry.origin {
            Origin::Index => self.store.write_record(entry),
            Origin::Catalogue | Origin::ByHand => Ok(()),
        }
    }

    /// Runs `work` with a temporary directory in the store.
    pub(super) fn with_scratch<T>(
        &self,
        entry: &Entry,
        work: impl FnOnce(&Path) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let dir = self.store.dir();
        let scratch = tempfile::Builder::new()
            .prefix(&scratch_prefix(entry))
            .tempdir_in(dir)
            .map_err(Error::io(dir))?;
        let result = work(scratch.path());
        scratch.close().map_err(Error::io(dir))?;
        result
    }

    /// Removes the temporary directories of pulls of `entry` that were killed. The lock makes
    /// sure that none of them is in use.
    pub(super) fn remove_leftovers(&self, entry: &Entry) -> Result<(), Error> {
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

    pub(super) fn check_space(&self, entry: &Entry, bytes: u64) -> Result<(), Error> {
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

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// An I/O error once the pull is cancelled, to get out of a copy.
    pub(super) fn check_cancelled(&self) -> io::Result<()> {
        if self.is_cancelled() {
            Err(io::Error::other("interrupted"))
        } else {
            Ok(())
        }
    }

    /// The step of a copy: counts, and stops when cancelled.
    pub(super) fn step(&self) -> impl FnMut(usize) -> io::Result<()> + '_ {
        |bytes| {
            self.progress.advance(bytes as u64);
            self.check_cancelled()
        }
    }
}
