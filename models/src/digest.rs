//! Digests of files, computed while they are read or written.

mod tree;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::catalogue::FileSpec;

pub(crate) use tree::{Fault, of_tree};

/// Digests in lower-case hexadecimal; those that nobody asked for are missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Digests {
    pub(crate) sha256: Option<String>,
    pub(crate) sha1: Option<String>,
    pub(crate) md5: Option<String>,
}

impl Digests {
    /// Whether these are the digests of `file`: each one that is stated must agree.
    pub(crate) fn agree_with(&self, file: &FileSpec) -> bool {
        let agree =
            |stated: &Option<String>, found: &Option<String>| stated.is_none() || stated == found;
        agree(&file.sha256, &self.sha256)
            && agree(&file.sha1, &self.sha1)
            && agree(&file.md5, &self.md5)
    }
}

/// Computes [`Digests`] piece by piece: only those that something is compared with.
#[derive(Clone)]
pub(crate) struct Hasher {
    sha256: Option<Sha256>,
    sha1: Option<Sha1>,
    md5: Option<Md5>,
}

impl Hasher {
    /// One for the digests that are stated for `file`.
    pub(crate) fn for_file(file: &FileSpec) -> Self {
        Self {
            sha256: file.sha256.is_some().then(Sha256::new),
            sha1: file.sha1.is_some().then(Sha1::new),
            md5: file.md5.is_some().then(Md5::new),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if let Some(hasher) = &mut self.sha256 {
            hasher.update(bytes);
        }
        if let Some(hasher) = &mut self.sha1 {
            hasher.update(bytes);
        }
        if let Some(hasher) = &mut self.md5 {
            hasher.update(bytes);
        }
    }

    pub(crate) fn finish(self) -> Digests {
        Digests {
            sha256: self.sha256.map(|hasher| hex::encode(hasher.finalize())),
            sha1: self.sha1.map(|hasher| hex::encode(hasher.finalize())),
            md5: self.md5.map(|hasher| hex::encode(hasher.finalize())),
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

/// Whether the whole file at `path` has the digests that are stated for `expected`.
pub(crate) fn agrees(
    path: &Path,
    expected: &FileSpec,
    step: impl FnMut(usize) -> io::Result<()>,
) -> io::Result<bool> {
    rest_agrees(&mut File::open(path)?, expected, step)
}

/// Whether all that is left of `input` has the digests that are stated for `expected`.
pub(crate) fn rest_agrees(
    input: &mut impl Read,
    expected: &FileSpec,
    step: impl FnMut(usize) -> io::Result<()>,
) -> io::Result<bool> {
    let mut hasher = Hasher::for_file(expected);
    hasher.update_from(input, step)?;
    Ok(hasher.finish().agree_with(expected))
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
    /// For the content of `expected`. `step` hears the size of each write, and stops the work
    /// by returning an error.
    pub(crate) fn new(inner: W, expected: &FileSpec, step: F) -> Self {
        Self {
            inner,
            hasher: Hasher::for_file(expected),
            written: 0,
            limit: expected.size_bytes,
            step,
        }
    }

    /// One that computes no digest and takes up to `limit` bytes.
    pub(crate) fn counting(inner: W, limit: u64, step: F) -> Self {
        let hasher = Hasher {
            sha256: None,
            sha1: None,
            md5: None,
        };
        Self {
            inner,
            hasher,
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
