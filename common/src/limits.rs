//! The size limit on request bodies.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;

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

/// Middleware: refuses by `Content-Length` before a byte of the body is read, and gives
/// clients of any refused upload the chance to read the answer.
pub async fn limit_body(State(limit): State<BodyLimit>, request: Request, next: Next) -> Response {
    let declared = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    if declared.is_some_and(|bytes| bytes > limit.body_bytes()) {
        discard(request.into_body()).await;
        return limit.exceeded().into_response();
    }
    next.run(request).await
}

/// Reads a refused body to its end, within bounds.
pub async fn discard(body: Body) {
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
