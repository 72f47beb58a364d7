//! Downloads one file, or a part of one, by HTTP, going on where an earlier attempt stopped.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use ureq::http::{HeaderMap, header};
use url::Url;

use super::connection::{Connection, Event, Loss, RESUME, Range, text};
use super::puller::Puller;
use crate::catalogue::{Entry, FileSpec};
use crate::digest;
use crate::error::{Error, size};

/// A download of what is `expected`, to the end of the file `part`.
pub(super) struct Download<'a> {
    pub(super) entry: &'a Entry,
    /// What progress calls it.
    pub(super) shown: String,
    /// What messages call it.
    pub(super) what: String,
    pub(super) expected: &'a FileSpec,
    pub(super) url: Url,
    /// Where it begins in what is at `url`; `None` if it is all of that.
    pub(super) offset_bytes: Option<u64>,
    pub(super) part: &'a Path,
    /// How long `part` is before it, which is left as it is.
    pub(super) after_bytes: u64,
    pub(super) puller: &'a Puller<'a>,
}

impl Download<'_> {
    /// Leaves it complete and checked at the end of `part`.
    pub(super) fn run(&self) -> Result<(), Error> {
        let length = fs::metadata(self.part).map_or(0, |file| file.len());
        let mut have = length.saturating_sub(self.after_bytes);
        if have > self.expected.size_bytes {
            self.discard()?;
            have = 0;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .append(true)
            .open(self.part)
            .map_err(Error::io(self.part))?;
        if have < self.expected.size_bytes
            && let Err(error) = self.fetch(&mut file, have)
        {
            if file.metadata().is_ok_and(|file| file.len() == 0) {
                self.discard()?;
            }
            return Err(error);
        }
        drop(file);
        self.check()
    }

    /// Appends what is missing.
    fn fetch(&self, file: &mut File, have: u64) -> Result<(), Error> {
        let connection = Connection::open(self.puller, &self.url, self.range(have));
        let start = match self.next(&connection, have)? {
            Event::Head(206, headers)
                if self.range(have).is_some() && self.continues(&headers, have) =>
            {
                have
            }
            Event::Head(status @ (200 | 206 | 416), headers) => {
                if have > 0 {
                    // The server can't resume, or has another file than before.
                    file.set_len(self.after_bytes)
                        .map_err(Error::io(self.part))?;
                }
                if status != 200 || self.offset_bytes.is_some() {
                    return self.fetch_anew(file, have);
                }
                self.check_length(&headers)?;
                0
            }
            Event::Head(status, _) => {
                return Err(Error::Status {
                    url: self.url.to_string(),
                    status,
                });
            }
            Event::Failed(error) => return Err(error),
            Event::Data(_) | Event::End => unreachable!("the head comes first"),
        };
        let progress = self.puller.progress;
        let host = self.url.host_str().unwrap_or_default();
        let shown = format!("{} from {host}", self.shown);
        progress.begin(&shown, self.expected.size_bytes, start);
        let result = self.receive(&connection, file, start);
        progress.end();
        result
    }

    fn fetch_anew(&self, file: &mut File, had: u64) -> Result<(), Error> {
        if had == 0 {
            let found = match self.offset_bytes {
                None => "the server answers with a part of the file",
                Some(_) => "the server does not answer with the range that it is asked for",
            };
            return Err(self.wrong(found.into()));
        }
        self.fetch(file, 0)
    }

    fn receive(
        &self,
        connection: &Connection<'_>,
        file: &mut File,
        start: u64,
    ) -> Result<(), Error> {
        let mut have = start;
        loop {
            match self.next(connection, have)? {
                Event::Data(bytes) => {
                    have += bytes.len() as u64;
                    if have > self.expected.size_bytes {
                        self.discard()?;
                        return Err(self.wrong(format!(
                            "it is longer than {}",
                            size(self.expected.size_bytes)
                        )));
                    }
                    file.write_all(&bytes).map_err(Error::io(self.part))?;
                    self.puller.progress.advance(bytes.len() as u64);
                }
                Event::End if have == self.expected.size_bytes => return Ok(()),
                Event::End => return Err(self.broken(have, "the body ended early")),
                Event::Failed(Error::Network { why, .. }) => return Err(self.broken(have, &why)),
                Event::Failed(error) => return Err(error),
                Event::Head(..) => unreachable!("there is one head"),
            }
        }
    }

    fn next(&self, connection: &Connection<'_>, have: u64) -> Result<Event, Error> {
        connection.next().map_err(|loss| match loss {
            Loss::Interrupted => Error::Interrupted,
            Loss::Silence(how) => self.broken(have, how),
        })
    }

    /// What to ask for if `have` bytes are there; `None` for all that the server has.
    fn range(&self, have: u64) -> Option<Range> {
        match self.offset_bytes {
            Some(offset) => Some(Range {
                first: offset + have,
                last: Some(offset + self.expected.size_bytes - 1),
            }),
            None if have > 0 => Some(Range {
                first: have,
                last: None,
            }),
            None => None,
        }
    }

    /// Whether a 206 answer is the rest of what the catalogue describes.
    fn continues(&self, headers: &HeaderMap, have: u64) -> bool {
        let size_bytes = self.expected.size_bytes;
        let offset = self.offset_bytes.unwrap_or(0);
        let range = format!("bytes {}-{}/", offset + have, offset + size_bytes - 1);
        let found = text(headers, header::CONTENT_RANGE);
        let total = found.and_then(|found| found.trim().strip_prefix(&range));
        // What a range is of may have any length.
        total.is_some_and(|total| self.offset_bytes.is_some() || total == size_bytes.to_string())
    }

    /// Refuses a file of another length before it is downloaded.
    fn check_length(&self, headers: &HeaderMap) -> Result<(), Error> {
        let length = text(headers, header::CONTENT_LENGTH);
        match length.and_then(|length| length.parse::<u64>().ok()) {
            Some(length) if length != self.expected.size_bytes => {
                self.discard()?;
                Err(self.wrong(format!(
                    "{length} bytes, expected {}",
                    self.expected.size_bytes
                )))
            }
            _ => Ok(()),
        }
    }

    /// Compares the digest of what has arrived with the catalogue; what is wrong is removed.
    fn check(&self) -> Result<(), Error> {
        let agrees = || {
            let mut file = File::open(self.part)?;
            file.seek(SeekFrom::Start(self.after_bytes))?;
            digest::rest_agrees(&mut file, self.expected, |_| self.puller.check_cancelled())
        };
        match agrees() {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.discard()?;
                let stated = self.entry.origin.stated_where();
                Err(self.wrong(format!("its digest is not {stated}")))
            }
            Err(_) if self.puller.is_cancelled() => Err(Error::Interrupted),
            Err(error) => Err(Error::io(self.part)(error)),
        }
    }

    /// Takes it away again, as far as it is there.
    fn discard(&self) -> Result<(), Error> {
        truncate(self.part, self.after_bytes).map_err(Error::io(self.part))
    }

    fn wrong(&self, found: String) -> Error {
        Error::WrongContent {
            what: self.what.clone(),
            origin: self.url.to_string(),
            found,
        }
    }

    fn broken(&self, have: u64, why: &str) -> Error {
        Error::Network {
            url: self.url.to_string(),
            why: format!(
                "{why} after {} of {}",
                size(have),
                size(self.expected.size_bytes)
            ),
            advice: RESUME,
        }
    }
}

/// Keeps the first `length` bytes of a file; without any, the file is removed.
pub(super) fn truncate(path: &Path, length: u64) -> io::Result<()> {
    let result = if length == 0 {
        fs::remove_file(path)
    } else {
        let file = OpenOptions::new().write(true).open(path);
        file.and_then(|file| file.set_len(length))
    };
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
