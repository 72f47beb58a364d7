//! What request bodies hold, all together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The bodies of all requests that are being received or wait for a permit.
#[derive(Debug)]
pub struct Uploads {
    window: Duration,
    most_bytes: u64,
    held_bytes: AtomicU64,
}

impl Uploads {
    /// Each body must bring some kilobytes each `window`; all together may hold `most_bytes`.
    pub fn new(window: Duration, most_bytes: u64) -> Self {
        Self {
            window,
            most_bytes,
            held_bytes: AtomicU64::new(0),
        }
    }

    /// Bytes of all bodies whose requests are not answered yet.
    pub fn held_bytes(&self) -> u64 {
        self.held_bytes.load(Ordering::Acquire)
    }

    /// Bytes that all bodies together may hold.
    pub fn most_bytes(&self) -> u64 {
        self.most_bytes
    }

    /// What each body must bring some kilobytes in.
    pub(super) fn window(&self) -> Duration {
        self.window
    }

    /// Begins to count a body's bytes.
    pub(super) fn hold(self: &Arc<Self>) -> Held {
        Held {
            uploads: Arc::clone(self),
            bytes: AtomicU64::new(0),
        }
    }
}

/// The bytes of one body, counted until its request is answered or its client leaves.
#[derive(Debug)]
pub(super) struct Held {
    uploads: Arc<Uploads>,
    bytes: AtomicU64,
}

impl Held {
    /// False when all bodies together hold more than they may.
    pub(super) fn add(&self, bytes: u64) -> bool {
        let others = self.uploads.held_bytes.fetch_add(bytes, Ordering::AcqRel);
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
        others + bytes <= self.uploads.most_bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let bytes = self.bytes.load(Ordering::Acquire);
        self.uploads.held_bytes.fetch_sub(bytes, Ordering::AcqRel);
    }
}
