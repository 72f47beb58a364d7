//! What can be fetched: nothing is that isn't listed here.

mod source;
mod validate;

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::digest::Digests;
use crate::error::Error;

pub use source::{Conversion, Member, Package, PackageSource, Role, Source};

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
    /// Name of the installed file in the models directory.
    pub file_name: String,
    /// Exact size of the installed file, in bytes.
    pub size_bytes: u64,
    /// SHA-256 of the installed file, in lower-case hexadecimal.
    pub sha256: Option<String>,
    /// SHA-1 of the installed file. At least one of the two digests is there.
    pub sha1: Option<String>,
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

/// What a model file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Speech recognition, for whisper.cpp.
    Whisper,
    /// Voice activity detection, for whisper.cpp.
    Vad,
}

/// Languages that a model understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Languages {
    /// English and nothing else; language detection on such a model is nonsense.
    EnglishOnly,
    /// All of Whisper's languages; for voice activity detection: any.
    Multilingual,
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

display_as!(Kind { Whisper => "whisper", Vad => "vad" });
display_as!(Languages { EnglishOnly => "english-only", Multilingual => "multilingual" });
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
        Ok(catalogue)
    }

    /// All entries, in the order of the file.
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
            near: self.near(name),
        })
    }

    /// Up to three known names that `name` may have been meant to be, the nearest first.
    fn near(&self, name: &str) -> Vec<String> {
        let wanted = name.to_lowercase();
        let limit = (wanted.chars().count() / 2).max(2);
        let mut near: Vec<_> = self
            .entries
            .iter()
            .map(|entry| (edit_distance(&wanted, &entry.name), entry.name.clone()))
            .filter(|(distance, known)| *distance <= limit || known.starts_with(&wanted))
            .collect();
        near.sort();
        near.into_iter().take(3).map(|(_, name)| name).collect()
    }
}

impl Entry {
    /// Whether `digests` are those of this entry's file: each one that is stated must agree.
    pub(crate) fn accepts(&self, digests: &Digests) -> bool {
        self.sha256
            .as_ref()
            .is_none_or(|stated| *stated == digests.sha256)
            && self
                .sha1
                .as_ref()
                .is_none_or(|stated| *stated == digests.sha1)
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
        for name in ["tiny.en", "tiny.en-q8_0", "base", "base-q8_0", "silero-vad"] {
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
        ] {
            let near = catalogue.near(typed);
            assert_eq!(
                near.first().map(String::as_str),
                Some(meant),
                "{typed}: {near:?}"
            );
        }
        assert!(catalogue.near("gpt-oss-120b-instruct").is_empty());
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
