//! The rules of the catalogue that its types can't express.

use std::collections::HashSet;
use std::path::Path;

use super::{Conversion, Entry, FileSpec, Kind, PackageSource, Quantisation, Role, Source};

/// Above the largest Whisper model (3.1 GB) with room to grow, and low enough that sums of a
/// few sizes can't overflow.
const MAX_BYTES: u64 = 64 << 30;

/// Checks all entries; says which entry breaks which rule.
pub(super) fn check(entries: &[Entry]) -> Result<(), String> {
    let mut names = HashSet::new();
    let mut files = HashSet::new();
    for entry in entries {
        let at = |why: String| format!("{}: {why}", entry.name);
        // The same thing may be there once for each processor.
        if !names.insert((&entry.name, &entry.arch)) {
            return Err(at("the name is there twice".into()));
        }
        for file in entry.files() {
            if !files.insert((file.file_name.to_owned(), &entry.arch)) {
                return Err(at(format!("{} is there twice", file.file_name)));
            }
        }
        check_entry(entry).map_err(at)?;
    }
    Ok(())
}

fn check_entry(entry: &Entry) -> Result<(), String> {
    plain("name", &entry.name)?;
    plain("base_model", &entry.base_model)?;
    for file in entry.files() {
        plain_path(file.file_name)?;
        size("size_bytes", file.size_bytes)?;
        file.check_digests()?;
    }
    if entry.licence.is_empty() {
        return Err("no licence".into());
    }
    if entry.sources.is_empty() {
        return Err("no source".into());
    }
    entry.sources.iter().try_for_each(|source| match source {
        Source::Url { .. } if entry.is_folder() => {
            Err("a folder can't be downloaded by its address".into())
        }
        Source::Url { url } if url.starts_with("https://") => Ok(()),
        Source::Url { url } => Err(format!("{url} is not an https address")),
        Source::Package(source) => check_package_source(entry, source),
    })
}

impl FileSpec<'_> {
    fn check_digests(&self) -> Result<(), String> {
        let stated = [(self.sha256, 64), (self.sha1, 40), (self.md5, 32)];
        if stated.iter().all(|(digest, _)| digest.is_none()) {
            return Err("no digest is stated".into());
        }
        stated
            .into_iter()
            .filter_map(|(digest, length)| Some((digest?, length)))
            .try_for_each(|(digest, length)| hexadecimal(digest, length))
    }
}

/// A file's name, or one in a folder of the models directory.
fn plain_path(path: &str) -> Result<(), String> {
    let parts: Vec<&str> = path.split('/').collect();
    if parts.len() > 2 {
        return Err(format!("{path} is more than one folder deep"));
    }
    parts.iter().try_for_each(|part| plain("file_name", part))?;
    if Path::new(path).extension().is_some_and(|it| it == "part") {
        return Err("a file name ending in .part is one of an unfinished download".into());
    }
    Ok(())
}

fn check_package_source(entry: &Entry, source: &PackageSource) -> Result<(), String> {
    for package in &source.packages {
        plain("package", &package.name)?;
        plain("version", &package.version)?;
        size("wheel_bytes", package.wheel_bytes)?;
        if let Some(tags) = &package.wheel {
            for tag in [&tags.python, &tags.abi, &tags.platform] {
                plain("wheel", tag)?;
            }
        }
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
        Conversion::Copy => {
            let files: Vec<_> = entry.files().collect();
            source.members.len() == files.len()
                && count(Role::File) == files.len()
                && source.members.iter().zip(&files).all(|(member, file)| {
                    member.size_bytes == file.size_bytes
                        && file.sha256.is_none_or(|stated| stated == member.sha256)
                })
        }
        Conversion::Folder => {
            entry.is_folder()
                && entry.sha256.is_some()
                && source.folder.is_some()
                && source.members.is_empty()
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
pub(crate) fn plain(what: &str, name: &str) -> Result<(), String> {
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
