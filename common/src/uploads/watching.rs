//! Watching one body while it comes in.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::{Instant, Sleep, sleep};

use super::ledger::Held;
use crate::ApiError;
use crate::core::ServiceCore;

/// What must arrive of a body in each window of time. A voice message that is uploaded while
/// it is spoken brings twice as much; a client that only wants to hold a connection open
/// brings a few bytes.
const LEAST_BYTES_A_WINDOW: u64 = 4 * 1024;

const TOO_SLOW: ApiError = ApiError::RequestTimeout { part: "body" };

/// Why a body was cut off, for the answer: all that a handler sees is a body that broke.
type Verdict = Arc<Mutex<Option<ApiError>>>;

struct WatchedBody {
    body: Body,
    core: Arc<ServiceCore>,
    held: Arc<Held>,
    verdict: Verdict,
    /// Time that the client was waited for in this window, and what came in it. Time that the
    /// handler takes doesn't count.
    waited: Duration,
    bytes: u64,
    waiting_since: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
}

impl WatchedBody {
    fn cut_off(&self, error: ApiError) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let cause = axum::Error::new(error.clone());
        *self.verdict.lock() = Some(error);
        Poll::Ready(Some(Err(cause)))
    }

    /// True when a window has ended without bringing enough.
    fn is_too_slow(&mut self) -> bool {
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
        }
        if self.waited < self.core.uploads.window() {
            return false;
        }
        self.waited = Duration::ZERO;
        std::mem::take(&mut self.bytes) < LEAST_BYTES_A_WINDOW
    }

    /// Wakes the task when this window ends.
    fn wait(&mut self, context: &mut Context<'_>) {
        let left = self.core.uploads.window().saturating_sub(self.waited);
        let now = Instant::now();
        self.waiting_since = Some(now);
        self.alarm.as_mut().reset(now + left);
        if self.alarm.as_mut().poll(context).is_ready() {
            context.waker().wake_by_ref();
        }
    }
}

impl HttpBody for WatchedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => {
                let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok());
                let bytes = bytes.and_then(Frame::data_ref).map_or(0, Bytes::len) as u64;
                self.bytes += bytes;
                if !self.held.add(bytes) {
                    return self.cut_off(ApiError::ResourceExhausted {
                        message: format!(
                            "Resource threshold exceeded (waiting uploads: over {} MB)",
                            self.core.uploads.most_bytes() / (1024 * 1024)
                        ),
                        retry_after_seconds: self.core.admission.retry_after_seconds(),
                    });
                }
                if self.is_too_slow() && frame.is_some() {
                    return self.cut_off(TOO_SLOW);
                }
                Poll::Ready(frame)
            }
            Poll::Pending if self.is_too_slow() => self.cut_off(TOO_SLOW),
            Poll::Pending => {
                self.wait(context);
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Middleware: cuts off a body that comes too slowly, or that all bodies together have no
/// room for, and answers with the reason whatever the handler made of it.
pub(crate) async fn watch_upload(
    State(core): State<Arc<ServiceCore>>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let held = Arc::new(core.uploads.hold());
    let verdict = Verdict::default();
    let request = request.map(|body| {
        Body::new(WatchedBody {
            body,
            alarm: Box::pin(sleep(core.uploads.window())),
            core,
            held: Arc::clone(&held),
            verdict: Arc::clone(&verdict),
            waited: Duration::ZERO,
            bytes: 0,
            waiting_since: None,
        })
    });
    let response = next.run(request).await;
    let cut_off = verdict.lock().take();
    // Answered: what the body held in memory or on disk is gone, or about to be.
    drop(held);
    let Some(error) = cut_off else {
        return response;
    };
    let mut response = error.into_response();
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::middleware::from_fn_with_state;
    use axum::routing::post;
    use futures::StreamExt as _;
    use tower::ServiceExt as _;

    use super::*;
    use crate::testing::core;

    const WINDOW: Duration = Duration::from_secs(10);

    /// Counts what it received; like every handler, it only knows that the body broke.
    fn router(core: &Arc<ServiceCore>) -> Router {
        let receive = |body: Body| async move {
            let mut stream = body.into_data_stream();
            let mut bytes = 0;
            while let Some(chunk) = stream.next().await {
                match chunk {
                    Ok(chunk) => bytes += chunk.len(),
                    Err(_) => return Err(StatusCode::BAD_REQUEST),
                }
            }
            Ok(bytes.to_string())
        };
        Router::new()
            .route("/", post(receive))
            .layer(from_fn_with_state(Arc::clone(core), watch_upload))
    }

    /// Chunks of a size, one each `pause`.
    fn body(chunks: usize, chunk_bytes: usize, pause: Duration) -> Body {
        let chunks = futures::stream::iter(0..chunks).then(move |_| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, std::io::Error>(vec![0; chunk_bytes])
        });
        Body::from_stream(chunks)
    }

    async fn status_of(core: &Arc<ServiceCore>, body: Body) -> StatusCode {
        let request = Request::post("/").body(body).unwrap();
        router(core).oneshot(request).await.unwrap().status()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_is_cut_off_and_the_answer_says_why() {
        let core = core(&[]);
        let started = Instant::now();
        let trickle = body(1000, 24, Duration::from_secs(1));
        assert_eq!(status_of(&core, trickle).await, StatusCode::REQUEST_TIMEOUT);
        assert_eq!(started.elapsed().as_secs(), WINDOW.as_secs());
        assert_eq!(core.uploads.held_bytes(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_does_not_pay_for_silence_later() {
        let burst = body(1, 1 << 20, Duration::ZERO).into_data_stream();
        let silence = futures::stream::pending();
        let stalled = Body::from_stream(burst.chain(silence));
        assert_eq!(
            status_of(&core(&[]), stalled).await,
            StatusCode::REQUEST_TIMEOUT
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_as_it_is_spoken_may_take_its_time() {
        let spoken = body(600, 1000, Duration::from_secs(1));
        assert_eq!(status_of(&core(&[]), spoken).await, StatusCode::OK);
    }

    #[tokio::test(start_paused = true)]
    async fn all_bodies_together_are_bounded_and_one_alone_always_has_room() {
        let core = core(&["--max-waiting-uploads-mb", "1", "--max-upload-size-mb", "1"]);
        let most = core.uploads.most_bytes() as usize;
        assert!(most > 1 << 20);
        let whole = || body(1, most, Duration::ZERO);
        assert_eq!(status_of(&core, whole()).await, StatusCode::OK);

        let waiting = Body::from_stream(
            body(1, most, Duration::ZERO)
                .into_data_stream()
                .chain(futures::stream::pending()),
        );
        let first = tokio::spawn({
            let core = Arc::clone(&core);
            async move { status_of(&core, waiting).await }
        });
        while core.uploads.held_bytes() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            status_of(&core, body(1, 1, Duration::ZERO)).await,
            StatusCode::SERVICE_UNAVAILABLE
        );
        // Its client leaves.
        first.abort();
        assert!(first.await.is_err());
        assert_eq!(core.uploads.held_bytes(), 0);
        assert_eq!(status_of(&core, whole()).await, StatusCode::OK);
    }
}
