//! What comes from the client: delivered to the handler, and listened for when nothing comes.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::SplitStream;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{self, Error};

use super::message::{Close, Message};
use super::metrics::WebSocketEnd;
use super::queue::Outgoing;

/// Pings without an answer before a client counts as gone.
const PINGS: u32 = 2;
/// Times without a byte, each with a ping behind it but the last.
pub(super) const QUIET_TIMES: u32 = PINGS + 1;

/// What reading came to.
pub(super) enum Heard {
    /// A close frame.
    Closed,
    /// The end of the connection, without a close frame.
    Gone,
    /// What can't be read on.
    Broken(WebSocketEnd, Close),
    /// Nothing, for too long.
    Nothing,
}

/// Reads one WebSocket.
pub(super) struct Reader<'a, S> {
    pub(super) stream: &'a mut SplitStream<WebSocketStream<S>>,
    /// `None` once the handler gets no more.
    pub(super) deliver: Option<Outgoing>,
    /// All that came, frames that are not whole included.
    pub(super) bytes_came: &'a AtomicU64,
    /// Told when the client is to be pinged.
    pub(super) ping: &'a Notify,
    /// After this long without a byte there is a ping; after the last of them it is the end.
    pub(super) ping_every: Duration,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Reader<'_, S> {
    /// Reads to the end. After `leaving` it reads on without delivering anything: pings want
    /// their answers, and the client's close frame is waited for.
    pub(super) async fn run(mut self, leaving: impl Future<Output = ()>) -> Heard {
        let mut leaving = pin!(leaving);
        loop {
            let next = tokio::select! {
                biased;
                () = &mut leaving, if self.deliver.is_some() => {
                    self.deliver = None;
                    continue;
                }
                next = self.next() => next,
            };
            let message = match next {
                None => return Heard::Nothing,
                Some(Err(error)) => return heard(&error),
                Some(Ok(tungstenite::Message::Text(text))) => Message::Text(text),
                Some(Ok(tungstenite::Message::Binary(bytes))) => Message::Binary(bytes),
                Some(Ok(tungstenite::Message::Close(_))) => return Heard::Closed,
                Some(Ok(_)) => continue,
            };
            let Some(deliver) = &self.deliver else {
                continue;
            };
            let is_delivered = tokio::select! {
                biased;
                sent = deliver.send(message) => sent.is_ok(),
                () = &mut leaving => false,
            };
            if !is_delivered {
                self.deliver = None;
            }
        }
    }

    /// The next message; `None` when nothing came for too long, with pings in between.
    async fn next(&mut self) -> Option<tungstenite::Result<tungstenite::Message>> {
        let (mut pings, mut seen) = (0, self.bytes_came.load(Ordering::Relaxed));
        loop {
            if let Ok(next) = timeout(self.ping_every, self.stream.next()).await {
                return Some(next.unwrap_or(Err(Error::ConnectionClosed)));
            }
            let came = self.bytes_came.load(Ordering::Relaxed);
            if std::mem::replace(&mut seen, came) != came {
                // A large message on a slow line: no ping could get an answer in between.
                pings = 0;
            } else if pings == PINGS {
                return None;
            } else {
                pings += 1;
                self.ping.notify_one();
            }
        }
    }
}

fn heard(error: &Error) -> Heard {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => Heard::Closed,
        Error::Io(_) | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Heard::Gone,
        Error::Utf8(_) => Heard::Broken(WebSocketEnd::Protocol, Close::NOT_UTF8),
        Error::Capacity(_) => Heard::Broken(WebSocketEnd::TooLarge, Close::TOO_LARGE),
        _ => Heard::Broken(WebSocketEnd::Protocol, Close::PROTOCOL),
    }
}
