//! The settings of the log.

use clap::{Args, ValueEnum};

/// What is logged, and how.
#[derive(Debug, Clone, Args)]
#[command(next_display_order = 90)]
pub struct LogOptions {
    /// error, warn, info, debug, trace, or a tracing filter such as `info,voice_stack_asr=debug`
    #[arg(long, default_value = "info", value_name = "FILTER")]
    pub log_level: String,

    /// Form of the log [default: json under systemd, else text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
