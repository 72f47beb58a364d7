//! The models directory.

mod change;
mod record;
mod voices;

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::catalogue::{Catalogue, Content, Entry, FileSpec, TreeSpec};
use crate::digest::{self, Fault};
use crate::error::Error;
use crate::names;

pub(crate) use change::scratch_prefix;
pub use voices::InstalledVoice;

/// The data directory of services that are installed on the system, and that their units
/// name as `XDG_DATA_HOME`.
const INSTALLED_DATA_HOME: &str = "/var/lib";
const MODELS_FOLDER: &str = "voice-stack/models";

/// A directory of what is installed, each file under the path that its catalogue entry states.
///
/// Voices are in its folder `voices`, also such that an operator copied there.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// The store in `dir`, which need not exist yet.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Where models are unless told otherwise: `$XDG_DATA_HOME/voice-stack/models`; for root
    /// the installed services' `/var/lib/voice-stack/models`, where an installation has made
    /// it; else `~/.local/share/voice-stack/models`.
    ///
    /// # Errors
    ///
    /// [`Error::NoHome`] if the environment names no directory.
    pub fn default_dir() -> Result<PathBuf, Error> {
        let installed = Path::new(INSTALLED_DATA_HOME);
        // What root fetches is meant for the services: in root's home they would not find it.
        let is_for_services =
            rustix::process::geteuid().is_root() && installed.join(MODELS_FOLDER).is_dir();
        data_home(
            std::env::var_os("XDG_DATA_HOME"),
            is_for_services.then_some(installed),
            std::env::var_os("HOME"),
        )
        .map(|home| home.join(MODELS_FOLDER))
        .ok_or(Error::NoHome)
    }

    /// The directory itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the main file of `entry`, or its directory, is or would be.
    pub fn path_of(&self, entry: &Entry) -> PathBuf {
        self.dir.join(entry.path())
    }

    /// Whether the files of `entry` are there with the right sizes, or its directory is there.
    /// Both get their final name only once their digest was checked, so this is enough to go
    /// on; [`Store::verify`] reads them again.
    pub fn is_installed(&self, entry: &Entry) -> bool {
        match &entry.content {
            Content::Files(files) => files.iter().all(|spec| {
                fs::metadata(self.dir.join(&spec.path))
                    .is_ok_and(|file| file.is_file() && file.len() == spec.size_bytes)
            }),
            Content::Tree(tree) => self.dir.join(&tree.path).is_dir(),
        }
    }

    /// All entries of `catalogue` that are installed.
    pub fn installed<'a>(&self, catalogue: &'a Catalogue) -> Vec<&'a Entry> {
        catalogue
            .entries()
            .iter()
            .filter(|entry| self.is_installed(entry))
            .collect()
    }

    /// What is known under `name`: an entry of `catalogue`, or an installed voice beside it.
    ///
    /// # Errors
    ///
    /// [`Error::NotInstalled`] if it can only be a voice, else those of [`Catalogue::find`].
    pub fn find<'a>(&self, catalogue: &'a Catalogue, name: &str) -> Result<Cow<'a, Entry>, Error> {
        if let Some(entry) = catalogue.get(name) {
            return Ok(Cow::Borrowed(entry));
        }
        match self.voice_beside_catalogue(name) {
            Some(entry) => Ok(Cow::Owned(entry)),
            None if names::voice_locale(name).is_some() => Err(self.not_installed(name)),
            None => catalogue.find(name).map(Cow::Borrowed),
        }
    }

    /// The path of what is installed: its main file, or its directory.
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

    /// The path of what is installed under `name`, an entry of the built-in catalogue, or of an
    /// installed entry that can stand for it: ONNX Runtime for GPUs for the one for CPUs.
    ///
    /// # Errors
    ///
    /// [`Error::NotInstalled`] with the command that fetches it; [`Error::OtherArchitecture`]
    /// if there is none for this machine; [`Error::UnknownModel`].
    pub fn require_named(&self, name: &str) -> Result<PathBuf, Error> {
        let catalogue = Catalogue::embedded();
        let missing = match self.require(catalogue.find(name)?) {
            Ok(path) => return Ok(path),
            Err(missing) => missing,
        };
        self.installed_provider(catalogue, name)
            .map(|entry| self.path_of(entry))
            .ok_or(missing)
    }

    /// An installed entry that can stand for the one of that name.
    pub(crate) fn installed_provider<'a>(
        &self,
        catalogue: &'a Catalogue,
        name: &str,
    ) -> Option<&'a Entry> {
        catalogue
            .providers(name)
            .find(|entry| self.is_installed(entry))
    }

    /// Reads all files of `entry` and compares sizes and digests with what it states.
    ///
    /// # Errors
    ///
    /// [`Error::NotInstalled`], [`Error::Damaged`], or [`Error::Io`].
    pub fn verify(&self, entry: &Entry) -> Result<(), Error> {
        match &entry.content {
            Content::Files(files) => files
                .iter()
                .try_for_each(|file| self.verify_file(entry, file, |_| Ok(()))),
            Content::Tree(tree) => self.verify_tree(entry, tree, |_| Ok(())),
        }
    }

    /// [`Store::verify`] for one file; `step` hears the bytes read.
    pub(crate) fn verify_file(
        &self,
        entry: &Entry,
        spec: &FileSpec,
        step: impl FnMut(usize) -> io::Result<()>,
    ) -> Result<(), Error> {
        let path = self.dir.join(&spec.path);
        let found = match fs::metadata(&path) {
            Ok(file) if file.is_file() && file.len() == spec.size_bytes => {
                if digest::agrees(&path, spec, step).map_err(Error::io(&path))? {
                    return Ok(());
                }
                format!("its digest is not {}", entry.origin.stated_where())
            }
            Ok(file) if file.is_file() => {
                format!("{} bytes, expected {}", file.len(), spec.size_bytes)
            }
            Ok(_) => "not a file".to_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(self.not_installed(&entry.name));
            }
            Err(error) => return Err(Error::io(&path)(error)),
        };
        Err(Error::Damaged {
            name: entry.name.clone(),
            path,
            found,
        })
    }

    /// [`Store::verify`] for a directory; `step` hears the bytes read.
    pub(crate) fn verify_tree(
        &self,
        entry: &Entry,
        tree: &TreeSpec,
        step: impl FnMut(usize) -> io::Result<()>,
    ) -> Result<(), Error> {
        let path = self.dir.join(&tree.path);
        let damaged = |found| Error::Damaged {
            name: entry.name.clone(),
            path: path.clone(),
            found,
        };
        match fs::symlink_metadata(&path) {
            Ok(dir) if dir.is_dir() => {
                digest::of_tree(&path, tree, step).map_err(|fault| match fault {
                    Fault::Content(found) => damaged(found),
                    Fault::Io(path, error) => Error::io(&path)(error),
                })
            }
            Ok(_) => Err(damaged("not a directory".to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(self.not_installed(&entry.name))
            }
            Err(error) => Err(Error::io(&path)(error)),
        }
    }

    fn not_installed(&self, name: &str) -> Error {
        Error::NotInstalled {
            name: name.to_owned(),
            dir: self.dir.clone(),
        }
    }
}

/// The XDG rule: a relative `XDG_DATA_HOME` is to be ignored, an empty variable is unset.
/// `installed` comes before what `home` says.
fn data_home(
    xdg: Option<OsString>,
    installed: Option<&Path>,
    home: Option<OsString>,
) -> Option<PathBuf> {
    let xdg = xdg.map(PathBuf::from).filter(|dir| dir.is_absolute());
    let home = home.filter(|dir| !dir.is_empty()).map(PathBuf::from);
    xdg.or_else(|| installed.map(Path::to_path_buf))
        .or_else(|| home.map(|home| home.join(".local").join("share")))
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
            let (xdg, home) = (xdg.map(OsString::from), home.map(OsString::from));
            let found = data_home(xdg.clone(), None, home.clone());
            assert_eq!(found, expected.map(PathBuf::from), "{xdg:?} {home:?}");
        }
    }

    #[test]
    fn what_root_fetches_goes_to_the_installed_services_unless_told_otherwise() {
        let installed = Some(Path::new("/var/lib"));
        let home = Some(OsString::from("/root"));
        let found = data_home(None, installed, home.clone());
        assert_eq!(found, Some("/var/lib".into()));
        let found = data_home(Some("/data".into()), installed, home);
        assert_eq!(found, Some("/data".into()));
    }
}
