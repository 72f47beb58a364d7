//! Downloads one file by HTTP, going on where an earlier attempt stopped.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use ureq::http::{HeaderMap, header};
use url::Url;

use super::connection::{Connection, Event, Loss, RESUME, text};
use super::puller::Puller;
use crate::catalogue::{Entry, FileSpec};
use crate::digest;
use crate::error::{Error, size};

/// A download of a `file` of `entry` into `part`.
pub(super) struct Download<'a> {
    pub(super) entry: &'a Entry,
    pub(super) file: &'a FileSpec,
    pub(super) url: Url,
    pub(super) part: &'a Path,
    pub(super) puller: &'a Puller<'a>,
}

impl Download<'_> {
    /// Leaves the complete, checked file at `part`.
    pub(super) fn run(&self) -> Result<(), Error> {
        let mut have = fs::metadata(self.part).map_or(0, |file| file.len());
        if have > self.file.size_bytes {
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
        if have < self.file.size_bytes
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
        let connection = Connection::open(self.puller, &self.url, have);
        let start = match self.next(&connection, have)? {
            Event::Head(206, headers) if have > 0 && self.continues(&headers, have) => have,
            Event::Head(status @ (200 | 206 | 416), headers) => {
                if have > 0 {
                    // The server can't resume, or has another file than before.
                    file.set_len(0).map_err(Error::io(self.part))?;
                }
                if status != 200 {
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
        let what = match self.entry.files() {
            [_] => &self.entry.name,
            _ => self.file.file_name(),
        };
        let what = format!("{what} from {host}");
        progress.begin(&what, self.file.size_bytes, start);
        let result = self.receive(&connection, file, start);
        progress.end();
        result
    }

    fn fetch_anew(&self, file: &mut File, had: u64) -> Result<(), Error> {
        if had == 0 {
            // A partial answer to a question for everything.
            return Err(self.wrong("the server answers with a part of the file".into()));
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
                    if have > self.file.size_bytes {
                        self.discard()?;
                        return Err(
                            self.wrong(format!("it is longer than {}", size(self.file.size_bytes)))
                        );
                    }
                    file.write_all(&bytes).map_err(Error::io(self.part))?;
                    self.puller.progress.advance(bytes.len() as u64);
                }
                Event::End if have == self.file.size_bytes => return Ok(()),
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

    /// Whether a 206 answer is the rest of the file that the catalogue describes.
    fn continues(&self, headers: &HeaderMap, have: u64) -> bool {
        let total = self.file.size_bytes;
        let expected = format!("bytes {have}-{}/{total}", total - 1);
        text(headers, header::CONTENT_RANGE).is_some_and(|range| range.trim() == expected)
    }

    /// Refuses a file of another length before it is downloaded.
    fn check_length(&self, headers: &HeaderMap) -> Result<(), Error> {
        let length = text(headers, header::CONTENT_LENGTH);
        match length.and_then(|length| length.parse::<u64>().ok()) {
            Some(length) if length != self.file.size_bytes => {
                self.discard()?;
                Err(self.wrong(format!("{length} bytes, expected {}", self.file.size_bytes)))
            }
            _ => Ok(()),
        }
    }

    /// Compares the digest of the finished file with the catalogue; a wrong file is removed.
    fn check(&self) -> Result<(), Error> {
        match digest::agrees(self.part, self.file, |_| self.puller.check_cancelled()) {
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

    fn discard(&self) -> Result<(), Error> {
        match fs::remove_file(self.part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io(self.part)(error))
            }
            _ => Ok(()),
        }
    }

    fn wrong(&self, found: String) -> Error {
        Error::WrongContent {
            what: self.file.file_name().to_owned(),
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
                size(self.file.size_bytes)
            ),
            advice: RESUME,
        }
    }
}
