//! The settings of the guards.

use clap::Args;

use crate::settings::values::percent;

/// From where on requests are refused.
#[derive(Debug, Clone, Args)]
#[command(next_display_order = 70)]
pub struct GuardOptions {
    /// Memory in use, of the box or of a cgroup around the service, that makes requests fail
    /// with 503; 0 = never
    #[arg(long, default_value_t = 90.0, value_parser = percent, value_name = "PERCENT")]
    pub memory_threshold_percent: f64,

    /// The same for swap in use
    #[arg(long, default_value_t = 80.0, value_parser = percent, value_name = "PERCENT")]
    pub swap_threshold_percent: f64,

    /// The same for memory in use of the fullest GPU
    #[arg(long, default_value_t = 95.0, value_parser = percent, value_name = "PERCENT")]
    pub vram_threshold_percent: f64,

    /// The same for the share of time in which everything waits for memory (Linux PSI)
    #[arg(long, default_value_t = 20.0, value_parser = percent, value_name = "PERCENT")]
    pub psi_threshold_percent: f64,
}
