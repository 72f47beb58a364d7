//! How long an upstream may take.

use std::time::Duration;

/// Time limits of one request. The limit for connecting is the pool's: connections are shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// From the sending of a request to the head of its answer; connecting and the sending of
    /// the body are within it. Each attempt has this time anew.
    pub first_byte: Duration,
    /// Between two pieces of an answer's body.
    pub between_bytes: Duration,
    /// From the call to the last byte of the answer, with everything in between: the wait for a
    /// free connection, attempts, pauses. A request that ends here is held against no host, so
    /// it has to be longer than `first_byte`, or a host that never answers is never noticed.
    pub whole: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(10),
            between_bytes: Duration::from_secs(10),
            whole: Duration::from_mins(1),
        }
    }
}
