//! One request on a thread of its own, because a blocking read could not be interrupted.

use std::io::Read;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use ureq::http::{HeaderMap, Response, header};
use ureq::{Agent, Body};
use url::Url;

use super::address;
use super::puller::Puller;
use crate::error::Error;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_REDIRECTS: usize = 10;
const CHUNK_BYTES: usize = 128 * 1024;

/// What an unfinished download can do next.
pub(super) const RESUME: &str = "run the same command again to go on from there";

/// Which bytes of a file to ask for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) first: u64,
    /// The last one; `None` for all that follow.
    pub(super) last: Option<u64>,
}

/// What the connection's thread reports.
pub(super) enum Event {
    /// The final answer: its status and headers. It comes first.
    Head(u16, HeaderMap),
    Data(Vec<u8>),
    /// The body ended as it should.
    End,
    Failed(Error),
}

/// Why there is no next event.
pub(super) enum Loss {
    /// The user stopped the pull.
    Interrupted,
    /// The server or the network did: how.
    Silence(&'static str),
}

/// A request under way. Its thread ends when this is dropped, at the latest after the read's
/// own time limit.
pub(super) struct Connection<'a> {
    puller: &'a Puller<'a>,
    events: Receiver<Event>,
}

impl<'a> Connection<'a> {
    /// Asks for what is at `url`, or for a range of it.
    pub(super) fn open(puller: &'a Puller<'a>, url: &Url, range: Option<Range>) -> Self {
        let (sender, events) = sync_channel(4);
        let url = url.clone();
        let stall_timeout = puller.options.stall_timeout;
        thread::spawn(move || {
            let event = match transfer(url, range, stall_timeout, &sender) {
                Ok(()) => Event::End,
                Err(error) => Event::Failed(error),
            };
            // Nobody listens any more if the pull was interrupted.
            let _ = sender.send(event);
        });
        Self { puller, events }
    }

    /// The next event, unless the user or the server gives up first.
    pub(super) fn next(&self) -> Result<Event, Loss> {
        const POLL: Duration = Duration::from_millis(100);
        let begun = Instant::now();
        loop {
            if self.puller.is_cancelled() {
                return Err(Loss::Interrupted);
            }
            match self.events.recv_timeout(POLL) {
                Ok(event) => return Ok(event),
                Err(RecvTimeoutError::Timeout)
                    if begun.elapsed() >= self.puller.options.stall_timeout =>
                {
                    return Err(Loss::Silence("the server stopped sending"));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Loss::Silence("the connection was lost"));
                }
            }
        }
    }
}

/// Sends the request and the whole answer, following redirects.
fn transfer(
    mut url: Url,
    range: Option<Range>,
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
        if let Some(Range { first, last }) = range {
            let last = last.map_or_else(String::new, |last| last.to_string());
            request = request.header(header::RANGE, format!("bytes={first}-{last}"));
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

/// A header that is text.
pub(super) fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
