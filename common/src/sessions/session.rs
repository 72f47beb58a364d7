//! One session, and what is said of all of them.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::ApiError;
use crate::cancellation::Cancellation;

/// How many sessions there may be, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct SessionLimits {
    /// At once.
    pub max: usize,
    /// Without being used.
    pub idle: Duration,
    /// In all, used or not.
    pub longest: Duration,
}

/// As many sessions exist as may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionsFull {
    /// When trying again makes sense, in seconds: when the first session may have ended.
    pub retry_after_seconds: u64,
}

impl From<SessionsFull> for ApiError {
    fn from(full: SessionsFull) -> Self {
        Self::TooManySessions {
            retry_after_seconds: full.retry_after_seconds,
        }
    }
}

/// How many sessions there are, for health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionCounts {
    /// Now.
    pub open: usize,
    /// May be.
    pub limit: usize,
    /// The most at once since the start.
    pub high_water: usize,
}

/// One session with what belongs to it.
#[derive(Debug)]
pub struct Session<T> {
    pub(super) id: Arc<str>,
    pub(super) cancellation: Cancellation,
    /// What belongs to the session.
    pub value: T,
}

impl<T> Session<T> {
    pub(super) fn new(cancellation: Cancellation, value: T) -> Self {
        Self {
            id: uuid::Uuid::new_v4().simple().to_string().into(),
            cancellation,
            value,
        }
    }

    /// The id, which can't be guessed.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Cancelled when the session has ended, with the cause
    /// [`SessionEnded`](crate::cancellation::CancelCause::SessionEnded), or with
    /// [`Shutdown`](crate::cancellation::CancelCause::Shutdown) when the drain time is over. Work
    /// for the session is to have children of it.
    pub fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }
}
