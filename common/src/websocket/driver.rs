//! One open WebSocket: reading, sending, pinging and closing, beside its handler.
//!
//! The socket belongs to one task, in which reading and sending take turns at every moment:
//! what can't be sent never keeps from reading. The handler is a task of its own.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::stream::SplitSink;
use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_util::io::InspectReader;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tracing::Instrument as _;

use super::closing::{Ending, close_after, end};
use super::message::Close;
use super::metrics::OpenWebSocket;
use super::queue::{self, Backlog, OVERHEAD_BYTES};
use super::reading::{Heard, QUIET_TIMES, Reader};
use super::socket::{Incoming, WebSocket};
use super::sockets::WebSocketLimits;
use crate::cancellation::CancelCause;
use crate::server::Upgraded;

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
    let largest = u32::try_from(limits.message_bytes + OVERHEAD_BYTES).unwrap_or(u32::MAX);
    let (deliver, incoming) = queue::channel(limits.incoming_bytes.max(largest));
    let (outgoing, backlog) = queue::channel(limits.backlog_bytes);
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
        ping_every: limits.idle / QUIET_TIMES,
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
