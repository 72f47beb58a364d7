//! Entries as the catalogue's file writes them: as little as says everything.

use serde::{Deserialize, Serialize};

use super::content::{Content, FileSpec, TreeSpec};
use super::entry::{Entry, Languages, Origin};
use super::purpose::{self, Purpose};
use super::source::Source;
use crate::arch::Arch;
use crate::form::ModelForm;
use crate::names;
use crate::piper;

/// A table `[[model]]`. It has `file_name`, `size_bytes` and digests for one file, or
/// `[[model.file]]` for several, or `[model.tree]`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    name: String,
    /// Purpose and engine in one word, as version 0.2.0 wrote it.
    #[serde(skip_serializing)]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<Purpose>,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    requires: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    provides: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    default_for: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arch: Option<Arch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha1: Option<String>,
    licence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    languages: Option<Languages>,
    /// Version 0.2.0 wrote `quantisation`.
    #[serde(alias = "quantisation", skip_serializing_if = "Option::is_none")]
    form: Option<ModelForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_model: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    file: Vec<FileSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tree: Option<TreeSpec>,
    #[serde(default)]
    source: Vec<Source>,
}

impl TryFrom<Draft> for Entry {
    type Error = String;

    fn try_from(mut draft: Draft) -> Result<Self, String> {
        let content = draft.content()?;
        let (purpose, engine) = draft.purpose_and_engine()?;
        let is_old_voice = draft.kind.is_some() && purpose == Purpose::Speak;
        let requires = if is_old_voice {
            piper::requirements()
        } else {
            draft.requires
        };
        let name = draft.name;
        // Only models of speech recognition differ in these, so only they have to say them.
        let differs = matches!(purpose, Purpose::Recognise | Purpose::DetectVoice);
        let missing = |what: &str| format!("no {what}");
        let languages = match draft.languages {
            Some(languages) => languages,
            None if differs => return Err(missing("languages")),
            None => names::voice_locale(&name)
                .filter(|_| purpose == Purpose::Speak)
                .map_or(Languages::Multilingual, |locale| {
                    Languages::Locale(locale.to_owned())
                }),
        };
        let form = match draft.form {
            Some(form) => form,
            None if differs => return Err(missing("form")),
            None => ModelForm::None,
        };
        let base_model = match draft.base_model {
            Some(base_model) => base_model,
            None if differs => return Err(missing("base_model")),
            None => name.clone(),
        };
        let size_bytes = match &content {
            // Sizes are limited later on; until then a sum may not overflow.
            Content::Files(files) => files
                .iter()
                .fold(0, |sum: u64, file| sum.saturating_add(file.size_bytes)),
            Content::Tree(tree) => tree.size_bytes,
        };
        Ok(Self {
            name,
            purpose,
            engine,
            requires,
            provides: draft.provides,
            default_for: draft.default_for,
            arch: draft.arch,
            content,
            size_bytes,
            licence: draft.licence,
            languages,
            form,
            base_model,
            sources: draft.source,
            origin: Origin::Catalogue,
        })
    }
}

impl Draft {
    fn purpose_and_engine(&mut self) -> Result<(Purpose, String), String> {
        match (&self.kind, self.purpose, self.engine.take()) {
            (None, Some(purpose), Some(engine)) => Ok((purpose, engine)),
            (Some(kind), None, None) => purpose::of_kind(kind)
                .map(|(purpose, engine)| (purpose, engine.to_owned()))
                .ok_or_else(|| format!("{kind:?} is no known kind")),
            _ => Err("it must have a purpose and an engine".to_owned()),
        }
    }

    fn content(&mut self) -> Result<Content, &'static str> {
        let files = std::mem::take(&mut self.file);
        let one = match (self.file_name.take(), self.size_bytes.take()) {
            (Some(path), Some(size_bytes)) => Some(FileSpec {
                path,
                size_bytes,
                sha256: self.sha256.take(),
                sha1: self.sha1.take(),
                md5: None,
            }),
            (None, None) if self.sha256.is_none() && self.sha1.is_none() => None,
            _ => return Err("file_name and size_bytes go together"),
        };
        match (one, files.is_empty(), self.tree.take()) {
            (Some(file), true, None) => Ok(Content::Files(vec![file])),
            (None, false, None) => Ok(Content::Files(files)),
            (None, true, Some(tree)) => Ok(Content::Tree(tree)),
            _ => Err("it must have a file_name, or files, or a tree"),
        }
    }
}

impl From<&Entry> for Draft {
    fn from(entry: &Entry) -> Self {
        let (file, tree) = match &entry.content {
            Content::Files(files) => (files.clone(), None),
            Content::Tree(tree) => (Vec::new(), Some(tree.clone())),
        };
        Self {
            name: entry.name.clone(),
            kind: None,
            purpose: Some(entry.purpose),
            engine: Some(entry.engine.clone()),
            requires: entry.requires.clone(),
            provides: entry.provides.clone(),
            default_for: entry.default_for.clone(),
            arch: entry.arch,
            file_name: None,
            size_bytes: None,
            sha256: None,
            sha1: None,
            licence: entry.licence.clone(),
            languages: Some(entry.languages.clone()),
            form: Some(entry.form),
            base_model: Some(entry.base_model.clone()),
            file,
            tree,
            source: entry.sources.clone(),
        }
    }
}
