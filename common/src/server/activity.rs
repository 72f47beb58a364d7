//! What a connection is doing since when, and which of its time limits has passed.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::limits::ConnectionLimits;
use crate::metrics::ConnectionEnd;

/// What a connection is doing, as far as its time limits are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing has come yet.
    New,
    /// Some of a request's head has come.
    Head,
    /// A request is being received, worked on, or answered.
    Busy,
    /// Between two requests.
    Idle,
}

/// What one connection has been doing since when.
#[derive(Debug)]
pub(super) struct Activity(Mutex<Doing>);

#[derive(Debug)]
struct Doing {
    phase: Phase,
    since: Instant,
    /// Since when the client has taken nothing of what it is being sent.
    unread_since: Option<Instant>,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Doing {
            phase: Phase::New,
            since: Instant::now(),
            unread_since: None,
        }))
    }

    pub(super) fn enter(&self, phase: Phase) {
        let mut doing = self.0.lock();
        doing.phase = phase;
        doing.since = Instant::now();
    }

    /// Nothing has come yet.
    pub(super) fn is_new(&self) -> bool {
        self.0.lock().phase == Phase::New
    }

    fn bytes_came(&self) {
        let mut doing = self.0.lock();
        match doing.phase {
            // The time for the first head runs from the accept: a client that connects has
            // something to ask.
            Phase::New => doing.phase = Phase::Head,
            Phase::Idle => {
                doing.phase = Phase::Head;
                doing.since = Instant::now();
            }
            Phase::Head | Phase::Busy => {}
        }
    }

    fn wrote(&self, progress: bool) {
        let mut doing = self.0.lock();
        if progress {
            doing.unread_since = None;
        } else {
            doing.unread_since.get_or_insert_with(Instant::now);
        }
    }

    /// Which limit has passed, if one has.
    pub(super) fn overdue(&self, limits: &ConnectionLimits) -> Option<ConnectionEnd> {
        let doing = self.0.lock();
        let unread = doing.unread_since.map_or(Duration::ZERO, |it| it.elapsed());
        let passed = doing.since.elapsed();
        if unread >= limits.unread_answer {
            return Some(ConnectionEnd::UnreadAnswer);
        }
        match doing.phase {
            Phase::Head if passed >= limits.head => Some(ConnectionEnd::SlowHead),
            // A browser opens connections ahead: no answer to a question that wasn't asked.
            Phase::New if passed >= limits.head => Some(ConnectionEnd::Idle),
            Phase::Idle if passed >= limits.idle => Some(ConnectionEnd::Idle),
            _ => None,
        }
    }
}

/// A stream that tells its connection's [`Activity`] what passes through it.
pub(crate) struct Watched {
    pub(super) stream: TcpStream,
    pub(super) activity: Arc<Activity>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        if buffer.filled().len() > before {
            self.activity.bytes_came();
        }
        Poll::Ready(read)
    }
}

impl Watched {
    fn noted(&self, written: Poll<std::io::Result<usize>>) -> Poll<std::io::Result<usize>> {
        self.activity.wrote(written.is_ready());
        written
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.noted(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ConnectionLimits = ConnectionLimits {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(75),
        unread_answer: Duration::from_secs(30),
        max_connections: 1,
    };

    async fn after(activity: &Activity, seconds: u64) -> Option<ConnectionEnd> {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        activity.overdue(&LIMITS)
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_its_time_from_the_accept_however_its_bytes_trickle_in() {
        let activity = Activity::new();
        for _ in 0..9 {
            activity.bytes_came();
            assert_eq!(after(&activity, 1).await, None);
        }
        assert_eq!(after(&activity, 1).await, Some(ConnectionEnd::SlowHead));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_says_nothing_is_closed_without_an_answer() {
        let activity = Activity::new();
        assert_eq!(after(&activity, 10).await, Some(ConnectionEnd::Idle));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_takes_as_long_as_it_takes_and_the_next_head_has_its_own_time() {
        let activity = Activity::new();
        activity.bytes_came();
        activity.enter(Phase::Busy);
        activity.bytes_came();
        assert_eq!(after(&activity, 500).await, None);
        activity.enter(Phase::Idle);
        assert_eq!(after(&activity, 74).await, None);
        activity.bytes_came();
        assert_eq!(after(&activity, 9).await, None);
        assert_eq!(after(&activity, 1).await, Some(ConnectionEnd::SlowHead));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_nothing_of_its_answer_is_left() {
        let activity = Activity::new();
        activity.enter(Phase::Busy);
        activity.wrote(false);
        assert_eq!(after(&activity, 29).await, None);
        activity.wrote(true);
        activity.wrote(false);
        activity.wrote(false);
        assert_eq!(after(&activity, 29).await, None);
        assert_eq!(after(&activity, 1).await, Some(ConnectionEnd::UnreadAnswer));
    }
}
