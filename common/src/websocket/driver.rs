//! One open WebSocket: reading, sending, pinging and closing, beside its handler.
//!
//! The socket belongs to one task, in which reading and sending take turns at every moment:
//! what can't be sent never keeps from reading. The handler is a task of its own.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinError;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Error};
use tokio_util::io::InspectReader;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tracing::Instrument as _;

use super::metrics::{OpenWebSocket, WebSocketEnd};
use super::outgoing::{self, Backlog};
use super::{Close, Incoming, Message, WebSocket, WebSocketLimits};
use crate::cancellation::CancelCause;
use crate::server::Upgraded;

/// For the client's close frame after ours.
const CLOSE_TIME: Duration = Duration::from_secs(5);
/// For a close frame to a client that has lost its right to more, or when no time is left.
const LAST_WORD_TIME: Duration = Duration::from_secs(1);
/// Pings without an answer before a client counts as gone.
const PINGS: u32 = 2;
/// What is read at once. Each open WebSocket has it.
const READ_BUFFER_BYTES: usize = 8 * 1024;
/// Pongs that wait behind a message: a client that pings and never reads gets no more.
const PONG_BYTES: usize = 4 * 1024;

/// Runs a WebSocket and its handler to their ends. Dropping the future ends both at once.
pub(super) async fn drive<S, F>(
    upgraded: Upgraded<S>,
    limits: WebSocketLimits,
    mut open: OpenWebSocket,
    handler: impl FnOnce(WebSocket) -> F,
    span: tracing::Span,
) where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Future<Output = Close> + Send + 'static,
{
    let Upgraded {
        stream,
        read_ahead,
        going_away,
        service,
    } = upgraded;
    let cancellation = service.child();
    let _cancels = cancellation.cancel_on_drop();
    let holds = TaskTracker::new();
    holds.close();
    let (deliver, incoming) = mpsc::channel(limits.incoming_messages.max(1));
    let (outgoing, backlog) = outgoing::channel(limits.backlog_bytes);
    let handler = handler(WebSocket {
        incoming: Incoming(incoming),
        outgoing,
        cancellation: cancellation.clone(),
        going_away: going_away.clone(),
        holds: holds.clone(),
    });
    let mut handler = AbortOnDropHandle::new(tokio::spawn(handler.instrument(span)));

    let bytes_came = Arc::new(AtomicU64::new(0));
    let came = Arc::clone(&bytes_came);
    let stream = InspectReader::new(stream, move |bytes: &[u8]| {
        came.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    });
    let socket = WebSocketStream::from_partially_read(
        stream,
        read_ahead.into(),
        Role::Server,
        Some(config(limits)),
    );
    let (mut sink, mut stream) = socket.await.split();

    let (ping, finish) = (Notify::new(), CancellationToken::new());
    let reader = Reader {
        stream: &mut stream,
        deliver: Some(deliver),
        bytes_came: &bytes_came,
        ping: &ping,
        ping_every: limits.idle / (PINGS + 1),
    };
    let leaving = async {
        going_away.cancelled().await;
        holds.wait().await;
    };
    let mut closing = None;
    let ending = {
        let mut reading = pin!(reader.run(leaving));
        let mut writing = pin!(write(&mut sink, backlog, &ping, &finish));
        loop {
            tokio::select! {
                heard = &mut reading => break Ending::Heard(heard),
                written = &mut writing => break match (written, closing.take()) {
                    (Ok(()), Some((end, close))) => Ending::Ours(end, close),
                    _ => Ending::Heard(Heard::Gone),
                },
                returned = &mut handler, if closing.is_none() => {
                    closing = Some(close_after(returned, going_away.is_cancelled()));
                    finish.cancel();
                }
                () = service.cancelled() => break Ending::TimeIsOver,
            }
        }
    };
    let socket = sink
        .reunite(stream)
        .expect("both are halves of the one socket");
    // A handler that has returned is not to be polled again.
    let has_returned = finish.is_cancelled();
    cancellation.cancel(CancelCause::Disconnected);
    open.ended(ending.label());
    end(socket, ending).await;
    if !has_returned {
        tokio::select! {
            _ = &mut handler => {}
            () = service.cancelled() => {}
        }
    }
}

fn config(limits: WebSocketLimits) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(limits.backlog_bytes as usize + PONG_BYTES)
        .max_message_size(Some(limits.message_bytes))
        .max_frame_size(Some(limits.frame_bytes))
}

fn close_after(returned: Result<Close, JoinError>, is_going_away: bool) -> (WebSocketEnd, Close) {
    match returned {
        Ok(close) if close.code() == 1001 || (is_going_away && close.code() == 1000) => {
            (WebSocketEnd::GoingAway, Close::GOING_AWAY)
        }
        Ok(close) => (WebSocketEnd::Service, close),
        Err(cause) => {
            tracing::error!(%cause, "the handler of a WebSocket failed");
            (WebSocketEnd::Failed, Close::INTERNAL)
        }
    }
}

/// What reading came to.
enum Heard {
    /// A close frame.
    Closed,
    /// The end of the connection, without a close frame.
    Gone,
    /// What can't be read on.
    Broken(WebSocketEnd, Close),
    /// Nothing, for too long.
    Nothing,
}

/// Why a WebSocket ends.
enum Ending {
    Heard(Heard),
    /// The handler has returned, and all that it sent has gone out.
    Ours(WebSocketEnd, Close),
    TimeIsOver,
}

impl Ending {
    fn label(&self) -> WebSocketEnd {
        match self {
            Self::Heard(Heard::Closed) => WebSocketEnd::Client,
            Self::Heard(Heard::Gone) => WebSocketEnd::Gone,
            Self::Heard(Heard::Broken(end, _)) | Self::Ours(end, _) => *end,
            Self::Heard(Heard::Nothing) => WebSocketEnd::Idle,
            Self::TimeIsOver => WebSocketEnd::GoingAway,
        }
    }
}

struct Reader<'a, S> {
    stream: &'a mut SplitStream<WebSocketStream<S>>,
    /// `None` once the handler gets no more.
    deliver: Option<mpsc::Sender<Message>>,
    bytes_came: &'a AtomicU64,
    ping: &'a Notify,
    ping_every: Duration,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Reader<'_, S> {
    /// Reads to the end. After `leaving` it reads on without delivering anything: pings want
    /// their answers, and the client's close frame is waited for.
    async fn run(mut self, leaving: impl Future<Output = ()>) -> Heard {
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

/// Sends what is given to be sent, until `finish` and then to the last of it.
async fn write<S: AsyncRead + AsyncWrite + Unpin>(
    sink: &mut SplitSink<WebSocketStream<S>, tungstenite::Message>,
    mut backlog: Backlog,
    ping: &Notify,
    finish: &CancellationToken,
) -> tungstenite::Result<()> {
    let (mut is_finishing, mut is_drained) = (false, false);
    while !(is_finishing && is_drained) {
        // Before each message the buffer is emptied, so that its bound holds for one message
        // and the pongs beside it.
        tokio::select! {
            biased;
            () = finish.cancelled(), if !is_finishing => {
                is_finishing = true;
                backlog.close();
            }
            () = ping.notified() => {
                sink.flush().await?;
                sink.send(tungstenite::Message::Ping(Vec::new().into())).await?;
            }
            queued = backlog.recv(), if !is_drained => match queued {
                None => is_drained = true,
                Some(queued) => {
                    sink.flush().await?;
                    let (message, _room) = queued.into_parts();
                    sink.send(message.into()).await?;
                }
            },
        }
    }
    Ok(())
}

/// The closing handshake, as far as there is one.
async fn end<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocketStream<S>, ending: Ending) {
    match ending {
        Ending::Heard(Heard::Gone) => {}
        Ending::Heard(Heard::Closed) => {
            let _ = timeout(CLOSE_TIME, answer_close(&mut socket)).await;
        }
        Ending::Ours(_, close) => {
            let _ = timeout(CLOSE_TIME, say(&mut socket, close)).await;
        }
        Ending::TimeIsOver => {
            let _ = timeout(LAST_WORD_TIME, say(&mut socket, Close::GOING_AWAY)).await;
        }
        Ending::Heard(Heard::Nothing) => {
            let _ = timeout(LAST_WORD_TIME, close(&mut socket, Close::NO_PONG)).await;
        }
        Ending::Heard(Heard::Broken(_, last_word)) => {
            let _ = timeout(LAST_WORD_TIME, async {
                close(&mut socket, last_word).await?;
                let mut stream = socket.into_inner();
                stream.shutdown().await?;
                // Closing over unread bytes would reset the connection and take the close
                // frame with it.
                let mut rest = [0; 4096];
                while stream.read(&mut rest).await? > 0 {}
                Ok::<_, Error>(())
            })
            .await;
        }
    }
}

async fn close<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    close: Close,
) -> tungstenite::Result<()> {
    socket.flush().await?;
    socket.close(Some(close.frame())).await
}

/// Closes and waits for the client to do so.
async fn say<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    last_word: Close,
) -> tungstenite::Result<()> {
    close(socket, last_word).await?;
    answer_close(socket).await
}

/// Reads to the client's close frame, has it answered, and closes the connection.
async fn answer_close<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
) -> tungstenite::Result<()> {
    while let Some(Ok(_)) = socket.next().await {}
    socket.get_mut().shutdown().await?;
    Ok(())
}
