//! The models directory.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::catalogue::{Catalogue, Entry};
use crate::digest;
use crate::error::Error;
use crate::lock::Lock;

/// A directory of installed model files, each under the file name of its catalogue entry.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// The store in `dir`, which need not exist yet.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Where models are unless told otherwise: `$XDG_DATA_HOME/voice-stack/models`, else
    /// `~/.local/share/voice-stack/models`.
    ///
    /// # Errors
    ///
    /// [`Error::NoHome`] if the environment names neither directory.
    pub fn default_dir() -> Result<PathBuf, Error> {
        data_home(std::env::var_os("XDG_DATA_HOME"), std::env::var_os("HOME"))
            .map(|home| home.join("voice-stack").join("models"))
            .ok_or(Error::NoHome)
    }

    /// The directory itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the file of `entry` is, or would be.
    pub fn path_of(&self, entry: &Entry) -> PathBuf {
        self.dir.join(&entry.file_name)
    }

    /// Whether the file of `entry` is there with the right size. Files get their final name
    /// only once their digest was checked, so this is enough to go on; [`Store::verify`] reads
    /// the file again.
    pub fn is_installed(&self, entry: &Entry) -> bool {
        fs::metadata(self.path_of(entry))
            .is_ok_and(|file| file.is_file() && file.len() == entry.size_bytes)
    }

    /// All entries of `catalogue` that are installed.
    pub fn installed<'a>(&self, catalogue: &'a Catalogue) -> Vec<&'a Entry> {
        catalogue
            .entries()
            .iter()
            .filter(|entry| self.is_installed(entry))
            .collect()
    }

    /// The path of an installed model.
    ///
    /// # Errors
    ///
    /// [`Error::NotInstalled`] with the command that fetches it.
    pub fn require(&self, entry: &Entry) -> Result<PathBuf, Error> {
        if self.is_installed(entry) {
            Ok(self.path_of(entry))
        } else {
            Err(self.not_installed(entry))
        }
    }

    /// Reads the file of `entry` and compares size and digests with the catalogue.
    ///
    /// # Errors
    ///
    /// [`Error::NotInstalled`], [`Error::Damaged`], or [`Error::Io`].
    pub fn verify(&self, entry: &Entry) -> Result<(), Error> {
        self.verify_stepwise(entry, |_| Ok(()))
    }

    pub(crate) fn verify_stepwise(
        &self,
        entry: &Entry,
        step: impl FnMut(usize) -> io::Result<()>,
    ) -> Result<(), Error> {
        let path = self.path_of(entry);
        let damaged = |found| Error::Damaged {
            name: entry.name.clone(),
            path: path.clone(),
            found,
        };
        let length = match fs::metadata(&path) {
            Ok(file) => file.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(self.not_installed(entry));
            }
            Err(error) => return Err(Error::io(&path)(error)),
        };
        if length != entry.size_bytes {
            return Err(damaged(format!(
                "{length} bytes, expected {}",
                entry.size_bytes
            )));
        }
        let (digests, _) = digest::of_file(&path, step).map_err(Error::io(&path))?;
        if entry.accepts(&digests) {
            Ok(())
        } else {
            Err(damaged("its digest is not the one in the catalogue".into()))
        }
    }

    /// Removes the file of `entry` and what an unfinished download of it left; says whether
    /// there was anything. Waits for a pull of the same model.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn remove(&self, entry: &Entry) -> Result<bool, Error> {
        if !self.dir.is_dir() {
            return Ok(false);
        }
        let _lock = Lock::acquire(self, entry, &mut || Ok(()), &|| false)?;
        let mut removed = false;
        for path in [self.path_of(entry), self.part_path(entry)] {
            match fs::remove_file(&path) {
                Ok(()) => removed = true,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(Error::io(&path)(error)),
            }
        }
        Ok(removed)
    }

    /// Where an unfinished download of `entry` is kept.
    pub(crate) fn part_path(&self, entry: &Entry) -> PathBuf {
        self.dir.join(format!("{}.part", entry.file_name))
    }

    /// Gives a finished, checked file its final name, so that it survives a power cut.
    pub(crate) fn install(&self, entry: &Entry, from: &Path) -> Result<(), Error> {
        let to = self.path_of(entry);
        File::open(from)
            .and_then(|file| file.sync_all())
            .map_err(Error::io(from))?;
        fs::rename(from, &to).map_err(Error::io(&to))?;
        // An earlier attempt with another source may have left a part.
        let _ = fs::remove_file(self.part_path(entry));
        File::open(&self.dir)
            .and_then(|dir| dir.sync_all())
            .map_err(Error::io(&self.dir))
    }

    fn not_installed(&self, entry: &Entry) -> Error {
        Error::NotInstalled {
            name: entry.name.clone(),
            dir: self.dir.clone(),
        }
    }
}

/// The XDG rule: a relative `XDG_DATA_HOME` is to be ignored, an empty variable is unset.
fn data_home(xdg: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let xdg = xdg.map(PathBuf::from).filter(|dir| dir.is_absolute());
    let home = home.filter(|dir| !dir.is_empty()).map(PathBuf::from);
    xdg.or_else(|| home.map(|home| home.join(".local").join("share")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_directory_follows_xdg() {
        for (xdg, home, expected) in [
            (Some("/data"), Some("/home/u"), Some("/data")),
            (
                Some("relative"),
                Some("/home/u"),
                Some("/home/u/.local/share"),
            ),
            (Some(""), Some("/home/u"), Some("/home/u/.local/share")),
            (None, Some("/home/u"), Some("/home/u/.local/share")),
            (None, Some(""), None),
            (None, None, None),
        ] {
            let found = data_home(xdg.map(OsString::from), home.map(OsString::from));
            assert_eq!(found, expected.map(PathBuf::from), "{xdg:?} {home:?}");
        }
    }
}
