//! The size limit on request bodies.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt as _;
use http_body::{Frame, SizeHint};
use parking_lot::Mutex;

use crate::ApiError;

/// Multipart framing and form fields beside the file, allowed on top of the upload limit.
const FRAMING_BYTES: u64 = 64 * 1024;
/// How much of a refused body is read and thrown away, and for how long at most. Most HTTP
/// clients send the whole body before they look for an answer: closing the connection on
/// them would turn the answer into a connection error.
const DISCARD_BYTES: u64 = 256 * 1024 * 1024;
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// Largest request body in bytes, framing included.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit {
    upload_bytes: u64,
}

impl BodyLimit {
    /// `upload_bytes` is what `MAX_UPLOAD_SIZE_MB` says.
    pub fn new(upload_bytes: u64) -> Self {
        Self { upload_bytes }
    }

    /// The limit that clients are told.
    pub fn upload_bytes(self) -> u64 {
        self.upload_bytes
    }

    /// Bytes of the body as sent, with room for multipart framing.
    pub fn body_bytes(self) -> u64 {
        self.upload_bytes + FRAMING_BYTES
    }

    /// The answer to a body over the limit.
    pub fn exceeded(self) -> ApiError {
        ApiError::PayloadTooLarge {
            limit_bytes: self.upload_bytes,
        }
    }
}

/// Middleware: refuses by `Content-Length` before a byte of the body is read.
///
/// # Errors
/// [`ApiError::PayloadTooLarge`].
pub async fn limit_body(
    State(limit): State<BodyLimit>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let declared = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    if declared.is_some_and(|bytes| bytes > limit.body_bytes()) {
        return Err(limit.exceeded());
    }
    Ok(next.run(request).await)
}

/// A body that stays reachable after a handler has dropped it.
#[derive(Clone)]
struct SharedBody {
    body: Arc<Mutex<Body>>,
    is_read: Arc<AtomicBool>,
}

impl HttpBody for SharedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.is_read.store(true, Ordering::Relaxed);
        Pin::new(&mut *self.body.lock()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.lock().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.lock().size_hint()
    }
}

/// Middleware: reads what is left of a refused body, within bounds, before the answer goes
/// out. Not that of a client that waits for `100 Continue`: it sends nothing when refused.
/// Nor that of one that has been too slow already.
pub async fn discard_refused_body(request: Request, next: Next) -> Response {
    let waits_for_continue = request.headers().contains_key(EXPECT);
    let (parts, body) = request.into_parts();
    let body = SharedBody {
        body: Arc::new(Mutex::new(body)),
        is_read: Arc::new(AtomicBool::new(false)),
    };
    let response = next
        .run(Request::from_parts(parts, Body::new(body.clone())))
        .await;
    let is_coming = body.is_read.load(Ordering::Relaxed) || !waits_for_continue;
    let status = response.status();
    let is_refused = (status.is_client_error() || status.is_server_error())
        && status != StatusCode::REQUEST_TIMEOUT;
    if is_refused && is_coming && !body.is_end_stream() {
        discard(Body::new(body)).await;
    }
    response
}

async fn discard(body: Body) {
    let read = async {
        let mut stream = body.into_data_stream();
        let mut bytes = 0;
        while let Some(Ok(chunk)) = stream.next().await {
            bytes += chunk.len() as u64;
            if bytes > DISCARD_BYTES {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DISCARD_TIME, read).await;
}
