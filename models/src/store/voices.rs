//! Voices: a model and its configuration, side by side in the folder `voices`.

use std::fs;
use std::path::PathBuf;

use super::Store;
use crate::catalogue::{Catalogue, Content, Entry, FileSpec, Languages, Origin, Purpose};
use crate::error::Error;
use crate::form::ModelForm;
use crate::names;
use crate::piper;

/// A voice whose two files are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledVoice {
    /// Its name: `en_US-joe-medium`.
    pub name: String,
    /// Name of the engine that loads it, as the catalogue writes it: `piper`.
    pub engine: String,
    /// The model, an ONNX file.
    pub model: PathBuf,
    /// What the model needs to be known about it, a JSON file.
    pub config: PathBuf,
}

impl Store {
    /// All voices whose two files are there, sorted by name; also those that were copied there
    /// by hand. Nothing is read but the directory.
    pub fn voices(&self) -> Vec<InstalledVoice> {
        // A directory that is missing, or can't be read, has no voices to offer.
        let Ok(items) = fs::read_dir(self.dir.join("voices")) else {
            return Vec::new();
        };
        let mut voices: Vec<_> = items
            .filter_map(|item| {
                let file_name = item.ok()?.file_name();
                self.voice(file_name.to_str()?.strip_suffix(".onnx")?)
            })
            .collect();
        voices.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        voices
    }

    /// The voice of that name.
    ///
    /// # Errors
    ///
    /// [`Error::NotInstalled`] with the command that fetches it; [`Error::UnknownVoice`] for
    /// what can't be a voice's name.
    pub fn require_voice(&self, name: &str) -> Result<InstalledVoice, Error> {
        self.voice(name).ok_or_else(|| self.no_voice(name))
    }

    /// Reads the files of a voice and compares them with the digests that the catalogue, or
    /// the index it was pulled by, states. A voice that was copied there by hand has none, and
    /// is right whatever it is.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`], [`Error::Record`], [`Error::Io`], and those of
    /// [`Store::require_voice`].
    pub fn verify_voice(&self, name: &str) -> Result<(), Error> {
        if let Some(entry) = voice_of(Catalogue::embedded(), name) {
            return self.verify(entry);
        }
        match self.record(name)? {
            Some(entry) => self.verify(&entry),
            None => self.require_voice(name).map(drop),
        }
    }

    /// Entries of installed voices that `catalogue` does not have.
    pub(crate) fn voices_beside(&self, catalogue: &Catalogue) -> Vec<Entry> {
        self.voices()
            .into_iter()
            .filter(|voice| catalogue.get(&voice.name).is_none())
            .filter_map(|voice| self.voice_beside_catalogue(&voice.name))
            .collect()
    }

    /// The entry of an installed voice, from its record, or made up from its files. A record
    /// that is damaged counts as none here; [`Store::verify_voice`] tells.
    pub(super) fn voice_beside_catalogue(&self, name: &str) -> Option<Entry> {
        match self.record(name) {
            Ok(Some(entry)) => Some(entry),
            Ok(None) | Err(_) => self.copied_by_hand(name),
        }
    }

    fn voice(&self, name: &str) -> Option<InstalledVoice> {
        if !names::is_plain_in_any_script(name) {
            return None;
        }
        let [model, config] = names::voice_paths(name).map(|path| self.dir.join(path));
        (model.is_file() && config.is_file()).then(|| InstalledVoice {
            name: name.to_owned(),
            engine: engine_of(Catalogue::embedded(), name).to_owned(),
            model,
            config,
        })
    }

    fn no_voice(&self, name: &str) -> Error {
        if names::is_plain_in_any_script(name) {
            self.not_installed(name)
        } else {
            Error::UnknownVoice {
                name: name.to_owned(),
                near: Vec::new(),
            }
        }
    }

    /// An entry that states no digests, with the sizes that the files have.
    fn copied_by_hand(&self, name: &str) -> Option<Entry> {
        let voice = self.voice(name)?;
        let [model, config] = names::voice_paths(name);
        let mut files = Vec::new();
        for (path, file) in [(model, voice.model), (config, voice.config)] {
            files.push(FileSpec {
                path,
                size_bytes: fs::metadata(file).ok()?.len(),
                sha256: None,
                sha1: None,
                md5: None,
            });
        }
        let locale = names::voice_locale(name).map(|locale| Languages::Locale(locale.to_owned()));
        Some(Entry {
            name: name.to_owned(),
            purpose: Purpose::Speak,
            engine: piper::ENGINE.to_owned(),
            requires: piper::requirements(),
            provides: Vec::new(),
            default_for: Vec::new(),
            arch: None,
            size_bytes: files.iter().map(|file| file.size_bytes).sum(),
            content: Content::Files(files),
            licence: "unknown".to_owned(),
            languages: locale.unwrap_or(Languages::Multilingual),
            form: ModelForm::None,
            base_model: name.to_owned(),
            sources: Vec::new(),
            origin: Origin::ByHand,
        })
    }
}

/// The engine of a voice that lies in the folder. What the catalogue does not have is a published
/// voice of Piper's, or was copied there to be used like one.
fn engine_of<'a>(catalogue: &'a Catalogue, name: &str) -> &'a str {
    voice_of(catalogue, name).map_or(piper::ENGINE, |entry| &entry.engine)
}

/// The catalogue's voice of that name.
fn voice_of<'a>(catalogue: &'a Catalogue, name: &str) -> Option<&'a Entry> {
    let entry = catalogue.get(name);
    entry.filter(|entry| entry.purpose == Purpose::Speak)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_is_loaded_by_the_engine_that_the_catalogue_names() {
        let catalogue = Catalogue::parse(
            "[[model]]
name = \"other\"
purpose = \"speak\"
engine = \"another\"
licence = \"MIT\"
file = [{ path = \"voices/other.onnx\", size_bytes = 1, md5 = \"0123456789abcdef0123456789abcdef\" }]
source = [{ type = \"folder\", url = \"https://example.org/\" }]
",
        )
        .unwrap();

        assert_eq!(engine_of(&catalogue, "other"), "another");
        assert_eq!(engine_of(&catalogue, "de_DE-thorsten-medium"), "piper");
        assert_eq!(
            engine_of(Catalogue::embedded(), "en_US-joe-medium"),
            "piper"
        );
    }
}
