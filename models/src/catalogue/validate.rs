//! The rules of the catalogue that its types can't express.

use std::collections::HashSet;
use std::path::Path;

use super::{Conversion, Entry, Kind, PackageSource, Quantisation, Role, Source};

/// Above the largest Whisper model (3.1 GB) with room to grow, and low enough that sums of a
/// few sizes can't overflow.
const MAX_BYTES: u64 = 64 << 30;

/// Checks all entries; says which entry breaks which rule.
pub(super) fn check(entries: &[Entry]) -> Result<(), String> {
    let mut names = HashSet::new();
    let mut files = HashSet::new();
    for entry in entries {
        let at = |why: String| format!("{}: {why}", entry.name);
        if !names.insert(&entry.name) {
            return Err(at("the name is there twice".into()));
        }
        if !files.insert(&entry.file_name) {
            return Err(at(format!(
                "another entry has the file {}",
                entry.file_name
            )));
        }
        check_entry(entry).map_err(at)?;
    }
    Ok(())
}

fn check_entry(entry: &Entry) -> Result<(), String> {
    plain("name", &entry.name)?;
    plain("file_name", &entry.file_name)?;
    plain("base_model", &entry.base_model)?;
    if Path::new(&entry.file_name)
        .extension()
        .is_some_and(|extension| extension == "part")
    {
        return Err("a file name ending in .part is one of an unfinished download".into());
    }
    size("size_bytes", entry.size_bytes)?;
    if entry.sha256.is_none() && entry.sha1.is_none() {
        return Err("neither sha256 nor sha1 is stated".into());
    }
    for (digest, length) in [(&entry.sha256, 64), (&entry.sha1, 40)] {
        if let Some(digest) = digest {
            hexadecimal(digest, length)?;
        }
    }
    if entry.licence.is_empty() {
        return Err("no licence".into());
    }
    if entry.sources.is_empty() {
        return Err("no source".into());
    }
    entry.sources.iter().try_for_each(|source| match source {
        Source::Url { url } if url.starts_with("https://") => Ok(()),
        Source::Url { url } => Err(format!("{url} is not an https address")),
        Source::Package(source) => check_package_source(entry, source),
    })
}

fn check_package_source(entry: &Entry, source: &PackageSource) -> Result<(), String> {
    for package in &source.packages {
        plain("package", &package.name)?;
        plain("version", &package.version)?;
        size("wheel_bytes", package.wheel_bytes)?;
    }
    for member in &source.members {
        if !source
            .packages
            .iter()
            .any(|package| package.name == member.package)
        {
            return Err(format!(
                "{} is of a package that is not listed",
                member.path
            ));
        }
        size(&member.path, member.size_bytes)?;
        hexadecimal(&member.sha256, 64)?;
    }
    let count = |role| source.members_for(role).count();
    let fits = match source.convert {
        Conversion::Ctranslate2ToGgml => {
            entry.kind == Kind::Whisper
                && count(Role::Weights) > 0
                && count(Role::Vocabulary) == 1
                && matches!(entry.quantisation, Quantisation::F16 | Quantisation::Q8_0)
        }
        Conversion::SileroTorchscriptToGgml => {
            entry.kind == Kind::Vad
                && count(Role::Weights) == 1
                && count(Role::Vocabulary) == 0
                && source.packages.len() == 1
        }
    };
    if fits {
        Ok(())
    } else {
        Err("the members don't fit the conversion".into())
    }
}

/// Names end up in paths and in pip's arguments: letters, digits and `._-`, not at the start.
fn plain(what: &str, name: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(allowed) {
        Ok(())
    } else {
        Err(format!("{what} {name:?} is not a plain name"))
    }
}

fn size(what: &str, bytes: u64) -> Result<(), String> {
    if (1..=MAX_BYTES).contains(&bytes) {
        Ok(())
    } else {
        Err(format!("{what}: {bytes} bytes is not a sensible size"))
    }
}

fn hexadecimal(digest: &str, length: usize) -> Result<(), String> {
    let valid = digest
        .bytes()
        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if valid && digest.len() == length {
        Ok(())
    } else {
        Err(format!(
            "{digest:?} is not {length} lower-case hexadecimal digits"
        ))
    }
}
