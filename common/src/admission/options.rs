//! The settings of permits and of the queue.

use std::time::Duration;

use clap::Args;

use crate::settings::values::{at_least_one, seconds};

/// How much may run and wait at once, and for how long.
#[derive(Debug, Clone, Args)]
#[command(next_display_order = 10)]
pub struct AdmissionOptions {
    /// Inferences that run at once; the rest wait
    #[arg(long, default_value_t = 2, value_parser = at_least_one, value_name = "N")]
    pub max_concurrent_requests: usize,

    /// Requests that may wait; more get 503
    #[arg(long, default_value_t = 32, value_name = "N")]
    pub max_queue: usize,

    /// Longest wait in the queue
    #[arg(long, default_value = "60", value_parser = seconds, value_name = "SECONDS")]
    pub queue_timeout_seconds: Duration,

    /// Longest time that one request may compute
    #[arg(long, display_order = 50, default_value = "300", value_parser = seconds, value_name = "SECONDS")]
    pub request_timeout_seconds: Duration,
}
