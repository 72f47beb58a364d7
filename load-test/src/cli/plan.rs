//! Options of `plan`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{TargetArgs, WorkloadArgs, seconds};

/// Options of `plan`.
#[derive(Debug, Clone, Args)]
pub struct PlanArgs {
    /// Where the services are.
    #[command(flatten)]
    pub target: TargetArgs,

    /// Step 5: how long ordinary load goes on
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "1800")]
    pub sustained: Duration,

    /// Step 6: how long more is asked than the services can do
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "300")]
    pub stress: Duration,

    /// What is sent.
    #[command(flatten)]
    pub workload: WorkloadArgs,

    /// Write everything as JSON
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub json: Option<PathBuf>,

    /// Write a page with plots of all steps that needs nothing else
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub html: Option<PathBuf>,

    /// Write what was expected of each step as a JUnit test report
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub junit: Option<PathBuf>,
}
