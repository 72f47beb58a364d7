//! One connection: what it may take how long for, and how it ends when it takes longer.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, Request, Response, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tower::Service as _;

use super::ConnectionLimits;
use super::accept::Acceptor;
use super::refusal;
use crate::ApiError;
use crate::metrics::ConnectionEnd;

/// A request's head: all of its headers together.
const HEAD_BYTES: usize = 64 * 1024;

/// What a connection is doing, as far as its time limits are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
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
    fn new() -> Self {
        Self(Mutex::new(Doing {
            phase: Phase::New,
            since: Instant::now(),
            unread_since: None,
        }))
    }

    fn enter(&self, phase: Phase) {
        let mut doing = self.0.lock();
        doing.phase = phase;
        doing.since = Instant::now();
    }

    fn bytes_came(&self) {
        let mut doing = self.0.lock();
        match doing.phase {
            // The time for the first head runs from the accept: whoever connects should speak.
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
    fn overdue(&self, limits: &ConnectionLimits) -> Option<ConnectionEnd> {
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
struct Watched {
    stream: TcpStream,
    activity: Arc<Activity>,
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

/// Ends a request when dropped. It rides in the answer's body, which hyper drops when it has
/// been sent or can't be.
struct RequestEnd(Arc<Activity>);

impl Drop for RequestEnd {
    fn drop(&mut self) {
        self.0.enter(Phase::Idle);
    }
}

async fn answer(
    mut router: Router,
    request: Request<Incoming>,
    activity: Arc<Activity>,
    acceptor: Arc<Acceptor>,
) -> Result<Response<impl HttpBody<Data = Bytes, Error = axum::Error>>, Infallible> {
    let mut response = router.call(request.map(Body::new)).await?;
    if acceptor.core.is_draining() {
        // The client should not send its next request to a service that is about to leave.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    let end = RequestEnd(activity);
    Ok(response.map(|body| {
        body.map_frame(move |frame| {
            let _rides_along = &end;
            frame
        })
    }))
}

/// Serves requests until the client leaves, a time limit passes, or the acceptor closes.
pub(super) async fn serve(stream: TcpStream, router: Router, acceptor: Arc<Acceptor>) {
    let activity = Arc::new(Activity::new());
    let service = hyper::service::service_fn({
        let (activity, acceptor) = (Arc::clone(&activity), Arc::clone(&acceptor));
        move |request| {
            activity.enter(Phase::Busy);
            answer(
                router.clone(),
                request,
                Arc::clone(&activity),
                Arc::clone(&acceptor),
            )
        }
    });
    let watched = Watched {
        stream,
        activity: Arc::clone(&activity),
    };
    let mut connection = http1::Builder::new()
        .max_header_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(watched), service);

    let mut check = tokio::time::interval(acceptor.limits.check_every());
    check.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut is_closing = false;
    let end = loop {
        tokio::select! {
            ended = &mut connection => {
                if let Err(cause) = ended {
                    tracing::debug!(%cause, "a connection broke");
                }
                return;
            }
            () = acceptor.closing.cancelled(), if !is_closing => {
                is_closing = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            _ = check.tick() => {
                if let Some(end) = activity.overdue(&acceptor.limits) {
                    break end;
                }
            }
        }
    };
    tracing::debug!(reason = end.label(), "closing a connection");
    acceptor.core.metrics.connection_closed(end);
    if end == ConnectionEnd::SlowHead {
        let stream = connection.into_parts().io.into_inner().stream;
        refusal::send(stream, &ApiError::RequestTimeout { part: "head" }).await;
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
