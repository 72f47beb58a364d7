//! Digests of files, computed while they are read or written.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// The digests that publishers state for model files, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digests {
    pub(crate) sha256: String,
    pub(crate) sha1: String,
    pub(crate) md5: String,
}

/// Computes [`Digests`] piece by piece.
#[derive(Default, Clone)]
pub(crate) struct Hasher {
    sha256: Sha256,
    sha1: Sha1,
    md5: Md5,
}

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.sha1.update(bytes);
        self.md5.update(bytes);
    }

    pub(crate) fn finish(self) -> Digests {
        Digests {
            sha256: hex::encode(self.sha256.finalize()),
            sha1: hex::encode(self.sha1.finalize()),
            md5: hex::encode(self.md5.finalize()),
        }
    }

    /// Takes in the rest of `input`, telling `step` how far it is; returns the length.
    pub(crate) fn update_from(
        &mut self,
        input: &mut impl Read,
        mut step: impl FnMut(usize) -> io::Result<()>,
    ) -> io::Result<u64> {
        let mut buffer = vec![0; 256 * 1024];
        let mut length = 0;
        loop {
            match input.read(&mut buffer)? {
                0 => return Ok(length),
                count => {
                    self.update(&buffer[..count]);
                    length += count as u64;
                    step(count)?;
                }
            }
        }
    }
}

/// Digests of a whole file, and its length in bytes.
pub(crate) fn of_file(
    path: &Path,
    step: impl FnMut(usize) -> io::Result<()>,
) -> io::Result<(Digests, u64)> {
    let mut hasher = Hasher::default();
    let length = hasher.update_from(&mut File::open(path)?, step)?;
    Ok((hasher.finish(), length))
}

/// Digests of the list of a folder's files, and the size of all of them in bytes. The list is
/// that of `sha256sum`: digest, two spaces, name; sorted by name.
pub(crate) fn of_folder(
    folder: &Path,
    mut step: impl FnMut(usize) -> io::Result<()>,
) -> io::Result<(Digests, u64)> {
    let mut files = Vec::new();
    list(folder, "", &mut files)?;
    files.sort();
    let mut hasher = Hasher::default();
    let mut length = 0;
    for name in files {
        let (digests, bytes) = of_file(&folder.join(&name), &mut step)?;
        hasher.update(format!("{}  {name}\n", digests.sha256).as_bytes());
        length += bytes;
    }
    Ok((hasher.finish(), length))
}

/// The names of all files below `folder`, in any order.
fn list(folder: &Path, prefix: &str, files: &mut Vec<String>) -> io::Result<()> {
    for item in fs::read_dir(folder)? {
        let item = item?;
        let name = format!("{prefix}{}", item.file_name().to_string_lossy());
        if item.file_type()?.is_dir() {
            list(&item.path(), &format!("{name}/"), files)?;
        } else {
            files.push(name);
        }
    }
    Ok(())
}

/// Writes through to `inner`, hashing and counting, and stops at `limit` bytes.
pub(crate) struct HashingWriter<W, F> {
    inner: W,
    hasher: Hasher,
    written: u64,
    limit: u64,
    step: F,
}

impl<W: Write, F: FnMut(usize) -> io::Result<()>> HashingWriter<W, F> {
    /// `step` hears the size of each write, and stops the work by returning an error.
    pub(crate) fn new(inner: W, limit: u64, step: F) -> Self {
        Self {
            inner,
            hasher: Hasher::default(),
            written: 0,
            limit,
            step,
        }
    }

    pub(crate) fn finish(self) -> (W, Digests, u64) {
        (self.inner, self.hasher.finish(), self.written)
    }
}

impl<W: Write, F: FnMut(usize) -> io::Result<()>> Write for HashingWriter<W, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.written + bytes.len() as u64 > self.limit {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!(
                    "more than the {} bytes that the catalogue allows",
                    self.limit
                ),
            ));
        }
        let count = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.written += count as u64;
        (self.step)(count)?;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
