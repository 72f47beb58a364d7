//! An answer whose body is still coming.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use reqwest::{Response, StatusCode, header::HeaderMap};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::attempt::Attempt;
use crate::error::{Stage, UpstreamError, on_one_line, root_cause};
use crate::limits::TimeLimits;
use crate::pool::Slot;
use crate::snapshot::Outcome;

/// A successful answer (2xx): its head is here, its body comes piece by piece. Dropping it
/// before its end closes the connection, so that the host stops working on it.
#[derive(Debug)]
pub struct Answer {
    upstream: Arc<str>,
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    clock: Clock,
}

#[derive(Debug)]
enum Body {
    Coming(Box<Coming>),
    Whole,
    /// Kept, so that a caller who asks again is not told that the answer was whole.
    Broken(UpstreamError),
}

/// What is held until the last byte. The response is dropped first: its connection is closed or
/// kept before another request gets the slot.
#[derive(Debug)]
struct Coming {
    response: Response,
    attempt: Attempt,
    _slot: Slot,
}

/// The time limits of a request that has begun.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) limits: TimeLimits,
    /// The end of `limits.whole`.
    pub(crate) deadline: Instant,
}

impl Clock {
    /// Begins now.
    pub(crate) fn start(limits: TimeLimits) -> Self {
        Self {
            limits,
            deadline: Instant::now() + limits.whole,
        }
    }

    /// When a wait that begins now ends, and which limit ends it.
    pub(crate) fn until(&self, stage: Stage) -> (Instant, Stage) {
        let limit = match stage {
            Stage::FirstByte => self.limits.first_byte,
            Stage::BetweenBytes => self.limits.between_bytes,
            Stage::Connect | Stage::Whole => self.limits.whole,
        };
        let ends = Instant::now() + limit;
        if ends < self.deadline {
            (ends, stage)
        } else {
            (self.deadline, Stage::Whole)
        }
    }

    /// The error for a limit that has passed, and what the attempt counts as: a host is not to
    /// blame for the end of the time for the whole request.
    pub(crate) fn passed(&self, upstream: &Arc<str>, stage: Stage) -> (UpstreamError, Outcome) {
        let (limit, outcome) = match stage {
            Stage::FirstByte => (self.limits.first_byte, Outcome::TimedOut),
            Stage::BetweenBytes => (self.limits.between_bytes, Outcome::TimedOut),
            Stage::Connect | Stage::Whole => (self.limits.whole, Outcome::Abandoned),
        };
        let error = UpstreamError::TimedOut {
            upstream: Arc::clone(upstream),
            stage,
            limit,
        };
        (error, outcome)
    }
}

impl Answer {
    pub(crate) fn new(
        upstream: Arc<str>,
        mut response: Response,
        attempt: Attempt,
        slot: Slot,
        clock: Clock,
    ) -> Self {
        attempt.answering();
        Self {
            upstream,
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: Body::Coming(Box::new(Coming {
                response,
                attempt,
                _slot: slot,
            })),
            clock,
        }
    }

    /// Its status, one of the 2xx.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The next piece of the body as it came; `None` after the last one. A call that is dropped
    /// loses nothing: the next one gives the same piece.
    ///
    /// # Errors
    /// The answer broke off, or a time limit passed. The same error comes again after that.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, UpstreamError> {
        let coming = match &mut self.body {
            Body::Coming(coming) => coming,
            Body::Whole => return Ok(None),
            Body::Broken(error) => return Err(error.clone()),
        };
        let (until, stage) = self.clock.until(Stage::BetweenBytes);
        let (error, outcome) = match timeout_at(until, coming.response.chunk()).await {
            Ok(Ok(Some(piece))) => return Ok(Some(piece)),
            Ok(Ok(None)) => {
                self.end(Body::Whole, Outcome::Served);
                return Ok(None);
            }
            Ok(Err(error)) => {
                let broke_off = UpstreamError::Interrupted {
                    upstream: Arc::clone(&self.upstream),
                    cause: root_cause(&error),
                };
                (broke_off, Outcome::Interrupted)
            }
            Err(_) => self.clock.passed(&self.upstream, stage),
        };
        self.end(Body::Broken(error.clone()), outcome);
        Err(error)
    }

    fn end(&mut self, body: Body, outcome: Outcome) {
        if let Body::Coming(coming) = std::mem::replace(&mut self.body, body) {
            coming.attempt.end(outcome);
        }
    }

    /// The rest of the body, if it is no longer than `limit_bytes`.
    ///
    /// # Errors
    /// Those of [`Self::chunk`]; or it is longer, and the connection is closed.
    pub async fn bytes(mut self, limit_bytes: usize) -> Result<Bytes, UpstreamError> {
        let mut body = BytesMut::new();
        while let Some(piece) = self.chunk().await? {
            if body.len() + piece.len() > limit_bytes {
                return Err(UpstreamError::TooLong {
                    upstream: self.upstream,
                    limit_bytes,
                });
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    }

    /// The body read as JSON, if it is no longer than `limit_bytes`.
    ///
    /// # Errors
    /// Those of [`Self::bytes`]; or it is other JSON, or none.
    pub async fn json<T: DeserializeOwned>(self, limit_bytes: usize) -> Result<T, UpstreamError> {
        let upstream = Arc::clone(&self.upstream);
        let body = self.bytes(limit_bytes).await?;
        serde_json::from_slice(&body).map_err(|cause| UpstreamError::Malformed {
            upstream,
            cause: on_one_line(&cause.to_string()),
        })
    }
}
