//! The models directory.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::catalogue::{Catalogue, Entry, FileSpec, Kind};
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

    /// Whether the files of `entry` are there with the right sizes. They get their final names
    /// only once their digests were checked, so this is enough to go on; [`Store::verify`] reads
    /// them again.
    pub fn is_installed(&self, entry: &Entry) -> bool {
        if entry.is_folder() {
            return self.path_of(entry).is_dir();
        }
        entry.files().all(|file| {
            fs::metadata(self.dir.join(file.file_name))
                .is_ok_and(|found| found.is_file() && found.len() == file.size_bytes)
        })
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
            Err(self.not_installed(&entry.name))
        }
    }

    /// Reads the files of `entry` and compares sizes and digests with the catalogue.
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
        mut step: impl FnMut(usize) -> io::Result<()>,
    ) -> Result<(), Error> {
        entry
            .files()
            .try_for_each(|file| self.verify_file(entry, file, &mut step))
    }

    /// As [`Self::verify`], of one file of `entry`, or of its folder.
    pub(crate) fn verify_file(
        &self,
        entry: &Entry,
        file: FileSpec<'_>,
        step: impl FnMut(usize) -> io::Result<()>,
    ) -> Result<(), Error> {
        let path = self.dir.join(file.file_name);
        let damaged = |found| Error::Damaged {
            name: entry.name.clone(),
            path: path.clone(),
            found,
        };
        let found = match fs::metadata(&path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(self.not_installed(&entry.name));
            }
            Err(error) => return Err(Error::io(&path)(error)),
        };
        if found.is_dir() != entry.is_folder() {
            return Err(damaged(
                "a folder is there for a file, or a file for a folder".into(),
            ));
        }
        let check_length = |length: u64| {
            if length == file.size_bytes {
                Ok(())
            } else {
                Err(damaged(format!(
                    "{length} bytes, expected {}",
                    file.size_bytes
                )))
            }
        };
        let (digests, length) = if entry.is_folder() {
            digest::of_folder(&path, step)
        } else {
            check_length(found.len())?;
            digest::of_file(&path, step)
        }
        .map_err(Error::io(&path))?;
        check_length(length)?;
        if file.accepts(&digests) {
            Ok(())
        } else {
            Err(damaged("its digest is not the one that was stated".into()))
        }
    }

    /// Removes the files of `entry` and what an unfinished download of it left; says whether
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
        let mut paths = Vec::new();
        for file in entry.files() {
            paths.extend([self.dir.join(file.file_name), self.part_path(file)]);
        }
        if entry.kind == Kind::Voice {
            paths.push(self.record_path(&entry.name));
        }
        let mut removed = false;
        for path in paths {
            removed |= remove_if_there(&path)?;
        }
        Ok(removed)
    }

    /// Where an unfinished download of `file` is kept.
    pub(crate) fn part_path(&self, file: FileSpec<'_>) -> PathBuf {
        self.dir.join(format!("{}.part", file.file_name))
    }

    /// The folder that `file` goes to, made if it isn't there.
    pub(crate) fn make_folder_for(&self, file: FileSpec<'_>) -> Result<PathBuf, Error> {
        let path = self.dir.join(file.file_name);
        let folder = path.parent().unwrap_or(&self.dir).to_path_buf();
        fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        Ok(folder)
    }

    /// Gives a finished, checked file or folder its final name, so that it survives a power cut.
    pub(crate) fn install(&self, file: FileSpec<'_>, from: &Path) -> Result<(), Error> {
        let folder = self.make_folder_for(file)?;
        let to = self.dir.join(file.file_name);
        File::open(from)
            .and_then(|file| file.sync_all())
            .map_err(Error::io(from))?;
        if to.is_dir() {
            // A folder can't be put in the place of another: the damaged one goes first.
            fs::remove_dir_all(&to).map_err(Error::io(&to))?;
        }
        fs::rename(from, &to).map_err(Error::io(&to))?;
        // An earlier attempt with another source may have left a part.
        let _ = fs::remove_file(self.part_path(file));
        File::open(&folder)
            .and_then(|dir| dir.sync_all())
            .map_err(Error::io(&folder))
    }

    pub(crate) fn not_installed(&self, name: &str) -> Error {
        Error::NotInstalled {
            name: name.to_owned(),
            dir: self.dir.clone(),
        }
    }
}

fn remove_if_there(path: &Path) -> Result<bool, Error> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io(path)(error)),
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
