//! All WebSockets of a service: how many there may be, and what each may do.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::metrics::WebSocketMetrics;
use crate::settings::values::at_least_one;

/// Settings of a service that has WebSockets.
#[derive(Debug, Clone, Args)]
pub struct WebSocketOptions {
    /// Open WebSockets; more get 503
    #[arg(long, default_value_t = 256, value_parser = at_least_one, value_name = "N")]
    pub max_websockets: usize,
}

/// What one WebSocket may do. How long its client may take nothing of what it is sent is the
/// server's affair: `SEND_TIMEOUT_SECONDS`, as for any answer.
#[derive(Debug, Clone, Copy)]
pub struct WebSocketLimits {
    /// Largest message from a client, in bytes; a larger one ends the WebSocket with 1009.
    pub message_bytes: usize,
    /// Largest frame from a client, in bytes, alike. Memory for a frame is taken when its
    /// length is known, before its bytes are there.
    pub frame_bytes: usize,
    /// Messages of a client that wait for the handler, in bytes together; beyond them nothing
    /// is read. One of the largest always has room.
    pub incoming_bytes: u32,
    /// Messages that wait for being sent, in bytes together; beyond them senders wait. Also
    /// the largest message that a handler may send.
    pub backlog_bytes: u32,
    /// A client from which nothing comes for this long is gone. It is sent two pings before.
    pub idle: Duration,
}

impl Default for WebSocketLimits {
    fn default() -> Self {
        Self {
            message_bytes: 1024 * 1024,
            frame_bytes: 1024 * 1024,
            incoming_bytes: 1024 * 1024,
            backlog_bytes: 2 * 1024 * 1024,
            idle: Duration::from_mins(1),
        }
    }
}

/// The WebSockets of a service: how many there may be, what each may do, and what is counted.
/// Clones share the same state.
#[derive(Debug, Clone)]
pub struct WebSockets {
    pub(super) limits: WebSocketLimits,
    places: Arc<Semaphore>,
    pub(super) metrics: WebSocketMetrics,
}

impl WebSockets {
    /// At most `max_open` at once. Its metrics are still to be registered.
    pub fn new(max_open: usize, limits: WebSocketLimits) -> Self {
        Self {
            limits,
            places: Arc::new(Semaphore::new(max_open.min(Semaphore::MAX_PERMITS))),
            metrics: WebSocketMetrics::default(),
        }
    }

    /// What is counted, for the service's registry.
    pub fn metrics(&self) -> &WebSocketMetrics {
        &self.metrics
    }

    /// A place for one more, if there is one.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }
}
