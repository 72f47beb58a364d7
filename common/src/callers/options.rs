//! The settings of who may call.

use std::path::PathBuf;

use clap::Args;

/// Who may call a service.
#[derive(Debug, Clone, Args)]
#[command(next_display_order = 80)]
pub struct CallerOptions {
    /// File with one API key a line; without it, no key is needed
    #[arg(long, value_name = "FILE")]
    pub api_keys_file: Option<PathBuf>,

    /// Origins that browsers may call from, separated by commas, or *
    #[arg(long, value_delimiter = ',', value_name = "ORIGIN")]
    pub cors_origins: Vec<String>,
}
