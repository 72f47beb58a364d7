//! The settings of listening, connections and the end.

use std::net::IpAddr;
use std::time::Duration;

use clap::Args;

use crate::settings::values::{at_least_one, seconds, some_seconds};

/// Where a service listens, what connections may take, and how it ends.
#[derive(Debug, Clone, Args)]
#[command(next_display_order = 60)]
pub struct ServerOptions {
    /// Address to listen on. Anything but a loopback address is open to the network: set keys.
    #[arg(long, display_order = 0, default_value = "127.0.0.1")]
    pub host: IpAddr,

    /// For the head of a request, and for each 4 KiB of its body
    #[arg(long, default_value = "10", value_parser = some_seconds, value_name = "SECONDS")]
    pub receive_timeout_seconds: Duration,

    /// For a connection between two requests
    #[arg(long, default_value = "75", value_parser = some_seconds, value_name = "SECONDS")]
    pub keep_alive_seconds: Duration,

    /// For a client that takes nothing of its answer
    #[arg(long, default_value = "30", value_parser = some_seconds, value_name = "SECONDS")]
    pub send_timeout_seconds: Duration,

    /// Open connections; more get 503
    #[arg(long, default_value_t = 2048, value_parser = at_least_one, value_name = "N")]
    pub max_connections: usize,

    /// After SIGTERM, unready but still accepting, for load balancers to notice
    #[arg(long, default_value = "5", value_parser = seconds, value_name = "SECONDS")]
    pub drain_grace_seconds: Duration,

    /// From SIGTERM on, for running requests to finish
    #[arg(long, default_value = "30", value_parser = seconds, value_name = "SECONDS")]
    pub drain_timeout_seconds: Duration,
}
