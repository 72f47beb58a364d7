//! How a WebSocket ends.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::task::JoinError;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, Error};

use super::message::Close;
use super::metrics::WebSocketEnd;
use super::reading::Heard;

/// For the client's close frame after ours.
const CLOSE_TIME: Duration = Duration::from_secs(5);
/// For a close frame to a client that has lost its right to more, or when no time is left.
const LAST_WORD_TIME: Duration = Duration::from_secs(1);

/// Why a WebSocket ends.
pub(super) enum Ending {
    /// Nothing more will be heard of the client.
    Heard(Heard),
    /// The handler has returned, and all that it sent has gone out.
    Ours(WebSocketEnd, Close),
    /// The drain time is over.
    TimeIsOver,
}

impl Ending {
    /// As it is counted.
    pub(super) fn label(&self) -> WebSocketEnd {
        match self {
            Self::Heard(Heard::Closed) => WebSocketEnd::Client,
            Self::Heard(Heard::Gone) => WebSocketEnd::Gone,
            Self::Heard(Heard::Broken(end, _)) | Self::Ours(end, _) => *end,
            Self::Heard(Heard::Nothing) => WebSocketEnd::Idle,
            Self::TimeIsOver => WebSocketEnd::GoingAway,
        }
    }
}

/// What the return of a handler means.
pub(super) fn close_after(
    returned: Result<Close, JoinError>,
    is_going_away: bool,
) -> (WebSocketEnd, Close) {
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

/// The closing handshake, as far as there is one.
pub(super) async fn end<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: WebSocketStream<S>,
    ending: Ending,
) {
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
