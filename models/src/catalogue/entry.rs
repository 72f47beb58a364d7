//! What one name in the catalogue stands for.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::content::{Content, FileSpec};
use super::draft::Draft;
use super::purpose::{self, Purpose};
use super::source::Source;
use crate::arch::Arch;
use crate::form::ModelForm;
use crate::piper;

/// A model, a voice, a library or a set of data that can be installed under one name.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Draft")]
pub struct Entry {
    /// The name that users say: `base-q8_0`.
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Name of the engine that loads it: `whisper`, `piper`.
    pub engine: String,
    /// Names of the entries that it can't be used without.
    pub requires: Vec<String>,
    /// Names of the entries that it can stand for where they are required.
    pub provides: Vec<String>,
    /// Names of the services, `asr` or `tts`, that need it with their default settings.
    pub default_for: Vec<String>,
    /// The only architecture that it is for; `None` if it is for all.
    pub arch: Option<Arch>,
    /// What is installed.
    pub content: Content,
    /// Exact size of all that is installed, in bytes.
    pub size_bytes: u64,
    /// SPDX identifier of the licence.
    pub licence: String,
    /// Languages that it understands or speaks.
    pub languages: Languages,
    /// How the weights are stored.
    pub form: ModelForm,
    /// The model this is a form of: `base-q8_0` is one of `base`.
    pub base_model: String,
    /// Where the content comes from, tried in this order.
    pub sources: Vec<Source>,
    /// Who says what the content should be.
    pub origin: Origin,
}

/// Languages that a model understands or speaks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Languages {
    /// English and nothing else; language detection on such a model is nonsense.
    EnglishOnly,
    /// All of Whisper's languages; for what does not know languages: any.
    Multilingual,
    /// One language as it is spoken in one region, `de_DE`: a voice's.
    #[serde(untagged)]
    Locale(String),
}

/// Who says what an entry's files should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The catalogue that was built into the program.
    Catalogue,
    /// The index of published voices. A record beside the files keeps what it said.
    Index,
    /// Nobody: the files were put there by hand.
    ByHand,
}

impl fmt::Display for Languages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::EnglishOnly => "english-only",
            Self::Multilingual => "multilingual",
            Self::Locale(locale) => locale,
        })
    }
}

impl Entry {
    /// One word for purpose and engine, which `list` shows: `whisper`, `voice`. For what version
    /// 0.2.0 had no word for, the purpose.
    pub fn kind(&self) -> String {
        purpose::kind_of(self.purpose, &self.engine)
            .map_or_else(|| self.purpose.to_string(), str::to_owned)
    }

    /// Whether it is one of Piper's voices, whose files follow from their names.
    pub(crate) fn is_piper_voice(&self) -> bool {
        self.purpose == Purpose::Speak && self.engine == piper::ENGINE
    }

    /// Path, inside the models directory, of what a program is told to load: the main file, or
    /// the directory.
    pub fn path(&self) -> &str {
        match &self.content {
            Content::Files(files) => &files[0].path,
            Content::Tree(tree) => &tree.path,
        }
    }

    /// The files that are named one by one; none for a tree.
    pub fn files(&self) -> &[FileSpec] {
        match &self.content {
            Content::Files(files) => files,
            Content::Tree(_) => &[],
        }
    }
}

impl Origin {
    /// Where digests are stated, to say which ones a file does not have.
    pub(crate) fn stated_where(self) -> &'static str {
        match self {
            Self::Catalogue => "the one in the catalogue",
            Self::Index => "the one in the index of voices",
            Self::ByHand => "known",
        }
    }
}
