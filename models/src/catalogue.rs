//! What can be fetched by name. Besides these there are only the published Piper voices, whose
//! entries come from their index ([`crate::pull::Puller::find`]).

mod content;
mod draft;
mod entry;
mod purpose;
mod source;
#[cfg(test)]
mod tests;
mod validate;

use std::sync::LazyLock;

use serde::Deserialize;

use crate::arch::Arch;
use crate::error::Error;
use crate::names;

pub use content::{Content, FileSpec, TreeSpec};
pub(crate) use draft::Draft;
pub use entry::{Entry, Languages, Origin};
pub use purpose::Purpose;
pub(crate) use source::PartOrigin;
pub use source::{
    Member, Package, PackageSource, Part, PartsSource, Source, WheelFolderSource, WheelSource,
    WheelTags,
};
pub(crate) use validate::check_one;

const EMBEDDED: &str = include_str!("../catalog.toml");

/// The list of what is known by name.
#[derive(Debug, Clone)]
pub struct Catalogue {
    entries: Vec<Entry>,
    /// Entries whose name is there for other architectures only.
    elsewhere: Vec<Entry>,
}

/// The file as a whole. The entries are read one by one, so that a message can name its entry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    model: Vec<toml::Table>,
}

impl Catalogue {
    /// The catalogue that was built into this program.
    ///
    /// # Panics
    ///
    /// Never: a test parses the embedded text.
    pub fn embedded() -> &'static Self {
        static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
            Catalogue::parse(EMBEDDED).expect("the embedded catalogue is tested to be valid")
        });
        &CATALOGUE
    }

    /// Reads a catalogue and checks every rule that the rest of this crate relies on. Entries
    /// for other architectures than this machine's are left out.
    ///
    /// # Errors
    ///
    /// [`Error::Catalogue`] with the first rule that is broken.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::parse_for(text, Arch::here())
    }

    /// [`Catalogue::parse`] for a machine of that architecture.
    pub(crate) fn parse_for(text: &str, arch: Option<Arch>) -> Result<Self, Error> {
        let file: File =
            toml::from_str(text).map_err(|error| Error::Catalogue(error.message().to_owned()))?;
        let all = file.model.into_iter().map(read_entry);
        let all = all.collect::<Result<Vec<_>, _>>();
        let all = all.and_then(|all| validate::check(&all).map(|()| all));
        let (entries, elsewhere) = all
            .map_err(Error::Catalogue)?
            .into_iter()
            .partition(|entry| entry.arch.is_none() || entry.arch == arch);
        Ok(Self { entries, elsewhere })
    }

    /// All entries for this machine, in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of that name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The entries that `service`, `asr` or `tts`, needs with its default settings. What these
    /// require is not among them.
    pub fn defaults_for(&self, service: &str) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.default_for.iter().any(|it| it == service))
    }

    /// The entries that can stand for the one of that name.
    pub(crate) fn providers(&self, name: &str) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.provides.iter().any(|it| it == name))
    }

    /// The entry of that name, or an error that suggests names like it.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownModel`], or [`Error::OtherArchitecture`].
    pub fn find(&self, name: &str) -> Result<&Entry, Error> {
        if let Some(entry) = self.get(name) {
            return Ok(entry);
        }
        let other = self.elsewhere.iter().find(|entry| entry.name == name);
        Err(match other.and_then(|entry| entry.arch) {
            Some(arch) => Error::OtherArchitecture {
                name: name.to_owned(),
                arch,
            },
            None => Error::UnknownModel {
                name: name.to_owned(),
                near: self.near(name),
            },
        })
    }

    /// Up to three known names that `name` may have been meant to be, the nearest first.
    fn near(&self, name: &str) -> Vec<String> {
        names::near(name, self.entries.iter().map(|entry| entry.name.as_str()))
    }
}

/// Reads a table `[[model]]`; says which entry can't be read, and why.
fn read_entry(table: toml::Table) -> Result<Entry, String> {
    let name = table.get("name").and_then(toml::Value::as_str);
    let name = name.unwrap_or("an entry without a name").to_owned();
    table.try_into().map_err(|error: toml::de::Error| {
        // The field is on a line of its own.
        let why = error.to_string().trim().replace('\n', " ");
        format!("{}: {why}", name.escape_debug())
    })
}
