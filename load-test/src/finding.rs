//! What came of a check.

use serde::{Deserialize, Serialize};

use crate::service::Service;

/// What became of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It was kept.
    Proven,
    /// It was not.
    Broken,
    /// The check could not come to an end: nothing is known.
    NotProven,
}

/// A verdict and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// What became of the promise.
    pub verdict: Verdict,
    /// What was seen, with the figures.
    pub seen: String,
}

/// The promise was kept.
pub(crate) fn proven(seen: String) -> Evidence {
    Evidence {
        verdict: Verdict::Proven,
        seen,
    }
}

/// The promise was broken.
pub(crate) fn broken(seen: String) -> Evidence {
    Evidence {
        verdict: Verdict::Broken,
        seen,
    }
}

/// A check of a service and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Finding {
    /// The service that made the promise.
    pub service: Service,
    /// The name of the check.
    pub check: String,
    /// The promise.
    pub promise: String,
    /// What became of it.
    pub verdict: Verdict,
    /// What was seen, with the figures, or why nothing was.
    pub seen: String,
}
