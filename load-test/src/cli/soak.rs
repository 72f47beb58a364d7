//! Options of `soak`.

use std::time::Duration;

use clap::Args;

use super::{RunArgs, TargetArgs, percent, positive, seconds};

/// Options of `soak`.
#[derive(Debug, Clone, Args)]
pub struct SoakArgs {
    /// Where the services are.
    #[command(flatten)]
    pub target: TargetArgs,

    /// How long requests are sent
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "600")]
    pub duration: Duration,

    /// Clients at each service, each of which waits for its answer
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub workers: u32,

    /// Physical memory may grow by so much an hour
    #[arg(long, value_name = "MIB", value_parser = growth, default_value = "50")]
    pub rss_per_hour: f64,

    /// Open files and sockets may become so many more an hour
    #[arg(long, value_name = "COUNT", value_parser = growth, default_value = "10")]
    pub fds_per_hour: f64,

    /// Threads may become so many more an hour
    #[arg(long, value_name = "COUNT", value_parser = growth, default_value = "5")]
    pub threads_per_hour: f64,

    /// Share of the time at the start in which growth is no leak
    #[arg(long, value_name = "PERCENT", value_parser = warm_up, default_value = "20")]
    pub warm_up: f64,

    /// What is sent, promised and written.
    #[command(flatten)]
    pub run: RunArgs,
}

fn growth(text: &str) -> Result<f64, String> {
    positive(text, "MiB", 1e6)
}

/// As a ratio. What is left has to be long enough to see something in it.
fn warm_up(text: &str) -> Result<f64, String> {
    let share = percent(text)?;
    if share > 0.9 {
        return Err("must be at most 90".into());
    }
    Ok(share)
}
