//! What `list` prints.

use std::io::{self, Write};

use serde::Serialize;

use crate::catalogue::{Catalogue, Kind, Languages, Quantisation};
use crate::error::size;
use crate::store::Store;

/// One element of `list --json`.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    kind: Kind,
    base_model: &'a str,
    file_name: &'a str,
    size_bytes: u64,
    sha256: Option<&'a str>,
    sha1: Option<&'a str>,
    quantisation: Quantisation,
    languages: Languages,
    licence: &'a str,
    installed: bool,
}

/// Writes the catalogue as a JSON array.
pub(super) fn json(catalogue: &Catalogue, store: &Store, out: &mut impl Write) -> io::Result<()> {
    let rows: Vec<_> = catalogue
        .entries()
        .iter()
        .map(|entry| Row {
            name: &entry.name,
            kind: entry.kind,
            base_model: &entry.base_model,
            file_name: &entry.file_name,
            size_bytes: entry.total_bytes(),
            sha256: entry.sha256.as_deref(),
            sha1: entry.sha1.as_deref(),
            quantisation: entry.quantisation,
            languages: entry.languages,
            licence: &entry.licence,
            installed: store.is_installed(entry),
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &rows)?;
    writeln!(out)
}

/// Writes the catalogue as an aligned table.
pub(super) fn table(catalogue: &Catalogue, store: &Store, out: &mut impl Write) -> io::Result<()> {
    let width = catalogue
        .entries()
        .iter()
        .map(|entry| entry.name.len())
        .max()
        .unwrap_or(0);
    writeln!(
        out,
        "{:width$}  {:>8}  {:4}  {:12}  {:7}  INSTALLED",
        "NAME", "SIZE", "TYPE", "LANGUAGES", "LICENCE"
    )?;
    for entry in catalogue.entries() {
        let installed = if store.is_installed(entry) {
            "yes"
        } else {
            "no"
        };
        writeln!(
            out,
            "{:width$}  {:>8}  {:4}  {:12}  {:7}  {installed}",
            entry.name,
            size(entry.total_bytes()),
            entry.quantisation,
            entry.languages,
            entry.licence,
        )?;
    }
    Ok(())
}
