//! One digest for a whole directory, as [`TreeSpec`] defines it.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::catalogue::TreeSpec;

/// Why a directory is not the expected one.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It was read, and this is wrong with it.
    Content(String),
    /// It could not be read.
    Io(PathBuf, io::Error),
}

/// Compares all files below `dir` with what `expected` says; `step` hears the bytes read.
pub(crate) fn of_tree(
    dir: &Path,
    expected: &TreeSpec,
    mut step: impl FnMut(usize) -> io::Result<()>,
) -> Result<(), Fault> {
    let (files, size_bytes) = files_in(dir, 2 * expected.file_count)?;
    for (found, wanted, what) in [
        (files.len() as u64, expected.file_count as u64, "files"),
        (size_bytes, expected.size_bytes, "bytes"),
    ] {
        if found != wanted {
            return Err(Fault::Content(format!("{found} {what}, expected {wanted}")));
        }
    }
    let mut lines = String::new();
    for relative in files {
        let path = dir.join(&relative);
        let digest = sha256_of(&path, &mut step).map_err(|error| Fault::Io(path.clone(), error))?;
        let _ = writeln!(lines, "{digest}  {relative}");
    }
    if hex::encode(Sha256::digest(lines.as_bytes())) == expected.sha256 {
        Ok(())
    } else {
        Err(Fault::Content(
            "its digest is not the one in the catalogue".into(),
        ))
    }
}

/// Paths of all files below `dir`, relative to it, in the order of their bytes, and the sum of
/// their sizes. Gives up at more than `limit` items.
fn files_in(dir: &Path, limit: usize) -> Result<(Vec<String>, u64), Fault> {
    let mut files = Vec::new();
    let mut size_bytes = 0_u64;
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let path = dir.join(&folder);
        let items = fs::read_dir(&path).map_err(|error| Fault::Io(path.clone(), error))?;
        for item in items {
            let item = item.map_err(|error| Fault::Io(path.clone(), error))?;
            let about = item
                .metadata()
                .map_err(|error| Fault::Io(item.path(), error))?;
            let odd = |what| Fault::Content(format!("{} {what}", item.path().display()));
            let name = item
                .file_name()
                .into_string()
                .map_err(|_| odd("has a strange name"))?;
            let relative = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            // The metadata are those of a link, not of what it leads to.
            if about.is_dir() {
                folders.push(relative);
            } else if about.is_file() {
                size_bytes = size_bytes.saturating_add(about.len());
                files.push(relative);
            } else {
                return Err(odd("is neither a file nor a directory"));
            }
            if files.len() + folders.len() > limit {
                return Err(Fault::Content(format!("more than {limit} files")));
            }
        }
    }
    files.sort_unstable();
    Ok((files, size_bytes))
}

fn sha256_of(path: &Path, step: &mut impl FnMut(usize) -> io::Result<()>) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            count => {
                hasher.update(&buffer[..count]);
                step(count)?;
            }
        }
    }
}
