//! Options of `compare`.

use std::path::PathBuf;

use clap::Args;

use super::{percent, positive};

/// Options of `compare`.
#[derive(Debug, Clone, Args)]
pub struct CompareArgs {
    /// What --json of `http` wrote before the change
    #[arg(value_name = "BASE")]
    pub base: PathBuf,

    /// What it wrote after the change
    #[arg(value_name = "NEW")]
    pub new: PathBuf,

    /// How often a difference may be found where there is none, in each line
    #[arg(long, value_name = "SHARE", value_parser = alpha, default_value = "0.01")]
    pub alpha: f64,

    /// A smaller difference doesn't matter, real or not
    #[arg(long, value_name = "PERCENT", value_parser = part, default_value = "5")]
    pub at_least: f64,

    /// Write the comparison as JSON
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub json: Option<PathBuf>,
}

/// With more the bootstrap says nothing, with less it would have to draw for minutes.
fn alpha(text: &str) -> Result<f64, String> {
    let alpha = positive(text, "", 0.2)?;
    if alpha < 0.001 {
        return Err("must be at least 0.001".into());
    }
    Ok(alpha)
}

/// As a ratio below 1: nothing gets better by more than all of it.
fn part(text: &str) -> Result<f64, String> {
    let part = percent(text)?;
    if part >= 1.0 {
        return Err("must be less than 100".into());
    }
    Ok(part)
}
