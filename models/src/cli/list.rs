//! What `list` prints.

use std::io::{self, Write};

use serde::Serialize;

use crate::catalogue::{Catalogue, Content, Entry, Languages, Purpose};
use crate::error::size;
use crate::form::ModelForm;
use crate::store::Store;

/// One element of `list --json`.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    /// Purpose and engine in one word.
    kind: String,
    purpose: Purpose,
    engine: &'a str,
    requires: &'a [String],
    base_model: &'a str,
    /// Path, inside the models directory, of the main file or the directory.
    file_name: &'a str,
    /// Of all files.
    size_bytes: u64,
    /// Of the main file, or of the directory.
    sha256: Option<&'a str>,
    sha1: Option<&'a str>,
    form: ModelForm,
    /// `form`, as version 0.2.0 called it.
    quantisation: ModelForm,
    languages: &'a Languages,
    licence: &'a str,
    installed: bool,
}

/// Writes the catalogue, and the voices that are installed besides, as a JSON array.
pub(super) fn json(catalogue: &Catalogue, store: &Store, out: &mut impl Write) -> io::Result<()> {
    let beside = store.voices_beside(catalogue);
    let rows: Vec<_> = all(catalogue, &beside)
        .map(|entry| Row {
            name: &entry.name,
            kind: entry.kind(),
            purpose: entry.purpose,
            engine: &entry.engine,
            requires: &entry.requires,
            base_model: &entry.base_model,
            file_name: entry.path(),
            size_bytes: entry.size_bytes,
            sha256: match &entry.content {
                Content::Files(files) => files[0].sha256.as_deref(),
                Content::Tree(tree) => Some(&tree.sha256),
            },
            sha1: entry.files().first().and_then(|file| file.sha1.as_deref()),
            form: entry.form,
            quantisation: entry.form,
            languages: &entry.languages,
            licence: &entry.licence,
            installed: store.is_installed(entry),
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &rows)?;
    writeln!(out)
}

/// Writes the catalogue, and the voices that are installed besides, as an aligned table.
pub(super) fn table(catalogue: &Catalogue, store: &Store, out: &mut impl Write) -> io::Result<()> {
    let beside = store.voices_beside(catalogue);
    let width = |of: fn(&Entry) -> String| {
        all(catalogue, &beside)
            .map(|entry| of(entry).chars().count())
            .max()
            .unwrap_or(0)
    };
    let name = width(|entry| entry.name.clone());
    let kind = width(Entry::kind);
    let licence = width(|entry| entry.licence.clone());
    writeln!(
        out,
        "{:name$}  {:kind$}  {:>8}  {:4}  {:12}  {:licence$}  INSTALLED",
        "NAME", "KIND", "SIZE", "FORM", "LANGUAGES", "LICENCE"
    )?;
    for entry in all(catalogue, &beside) {
        let installed = if store.is_installed(entry) {
            "yes"
        } else {
            "no"
        };
        writeln!(
            out,
            "{:name$}  {:kind$}  {:>8}  {:4}  {:12}  {:licence$}  {installed}",
            entry.name,
            entry.kind(),
            size(entry.size_bytes),
            entry.form,
            entry.languages,
            entry.licence,
        )?;
    }
    Ok(())
}

fn all<'a>(catalogue: &'a Catalogue, beside: &'a [Entry]) -> impl Iterator<Item = &'a Entry> {
    catalogue.entries().iter().chain(beside)
}
