//! What tells the series of one metric from each other.

use prometheus_client::encoding::EncodeLabelSet;

use crate::cancellation::{CancelCause, CancelStage};

/// Labels of a finished request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// The route's pattern, never the raw path.
    pub endpoint: String,
    /// HTTP status; 499 when the client left first.
    pub status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ReasonLabels {
    pub(super) reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct PriorityLabels {
    pub(super) priority: &'static str,
}

/// Why the service closed a connection that its client had not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionEnd {
    /// A request's head took too long.
    SlowHead,
    /// Nothing was asked for too long.
    Idle,
    /// The client took nothing of its answer for too long.
    UnreadAnswer,
    /// As many connections were open as may be.
    TooMany,
}

impl ConnectionEnd {
    pub(super) const ALL: [Self; 4] = [
        Self::SlowHead,
        Self::Idle,
        Self::UnreadAnswer,
        Self::TooMany,
    ];

    /// The value of the `reason` label.
    pub fn label(self) -> &'static str {
        match self {
            Self::SlowHead => "slow_head",
            Self::Idle => "idle",
            Self::UnreadAnswer => "unread_answer",
            Self::TooMany => "too_many",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct CancellationLabels {
    pub(super) cause: &'static str,
    pub(super) stage: &'static str,
}

impl CancellationLabels {
    pub(super) fn new(cause: CancelCause, stage: CancelStage) -> Self {
        Self {
            cause: cause.label(),
            stage: stage.label(),
        }
    }
}
