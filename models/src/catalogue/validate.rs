//! The rules of the catalogue that its types can't express.

mod packages;
mod parts;
mod sources;
mod values;

use std::path::Path;

use self::values::{hexadecimal, plain, size};
use super::{Content, Entry, FileSpec, Languages, Purpose, TreeSpec};
use crate::arch::Arch;
use crate::names;

/// Each file of an entry is a few lines of the catalogue, so more are a mistake.
const MAX_FILES: usize = 16;

/// Ten times what eSpeak NG has.
const MAX_TREE_FILES: usize = 4000;

/// Checks all entries; says which entry breaks which rule.
pub(super) fn check(entries: &[Entry]) -> Result<(), String> {
    for arch in [Arch::X86_64, Arch::Aarch64] {
        let here: Vec<_> = entries
            .iter()
            .filter(|entry| entry.arch.is_none_or(|only| only == arch))
            .collect();
        check_unique(&here)?;
    }
    entries
        .iter()
        .try_for_each(|entry| check_entry(entry).map_err(|why| format!("{}: {why}", entry.name)))
}

/// Checks an entry that stands alone.
pub(crate) fn check_one(entry: &Entry) -> Result<(), String> {
    check(std::slice::from_ref(entry))
}

/// On one machine, no two entries may have the same name or write to the same place.
fn check_unique(entries: &[&Entry]) -> Result<(), String> {
    for (index, entry) in entries.iter().enumerate() {
        for earlier in &entries[..index] {
            if earlier.name == entry.name {
                return Err(format!("{}: the name is there twice", entry.name));
            }
            let shared = paths(entry).find(|path| paths(earlier).any(|other| overlap(path, other)));
            if let Some(path) = shared {
                return Err(format!("{}: another entry has {path}", entry.name));
            }
        }
    }
    Ok(())
}

/// What an entry puts into the models directory.
fn paths(entry: &Entry) -> impl Iterator<Item = &str> {
    let tree = match &entry.content {
        Content::Tree(tree) => Some(tree.path.as_str()),
        Content::Files(_) => None,
    };
    let files = entry.files().iter().map(|file| file.path.as_str());
    files.chain(tree)
}

/// Whether two paths are the same, or one is inside the other.
fn overlap(a: &str, b: &str) -> bool {
    Path::new(a).starts_with(b) || Path::new(b).starts_with(a)
}

fn check_entry(entry: &Entry) -> Result<(), String> {
    if entry.is_piper_voice() {
        check_voice(entry)?;
    } else {
        plain("name", &entry.name)?;
        plain("base_model", &entry.base_model)?;
    }
    plain("engine", &entry.engine)?;
    for name in &entry.requires {
        plain("requires", name)?;
    }
    for name in &entry.provides {
        plain("provides", name)?;
    }
    for name in &entry.default_for {
        plain("default_for", name)?;
    }
    match &entry.content {
        Content::Files(files) => check_files(entry, files)?,
        Content::Tree(tree) => check_tree(entry.purpose, tree)?,
    }
    if let Languages::Locale(locale) = &entry.languages
        && !names::is_locale(locale)
    {
        return Err(format!("{locale:?} is no kind of languages"));
    }
    if entry.licence.is_empty() || entry.licence.contains(char::is_control) {
        return Err("no licence".into());
    }
    if entry.sources.is_empty() {
        return Err("no source".into());
    }
    entry
        .sources
        .iter()
        .enumerate()
        .try_for_each(|(index, source)| {
            sources::check(entry, source).map_err(|why| format!("source {}: {why}", index + 1))
        })
}

/// Voices are found by their files' names, so these follow from the voice's.
fn check_voice(entry: &Entry) -> Result<(), String> {
    if !names::is_plain_in_any_script(&entry.name) || entry.base_model != entry.name {
        return Err(format!("{:?} is not a voice's name", entry.name));
    }
    let expected = names::voice_paths(&entry.name);
    if entry.files().iter().map(|file| &file.path).eq(&expected) {
        Ok(())
    } else {
        Err(format!("a voice has the files {}", expected.join(" and ")))
    }
}

fn check_files(entry: &Entry, files: &[FileSpec]) -> Result<(), String> {
    if entry.purpose == Purpose::Data {
        return Err("data are a tree".into());
    }
    if files.len() > MAX_FILES {
        return Err(format!("{} files are too many", files.len()));
    }
    for (index, file) in files.iter().enumerate() {
        // Checked before, to be what the name of the voice says.
        if !entry.is_piper_voice() {
            check_path(&file.path)?;
        }
        if files[..index].iter().any(|other| other.path == file.path) {
            return Err(format!("{} is there twice", file.path));
        }
        size(&file.path, file.size_bytes)?;
        let digests = [
            ("sha256", &file.sha256, 64),
            ("sha1", &file.sha1, 40),
            ("md5", &file.md5, 32),
        ];
        if digests.iter().all(|(_, digest, _)| digest.is_none()) {
            return Err(format!("no digest of {} is stated", file.path));
        }
        for (field, digest, length) in digests {
            if let Some(digest) = digest {
                hexadecimal(&format!("{field} of {}", file.path), digest, length)?;
            }
        }
    }
    Ok(())
}

fn check_tree(purpose: Purpose, tree: &TreeSpec) -> Result<(), String> {
    if purpose != Purpose::Data {
        return Err("only data are a tree".into());
    }
    plain("path", &tree.path)?;
    size(&tree.path, tree.size_bytes)?;
    if !(1..=MAX_TREE_FILES).contains(&tree.file_count) {
        return Err(format!("{} is no sensible file_count", tree.file_count));
    }
    hexadecimal("sha256", &tree.sha256, 64)
}

/// A file is in the models directory itself, or in a directory inside it.
fn check_path(path: &str) -> Result<(), String> {
    let (folder, name) = match path.split_once('/') {
        Some((folder, name)) => (Some(folder), name),
        None => (None, path),
    };
    plain("path", name)?;
    if let Some(folder) = folder {
        plain("path", folder)?;
    }
    if Path::new(path)
        .extension()
        .is_some_and(|extension| extension == "part")
    {
        return Err("a file name ending in .part is one of an unfinished download".into());
    }
    Ok(())
}
