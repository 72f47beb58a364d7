//! The settings of models.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};

use crate::settings::values::{at_least_one, minutes};

/// Where models are and which of them stay in memory, for a service that has models.
#[derive(Debug, Clone, Args)]
#[command(next_display_order = 30)]
pub struct ModelOptions {
    /// Where the model files are [default: $XDG_DATA_HOME/voice-stack/models]
    #[arg(long, display_order = 1, value_name = "DIR")]
    pub models_dir: Option<PathBuf>,

    /// Models that stay in memory; the least recently used leaves first
    #[arg(long, default_value_t = 1, value_parser = at_least_one, value_name = "N")]
    pub max_loaded_models: usize,

    /// Unload a model that nobody used for this long; 0 = never
    #[arg(long, default_value = "60", value_parser = minutes, value_name = "MINUTES")]
    pub idle_timeout_minutes: Duration,

    /// Load the default model at start instead of at the first request
    #[arg(long, default_value_t = false, action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub preload: bool,
}
