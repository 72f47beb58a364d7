//! Options of `capacity`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{TargetArgs, WorkloadArgs, percent, rate, seconds};
use crate::objective::Objectives;

/// Options of `capacity`.
#[derive(Debug, Clone, Args)]
pub struct CapacityArgs {
    /// Where the services are. They are asked one after the other.
    #[command(flatten)]
    pub target: TargetArgs,

    /// What has to hold
    #[arg(
        long,
        value_name = "OBJECTIVES",
        default_value = "p95<2s,errors<1%,rejections<1%"
    )]
    pub slo: Objectives,

    /// The first rate, which is doubled until an objective breaks
    #[arg(long, value_name = "PER_SECOND", value_parser = rate, default_value = "0.5")]
    pub start: f64,

    /// A rate that is not exceeded
    #[arg(long, value_name = "PER_SECOND", value_parser = rate, default_value = "1000")]
    pub most: f64,

    /// How long requests arrive at one rate
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "20")]
    pub step_seconds: Duration,

    /// How close the rate that held and the one that broke come to each other
    #[arg(long, value_name = "PERCENT", value_parser = percent, default_value = "5")]
    pub precision: f64,

    /// How often running the rate that was found has to hold again
    #[arg(long, value_name = "TIMES", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub confirm: u32,

    /// What is sent.
    #[command(flatten)]
    pub workload: WorkloadArgs,

    /// Write everything as JSON
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub json: Option<PathBuf>,
}
