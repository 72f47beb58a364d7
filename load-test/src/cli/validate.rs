//! Options of `validate`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{TargetArgs, minutes, seconds};

/// Options of `validate`.
#[derive(Debug, Clone, Args)]
pub struct ValidateArgs {
    /// Where the services are.
    #[command(flatten)]
    pub target: TargetArgs,

    /// Look into these promises only, such as slots,hang-up
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    pub only: Vec<String>,

    /// A client that hangs up shall have freed its slot after so long
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "0.25")]
    pub free_within: Duration,

    /// A probe of a busy service shall be answered within so long (99th percentile)
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "0.01")]
    pub probe_within: Duration,

    /// Length of the recordings that keep an ASR service busy
    #[arg(long, value_name = "MINUTES", value_parser = minutes, default_value = "10")]
    pub long_minutes: f64,

    /// Prove `drain` with the service itself, restarted by this command of the shell, such as
    /// 'systemctl restart voice-stack-{service}'; {service} becomes asr or tts
    #[arg(long, value_name = "COMMAND")]
    pub manage: Option<String>,

    /// Write the findings as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Write the findings as a JUnit test report
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}
