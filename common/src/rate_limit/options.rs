//! The settings of the rate limit.

use std::time::Duration;

use clap::Args;

use crate::settings::values::some_seconds;

/// How often one client may ask.
#[derive(Debug, Clone, Args)]
pub struct RateLimitOptions {
    /// Requests of one key or address in RATE_LIMIT_PERIOD_SECONDS; more get 429; 0 = any number
    /// [default: 100; 0 on a loopback address without keys]
    #[arg(long, value_name = "N")]
    pub rate_limit_requests: Option<u32>,

    /// The time of RATE_LIMIT_REQUESTS
    #[arg(long, default_value = "60", value_parser = some_seconds, value_name = "SECONDS")]
    pub rate_limit_period_seconds: Duration,
}
