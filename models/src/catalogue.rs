//! What can be fetched: nothing is that isn't listed here.

mod source;
mod validate;

use std::env::consts::ARCH;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::digest::Digests;
use crate::error::Error;

pub use source::{Conversion, Member, Package, PackageSource, Role, Source, WheelTags};
pub(crate) use validate::plain;

const EMBEDDED: &str = include_str!("../catalog.toml");

/// The list of known models.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    #[serde(rename = "model")]
    entries: Vec<Entry>,
}

/// One model file that can be installed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The name that users say: `base-q8_0`.
    pub name: String,
    /// What the file is for.
    pub kind: Kind,
    /// Name of the installed file in the models directory, which may be in a folder of it;
    /// that of the folder itself for [`Kind::Phonemes`].
    pub file_name: String,
    /// Exact size of the installed file, in bytes; of all files of the folder together.
    pub size_bytes: u64,
    /// SHA-256 of the installed file, in lower-case hexadecimal. For a folder, that of its list:
    /// what `LC_ALL=C sort` makes of the names and `sha256sum` of the files.
    pub sha256: Option<String>,
    /// SHA-1 of the installed file. At least one of the three digests is there.
    pub sha1: Option<String>,
    /// MD5 of the installed file, which is all that the index of Piper voices states.
    pub md5: Option<String>,
    /// Files that belong to it.
    #[serde(default, rename = "companion")]
    pub companions: Vec<Companion>,
    /// The processor that it runs on, as Rust names it; absent where that doesn't matter.
    pub arch: Option<String>,
    /// SPDX identifier of the weights' licence.
    pub licence: String,
    /// Languages that the model understands.
    pub languages: Languages,
    /// How the weights are stored.
    pub quantisation: Quantisation,
    /// The model this file is a form of: `base-q8_0` is one of `base`.
    pub base_model: String,
    /// Where the file comes from, tried in this order.
    #[serde(rename = "source")]
    pub sources: Vec<Source>,
}

/// A file that belongs to the main file of an entry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Companion {
    /// Its name in the models directory. If it begins with that of the main file, so does its
    /// address.
    pub file_name: String,
    /// Exact size in bytes.
    pub size_bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: Option<String>,
    /// MD5 in lower-case hexadecimal.
    pub md5: Option<String>,
}

/// One file of an entry, main or companion.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileSpec<'a> {
    /// The name of the entry, for messages.
    pub(crate) entry: &'a str,
    pub(crate) file_name: &'a str,
    pub(crate) size_bytes: u64,
    sha256: Option<&'a str>,
    sha1: Option<&'a str>,
    md5: Option<&'a str>,
}

impl FileSpec<'_> {
    /// Whether `digests` are those of this file: each one that is stated must agree.
    pub(crate) fn accepts(&self, digests: &Digests) -> bool {
        let agrees = |stated: Option<&str>, found: &str| stated.is_none_or(|it| it == found);
        agrees(self.sha256, &digests.sha256)
            && agrees(self.sha1, &digests.sha1)
            && agrees(self.md5, &digests.md5)
    }
}

/// What a model file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Speech recognition, for whisper.cpp.
    Whisper,
    /// Voice activity detection, for whisper.cpp.
    Vad,
    /// Speech synthesis: a Piper voice.
    Voice,
    /// The library that computes voices: ONNX Runtime.
    Runtime,
    /// What espeak-ng knows about languages, which turns text into phonemes for voices.
    Phonemes,
}

/// Languages that a model understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Languages {
    /// English and nothing else; language detection on such a model is nonsense.
    EnglishOnly,
    /// All of Whisper's languages; for what isn't a voice or a Whisper model: any.
    Multilingual,
    /// The one that its name begins with.
    OfItsName,
}

/// How a model's matrices are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Quantisation {
    /// 16-bit floats.
    F16,
    /// 8-bit integers in blocks of 32.
    #[serde(rename = "q8_0")]
    Q8_0,
    /// 5-bit integers, one scale a block.
    #[serde(rename = "q5_0")]
    Q5_0,
    /// 5-bit integers, scale and minimum a block.
    #[serde(rename = "q5_1")]
    Q5_1,
    /// A small model that has no such choice.
    None,
}

macro_rules! display_as {
    ($type:ty { $($variant:ident => $text:literal),+ $(,)? }) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$variant => $text),+ })
            }
        }
    };
}

display_as!(Kind {
    Whisper => "whisper", Vad => "vad", Voice => "voice", Runtime => "runtime",
    Phonemes => "phonemes",
});
display_as!(Languages {
    EnglishOnly => "english-only", Multilingual => "multilingual", OfItsName => "of its name",
});
display_as!(Quantisation {
    F16 => "f16", Q8_0 => "q8_0", Q5_0 => "q5_0", Q5_1 => "q5_1", None => "none",
});

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

    /// Reads a catalogue and checks every rule that the rest of this crate relies on.
    ///
    /// # Errors
    ///
    /// [`Error::Catalogue`] with the first rule that is broken.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let catalogue: Self =
            toml::from_str(text).map_err(|error| Error::Catalogue(error.to_string()))?;
        validate::check(&catalogue.entries).map_err(Error::Catalogue)?;
        let is_for_this_machine = |entry: &Entry| entry.arch.as_deref().is_none_or(|it| it == ARCH);
        Ok(Self {
            entries: catalogue
                .entries
                .into_iter()
                .filter(is_for_this_machine)
                .collect(),
        })
    }

    /// All entries that this machine can use, in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of that name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The entry of that name, or an error that suggests names like it.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownModel`].
    pub fn find(&self, name: &str) -> Result<&Entry, Error> {
        self.get(name).ok_or_else(|| Error::UnknownModel {
            name: name.to_owned(),
            near: nearest(name, self.entries.iter().map(|entry| entry.name.as_str())),
        })
    }
}

/// Up to three of the `known` names that `name` may have been meant to be, the nearest first.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let wanted = name.to_lowercase();
    let limit = (wanted.chars().count() / 2).max(2);
    let mut near: Vec<_> = known
        .map(|known| {
            (
                edit_distance(&wanted, &known.to_lowercase()),
                known.to_owned(),
            )
        })
        .filter(|(distance, known)| *distance <= limit || known.starts_with(&wanted))
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

impl Entry {
    /// All its files, the main one last: who finds that one finds the others as well. For a
    /// folder, the folder.
    pub(crate) fn files(&self) -> impl Iterator<Item = FileSpec<'_>> {
        let companions = self.companions.iter().map(|it| FileSpec {
            entry: &self.name,
            file_name: &it.file_name,
            size_bytes: it.size_bytes,
            sha256: it.sha256.as_deref(),
            sha1: None,
            md5: it.md5.as_deref(),
        });
        companions.chain([self.main_file()])
    }

    pub(crate) fn main_file(&self) -> FileSpec<'_> {
        FileSpec {
            entry: &self.name,
            file_name: &self.file_name,
            size_bytes: self.size_bytes,
            sha256: self.sha256.as_deref(),
            sha1: self.sha1.as_deref(),
            md5: self.md5.as_deref(),
        }
    }

    /// Whether what is installed is a folder.
    pub(crate) fn is_folder(&self) -> bool {
        self.kind == Kind::Phonemes
    }

    /// The size of all its files, in bytes.
    pub fn total_bytes(&self) -> u64 {
        self.files().map(|file| file.size_bytes).sum()
    }
}

/// Levenshtein's distance between two names, in characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalogue_is_valid() {
        let catalogue = Catalogue::parse(EMBEDDED).unwrap();
        for name in [
            "tiny.en",
            "tiny.en-q8_0",
            "base",
            "base-q8_0",
            "silero-vad",
            "en_US-joe-medium",
            "espeak-ng-data",
        ] {
            assert!(catalogue.get(name).is_some(), "{name} is missing");
        }
    }

    #[test]
    fn an_unknown_name_brings_near_ones() {
        let catalogue = Catalogue::embedded();
        for (typed, meant) in [
            ("tiny-en", "tiny.en"),
            ("bsae", "base"),
            ("BASE", "base"),
            ("silero", "silero-vad"),
            ("large-v3-trubo", "large-v3-turbo"),
            ("en_US-jo-medium", "en_US-joe-medium"),
        ] {
            let Err(Error::UnknownModel { near, .. }) = catalogue.find(typed) else {
                panic!("{typed} is known");
            };
            assert_eq!(
                near.first().map(String::as_str),
                Some(meant),
                "{typed}: {near:?}"
            );
        }
        let far = catalogue.find("gpt-oss-120b-instruct");
        assert!(matches!(far, Err(Error::UnknownModel { near, .. }) if near.is_empty()));
    }

    #[test]
    fn edit_distance_counts_insertions_deletions_and_replacements() {
        for (a, b, distance) in [
            ("", "", 0),
            ("a", "", 1),
            ("base", "bases", 1),
            ("tiny", "tony", 1),
            ("ab", "ba", 2),
        ] {
            assert_eq!(edit_distance(a, b), distance, "{a} to {b}");
        }
    }
}
