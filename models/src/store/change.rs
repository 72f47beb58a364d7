//! Putting things into the models directory, and taking them out.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::Store;
use crate::catalogue::{Content, Entry, FileSpec, TreeSpec};
use crate::error::Error;
use crate::lock::Lock;

/// The beginning of names of temporary directories. The colon can't be in an entry's name, so
/// that `tiny` does not match `tiny.en`'s.
pub(crate) fn scratch_prefix(entry: &Entry) -> String {
    format!(".pull:{}:", entry.name)
}

impl Store {
    /// Removes all that belongs to `entry`, also what an unfinished download of it left; says
    /// whether there was anything. Waits for a pull of the same name.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn remove(&self, entry: &Entry) -> Result<bool, Error> {
        if !self.dir.is_dir() {
            return Ok(false);
        }
        let _lock = Lock::acquire(self, &entry.name, &mut || Ok(()), &|| false)?;
        let mut removed = false;
        match &entry.content {
            Content::Files(files) => {
                for file in files {
                    removed |= remove_file(&self.dir.join(&file.path))?;
                    removed |= remove_file(&self.part_path(file))?;
                }
            }
            Content::Tree(tree) => removed |= remove_tree(&self.dir.join(&tree.path))?,
        }
        if entry.is_piper_voice() {
            removed |= remove_file(&self.record_path(&entry.name))?;
        }
        Ok(removed)
    }

    /// Where an unfinished download of `file` is kept.
    pub(crate) fn part_path(&self, file: &FileSpec) -> PathBuf {
        self.dir.join(format!("{}.part", file.path))
    }

    /// Makes the directory that `file` goes to.
    pub(crate) fn make_room_for(&self, file: &FileSpec) -> Result<(), Error> {
        let path = self.dir.join(&file.path);
        let parent = path.parent().unwrap_or(&self.dir);
        fs::create_dir_all(parent).map_err(Error::io(parent))
    }

    /// Gives a finished, checked file its final name, so that it survives a power cut. Everybody
    /// may read it: who fetches is often not the user that the services run as.
    pub(crate) fn install(&self, file: &FileSpec, from: &Path) -> Result<(), Error> {
        self.make_room_for(file)?;
        let finish = |file: File| {
            let mode = file.metadata()?.permissions().mode();
            file.set_permissions(Permissions::from_mode(mode | 0o444))?;
            file.sync_all()
        };
        File::open(from).and_then(finish).map_err(Error::io(from))?;
        self.rename(from, &file.path)?;
        // An earlier attempt with another source may have left a part.
        let _ = fs::remove_file(self.part_path(file));
        Ok(())
    }

    /// Puts a finished, checked directory in the place of what is there. The old one goes to
    /// `scratch`, a temporary directory of this store.
    pub(crate) fn install_tree(
        &self,
        tree: &TreeSpec,
        from: &Path,
        scratch: &Path,
    ) -> Result<(), Error> {
        // One call instead of one for each of hundreds of files.
        let from_dir = File::open(from).map_err(Error::io(from))?;
        rustix::fs::syncfs(&from_dir).map_err(|error| Error::io(from)(error.into()))?;
        let to = self.dir.join(&tree.path);
        match fs::rename(&to, scratch.join("replaced")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io(&to)(error)),
            _ => self.rename(from, &tree.path),
        }
    }

    /// Renames `from` to a path inside the models directory, for good.
    pub(super) fn rename(&self, from: &Path, path: &str) -> Result<(), Error> {
        let to = self.dir.join(path);
        fs::rename(from, &to).map_err(Error::io(&to))?;
        let parent = to.parent().unwrap_or(&self.dir);
        File::open(parent)
            .and_then(|dir| dir.sync_all())
            .map_err(Error::io(parent))
    }
}

fn remove_file(path: &Path) -> Result<bool, Error> {
    gone(path, fs::remove_file(path))
}

fn remove_tree(path: &Path) -> Result<bool, Error> {
    gone(path, fs::remove_dir_all(path))
}

/// Whether something was removed: a path with nothing there is as good.
fn gone(path: &Path, result: io::Result<()>) -> Result<bool, Error> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io(path)(error)),
    }
}
