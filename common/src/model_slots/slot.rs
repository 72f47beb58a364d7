//! What one slot can be.

use std::sync::Arc;
use std::time::Duration;

use super::loader::LoadError;
use super::status::{ModelState, ModelStatus};
use crate::concurrency::Instant;

/// A pause after a failed load; the next failure in a row doubles it.
pub(super) type BackOff = Duration;

/// One model's place.
pub(super) enum Slot<M> {
    Loading {
        last_back_off: Option<BackOff>,
    },
    Ready {
        model: Arc<M>,
        leases: usize,
        last_used: Instant,
    },
    Unloading,
    Failed {
        error: LoadError,
        retry_at: Instant,
        back_off: BackOff,
    },
    /// It didn't fit. Not a failure: the model may be fine.
    Refused {
        message: String,
        retry_at: Instant,
        last_back_off: Option<BackOff>,
    },
}

impl<M> Slot<M> {
    pub(super) fn occupies_memory(&self) -> bool {
        !matches!(self, Self::Failed { .. } | Self::Refused { .. })
    }

    /// What `id`'s slot shows to people; `None` where it is simply unloaded.
    pub(super) fn status(&self, id: &str, now: Instant) -> Option<ModelStatus> {
        let (state, in_use, idle_seconds, error) = match self {
            Self::Loading { .. } => (ModelState::Loading, 0, None, None),
            Self::Unloading => (ModelState::Unloading, 0, None, None),
            Self::Ready {
                leases, last_used, ..
            } => {
                let idle = now.saturating_duration_since(*last_used);
                (ModelState::Ready, *leases, Some(idle.as_secs_f64()), None)
            }
            Self::Failed {
                error, retry_at, ..
            } if *retry_at > now => (ModelState::Failed, 0, None, Some(error.to_string())),
            Self::Failed { .. } | Self::Refused { .. } => return None,
        };
        Some(ModelStatus {
            id: id.to_string(),
            state,
            in_use,
            idle_seconds,
            error,
        })
    }
}
