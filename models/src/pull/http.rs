//! Downloads one file by HTTP, going on where an earlier attempt stopped.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use ureq::http::{HeaderMap, Response, header};
use ureq::{Agent, Body};
use url::Url;

use super::{Puller, address};
use crate::catalogue::FileSpec;
use crate::digest::Hasher;
use crate::error::{Error, size};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_REDIRECTS: usize = 10;
const CHUNK_BYTES: usize = 128 * 1024;
const RESUME: &str = "run the same command again to go on from there";

/// A download of `file` into `part`.
pub(super) struct Download<'a> {
    pub(super) file: FileSpec<'a>,
    pub(super) url: Url,
    pub(super) part: &'a Path,
    pub(super) puller: &'a Puller<'a>,
}

/// What the connection's thread reports.
enum Event {
    /// The final answer: its status and headers.
    Head(u16, HeaderMap),
    Data(Vec<u8>),
    /// The body ended as it should.
    End,
    Failed(Error),
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
        let events = self.connect(have);
        let start = match self.next(&events, have)? {
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
        let what = format!("{} from {host}", self.file.entry);
        progress.begin(&what, self.file.size_bytes, start);
        let result = self.receive(&events, file, start);
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

    fn receive(&self, events: &Receiver<Event>, file: &mut File, start: u64) -> Result<(), Error> {
        let mut have = start;
        loop {
            match self.next(events, have)? {
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

    /// The next event, unless the user or the server gives up first.
    fn next(&self, events: &Receiver<Event>, have: u64) -> Result<Event, Error> {
        const POLL: Duration = Duration::from_millis(100);
        let begun = Instant::now();
        loop {
            if self.puller.is_cancelled() {
                return Err(Error::Interrupted);
            }
            match events.recv_timeout(POLL) {
                Ok(event) => return Ok(event),
                Err(RecvTimeoutError::Timeout)
                    if begun.elapsed() >= self.puller.options.stall_timeout =>
                {
                    return Err(self.broken(have, "the server stopped sending"));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(self.broken(have, "the connection was lost"));
                }
            }
        }
    }

    /// Starts the request on a thread of its own: a blocking read could not be interrupted. The
    /// thread ends when the receiver is dropped, at the latest after the read's own time limit.
    fn connect(&self, have: u64) -> Receiver<Event> {
        let (events, receiver) = sync_channel(4);
        let url = self.url.clone();
        let stall_timeout = self.puller.options.stall_timeout;
        thread::spawn(move || {
            let event = match transfer(url, have, stall_timeout, &events) {
                Ok(()) => Event::End,
                Err(error) => Event::Failed(error),
            };
            // Nobody listens any more if the pull was interrupted.
            let _ = events.send(event);
        });
        receiver
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
        let mut hasher = Hasher::default();
        let result = File::open(self.part)
            .and_then(|mut file| hasher.update_from(&mut file, |_| self.puller.check_cancelled()));
        match result {
            Ok(_) if self.file.accepts(&hasher.finish()) => Ok(()),
            Ok(_) => {
                self.discard()?;
                Err(self.wrong("its digest is not the one in the catalogue".into()))
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
            what: self.file.file_name.to_owned(),
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

/// The whole answer of a small file, at most `most_bytes` of it.
pub(super) fn read_small(
    puller: &Puller<'_>,
    url: Url,
    most_bytes: usize,
) -> Result<Vec<u8>, Error> {
    const POLL: Duration = Duration::from_millis(100);
    let (events, receiver) = sync_channel(4);
    let (shown, stall_timeout) = (url.to_string(), puller.options.stall_timeout);
    thread::spawn(move || {
        let event = match transfer(url, 0, stall_timeout, &events) {
            Ok(()) => Event::End,
            Err(error) => Event::Failed(error),
        };
        // Nobody listens any more if the pull was interrupted.
        let _ = events.send(event);
    });
    let mut answer = Vec::new();
    let mut heard = Instant::now();
    loop {
        if puller.is_cancelled() {
            return Err(Error::Interrupted);
        }
        match receiver.recv_timeout(POLL) {
            Ok(Event::Head(200, _)) => {}
            Ok(Event::Head(status, _)) => return Err(Error::Status { url: shown, status }),
            Ok(Event::Data(bytes)) => {
                answer.extend(bytes);
                if answer.len() > most_bytes {
                    return Err(Error::WrongContent {
                        what: "the index".into(),
                        origin: shown,
                        found: format!("it is longer than {}", size(most_bytes as u64)),
                    });
                }
            }
            Ok(Event::End) => return Ok(answer),
            Ok(Event::Failed(error)) => return Err(error),
            Err(RecvTimeoutError::Timeout) if heard.elapsed() < stall_timeout => continue,
            Err(_) => {
                return Err(Error::Network {
                    url: shown,
                    why: "the server stopped sending".into(),
                    advice: "try again",
                });
            }
        }
        heard = Instant::now();
    }
}

/// Sends the request and the whole answer, following redirects.
fn transfer(
    mut url: Url,
    have: u64,
    stall_timeout: Duration,
    events: &SyncSender<Event>,
) -> Result<(), Error> {
    let mut config = Agent::config_builder()
        // Followed here, so that each address is checked.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT_TIMEOUT))
        // Ends this thread when nobody waits any more: the receiver gives up first.
        .timeout_per_read(Some(2 * stall_timeout))
        .user_agent(concat!("voice-stack-models/", env!("CARGO_PKG_VERSION")));
    if url.scheme() == "http" {
        // Only this machine may be asked in plain text, and no proxy can reach it.
        config = config.proxy(None);
    }
    let agent: Agent = config.build().into();
    for _ in 0..MAX_REDIRECTS {
        let mut request = agent.get(url.as_str());
        if have > 0 {
            request = request.header(header::RANGE, format!("bytes={have}-"));
        }
        let response = request
            .call()
            .map_err(|error| unreachable_server(&url, &error))?;
        let status = response.status().as_u16();
        let location = text(response.headers(), header::LOCATION);
        match location {
            Some(location) if matches!(status, 301 | 302 | 303 | 307 | 308) => {
                url = address::redirect(&url, location)?;
            }
            _ => return send_all(&url, response, events),
        }
    }
    Err(Error::Address {
        url: url.into(),
        why: "too many redirects",
    })
}

fn send_all(url: &Url, response: Response<Body>, events: &SyncSender<Event>) -> Result<(), Error> {
    let (head, body) = response.into_parts();
    if events
        .send(Event::Head(head.status.as_u16(), head.headers))
        .is_err()
    {
        return Ok(());
    }
    let mut body = body.into_reader();
    loop {
        let mut chunk = vec![0; CHUNK_BYTES];
        let count = body.read(&mut chunk).map_err(|error| Error::Network {
            url: url.to_string(),
            why: error.to_string(),
            advice: RESUME,
        })?;
        if count == 0 {
            return Ok(());
        }
        chunk.truncate(count);
        if events.send(Event::Data(chunk)).is_err() {
            return Ok(());
        }
    }
}

fn unreachable_server(url: &Url, error: &ureq::Error) -> Error {
    Error::Network {
        url: url.to_string(),
        why: error.to_string().trim_start_matches("io: ").to_owned(),
        advice: "check the network and the proxy, or set HF_ENDPOINT to a mirror",
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
