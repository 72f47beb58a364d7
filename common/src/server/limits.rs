//! What a connection may take how long for.

use std::time::Duration;

use super::options::ServerOptions;

/// What connections may take how long for, and how many there may be.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// For the head of a request, from its first byte; on a new connection from its start.
    pub head: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// For a client that takes nothing of the answer that it is being sent.
    pub unread_answer: Duration,
    /// Open at once; more are refused.
    pub max_connections: usize,
}

impl ConnectionLimits {
    /// What the operator has set.
    pub fn configured(options: &ServerOptions) -> Self {
        Self {
            head: options.receive_timeout_seconds,
            idle: options.keep_alive_seconds,
            unread_answer: options.send_timeout_seconds,
            max_connections: options.max_connections,
        }
    }

    /// Often enough that a limit is kept to within a few per cent, or to a second.
    pub(super) fn check_every(&self) -> Duration {
        let shortest = self.head.min(self.idle).min(self.unread_answer);
        (shortest / 20).clamp(Duration::from_millis(10), Duration::from_secs(1))
    }
}
