//! Where the bytes of an upload come from, and a guard around reading them.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use symphonia::core::io::MediaSource;

use crate::AudioError;
use crate::patch::Patches;
use crate::watch::Watch;

/// A demuxer may read the whole upload this often (scanning, seeking back) before the file
/// is called broken: a hostile chain of headers must not turn megabytes into hours.
const MAX_READ_PASSES: u64 = 8;
/// Read on top of that, so that tiny files may be probed by large buffers.
const READ_ALLOWANCE_BYTES: u64 = 64 << 20;

/// An upload, in memory or in a file that is already unlinked.
#[derive(Debug)]
pub enum AudioSource {
    /// The whole body in memory.
    Bytes(Bytes),
    /// A seekable file, read from its start whatever its current position.
    File(File),
}

impl From<Bytes> for AudioSource {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&'static [u8]> for AudioSource {
    fn from(bytes: &'static [u8]) -> Self {
        Self::Bytes(Bytes::from_static(bytes))
    }
}

impl From<Vec<u8>> for AudioSource {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl From<File> for AudioSource {
    fn from(file: File) -> Self {
        Self::File(file)
    }
}

/// An opened [`AudioSource`] of known length.
pub(crate) struct Upload<'a> {
    source: AudioSource,
    len_bytes: u64,
    watch: &'a Watch<'a>,
    read_error: Arc<Mutex<Option<io::Error>>>,
}

impl<'a> Upload<'a> {
    pub(crate) fn open(source: AudioSource, watch: &'a Watch<'a>) -> Result<Self, AudioError> {
        let len_bytes = match &source {
            AudioSource::Bytes(bytes) => bytes.len() as u64,
            AudioSource::File(file) => file.metadata().map_err(AudioError::Unreadable)?.len(),
        };
        Ok(Self {
            source,
            len_bytes,
            watch,
            read_error: Arc::default(),
        })
    }

    pub(crate) fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    pub(crate) fn watch(&self) -> &'a Watch<'a> {
        self.watch
    }

    /// Gives a result its real reason: reads fail on purpose once decoding is to stop, and
    /// by accident when the storage does. Demuxers report that as they like, if they do not
    /// take it for the end of the file.
    pub(crate) fn explain<T>(&self, decoded: Result<T, AudioError>) -> Result<T, AudioError> {
        match &decoded {
            Ok(_) => self.watch.has_gone_on()?,
            Err(_) => self.watch.check()?,
        }
        let read_error = self
            .read_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        read_error.map_or(decoded, |error| Err(AudioError::Unreadable(error)))
    }

    /// A reader that starts at `start_byte`. Two readers of one upload must not be used at
    /// the same time: a file has one position.
    pub(crate) fn reader(&self, start_byte: u64, access: Access) -> io::Result<UploadReader<'a>> {
        let mut inner = match &self.source {
            AudioSource::Bytes(bytes) => Inner::Bytes(Cursor::new(bytes.clone())),
            AudioSource::File(file) => Inner::File(file.try_clone()?),
        };
        inner.seek(SeekFrom::Start(start_byte))?;
        Ok(UploadReader {
            inner,
            position: start_byte,
            patches: Patches::default(),
            len_bytes: self.len_bytes,
            access,
            readable_bytes: self.len_bytes * MAX_READ_PASSES + READ_ALLOWANCE_BYTES,
            watch: self.watch,
            read_error: Arc::clone(&self.read_error),
        })
    }
}

/// What a demuxer is told about seeking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Read once from front to back. Keeps demuxers from measuring durations and looking
    /// for indices that decoding does not need.
    Stream,
    /// Seek at will: the container may have its index behind the audio.
    Random,
}

/// Reads an upload; fails once it is to stop or when a demuxer reads far more than there is.
pub(crate) struct UploadReader<'a> {
    inner: Inner,
    position: u64,
    patches: Patches,
    len_bytes: u64,
    access: Access,
    readable_bytes: u64,
    watch: &'a Watch<'a>,
    read_error: Arc<Mutex<Option<io::Error>>>,
}

impl UploadReader<'_> {
    /// The same reader, showing `patches` in place of what the upload holds there.
    pub(crate) fn patched(mut self, patches: Patches) -> Self {
        self.patches = patches;
        self
    }
}

enum Inner {
    Bytes(Cursor<Bytes>),
    File(File),
}

impl Read for UploadReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.watch.check().is_err() {
            return Err(io::Error::other("stopped"));
        }
        let read = match &mut self.inner {
            Inner::Bytes(cursor) => cursor.read(buf),
            Inner::File(file) => file.read(buf),
        };
        match read {
            Ok(len) => {
                self.readable_bytes = self
                    .readable_bytes
                    .checked_sub(len as u64)
                    .ok_or_else(|| io::Error::other("the container sends its reader in circles"))?;
                self.patches.apply(self.position, &mut buf[..len]);
                self.position += len as u64;
                Ok(len)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let reported = io::Error::from(error.kind());
                *self
                    .read_error
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = Some(error);
                Err(reported)
            }
        }
    }
}

impl Seek for UploadReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.inner.seek(to)?;
        Ok(self.position)
    }
}

impl Seek for Inner {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Bytes(cursor) => cursor.seek(to),
            Self::File(file) => file.seek(to),
        }
    }
}

impl MediaSource for UploadReader<'_> {
    fn is_seekable(&self) -> bool {
        self.access == Access::Random
    }

    // Not for streams: a demuxer that knows the length refuses an upload that was cut off,
    // because its outermost element claims more than there is.
    fn byte_len(&self) -> Option<u64> {
        (self.access == Access::Random).then_some(self.len_bytes)
    }
}
