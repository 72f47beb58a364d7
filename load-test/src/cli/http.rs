//! Options of `http`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{RunArgs, TargetArgs, rate, seconds};
use crate::arrivals::Pattern;

/// How requests arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Arrival {
    /// At equal distances
    Constant,
    /// As people's do, who know nothing of each other
    Poisson,
}

/// Options of `http`.
#[derive(Debug, Clone, Args)]
pub struct HttpArgs {
    /// Where the services are.
    #[command(flatten)]
    pub target: TargetArgs,

    /// Closed loop: clients at each service, each of which waits for its answer
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub workers: u32,

    /// Open loop: requests a second to each service, whatever becomes of those before
    #[arg(long, value_name = "PER_SECOND", value_parser = rate, conflicts_with_all = ["workers", "burst"])]
    pub rate: Option<f64>,

    /// Open loop: how requests arrive
    #[arg(
        long,
        value_enum,
        default_value = "poisson",
        requires = "rate",
        conflicts_with = "workers"
    )]
    pub arrival: Arrival,

    /// Open loop: so many at once, every so often, as 5x10s
    #[arg(long, value_name = "NxSECONDS", conflicts_with = "workers")]
    pub burst: Option<Pattern>,

    /// Requests to each service in all [default: 50, unless a duration is given]
    #[arg(long, value_name = "N", conflicts_with = "duration", value_parser = clap::value_parser!(u64).range(1..))]
    pub requests: Option<u64>,

    /// Go on for so long instead
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub duration: Option<Duration>,

    /// Send a request that was turned away again, so often, when the service says
    #[arg(long, value_name = "TIMES", default_value_t = 0)]
    pub retry: u32,

    /// What is sent, promised and written.
    #[command(flatten)]
    pub run: RunArgs,
}
