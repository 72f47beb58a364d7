//! The rules of files that are joined from parts.

use super::packages;
use super::values::{MAX_BYTES, hexadecimal, https, size};
use crate::catalogue::{FileSpec, Part, PartOrigin, PartsSource};

/// The largest Whisper model in wheels of the size that registries take has 40.
const MAX_PARTS: usize = 256;

/// Whether the parts of `source` make up all of `files`, and nothing else.
pub(super) fn check(source: &PartsSource, files: &[FileSpec]) -> Result<(), String> {
    packages::check(&source.packages)?;
    if source.parts.len() > MAX_PARTS {
        return Err(format!("{} parts are too many", source.parts.len()));
    }
    for (index, part) in source.parts.iter().enumerate() {
        check_part(source, files, part).map_err(|why| format!("part {}: {why}", index + 1))?;
    }
    for package in &source.packages {
        let is_in_it = |part: &Part| part.package.as_ref() == Some(&package.name);
        if !source.parts.iter().any(is_in_it) {
            return Err(format!("package {}: no part is in it", package.name));
        }
    }
    for file in files {
        let size_bytes: u64 = source.parts_of(file).map(|part| part.size_bytes).sum();
        if size_bytes != file.size_bytes {
            return Err(format!(
                "size_bytes: {} has {}, its parts have {size_bytes}",
                file.path, file.size_bytes
            ));
        }
    }
    Ok(())
}

fn check_part(source: &PartsSource, files: &[FileSpec], part: &Part) -> Result<(), String> {
    match &part.file {
        Some(path) if files.iter().all(|file| file.path != *path) => {
            return Err(format!("file: {path:?} is none of this entry's"));
        }
        None if files.len() > 1 => {
            return Err("file: it must be stated where there are several".into());
        }
        Some(_) | None => {}
    }
    match part.origin() {
        Some(PartOrigin::Member { package, path }) => {
            if source.packages.iter().all(|listed| listed.name != package) {
                return Err(format!("package: {package:?} is not listed"));
            }
            if path.is_empty() {
                return Err("path: it is empty".into());
            }
        }
        Some(PartOrigin::Url(url)) => https(url).map_err(|why| format!("url: {why}"))?,
        None => return Err("it must have a package and a path, or else a url".into()),
    }
    if part.offset_bytes.is_some_and(|offset| offset > MAX_BYTES) {
        return Err("offset_bytes: that is too far in".into());
    }
    size("size_bytes", part.size_bytes)?;
    hexadecimal("sha256", &part.sha256, 64)
}
