//! The settings of tools.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use voice_common::settings::values::seconds;

/// What answers can look up.
#[derive(Debug, Clone, Args)]
pub struct ToolsConfig {
    /// JSON file with the tools that answers may call
    #[arg(long, value_name = "FILE")]
    pub tools_file: Option<PathBuf>,

    /// Offer the tool demo_balance, whose balance is made up, and let it take so long; always
    /// offered where the built-in responder answers
    #[arg(long, value_parser = seconds, value_name = "SECONDS")]
    pub demo_balance_delay_seconds: Option<Duration>,
}
