//! What the generator itself takes of the box.

use std::time::{Duration, Instant};

use procfs::process::Process;

/// Measures this process's computing time.
#[derive(Debug, Clone, Copy)]
pub struct OwnCpu {
    began: Instant,
    spent: Option<Duration>,
}

impl OwnCpu {
    /// From now on.
    pub fn start() -> Self {
        Self {
            began: Instant::now(),
            spent: spent(),
        }
    }

    /// Computing time since then; `None` where it can't be read.
    pub fn seconds(&self) -> Option<f64> {
        Some(spent()?.saturating_sub(self.spent?).as_secs_f64())
    }

    /// The same as a share of one core.
    pub fn share_of_a_core(&self) -> Option<f64> {
        Some(self.seconds()? / self.began.elapsed().as_secs_f64().max(1e-9))
    }
}

fn spent() -> Option<Duration> {
    let stat = Process::myself().ok()?.stat().ok()?;
    let ticks = (stat.utime + stat.stime) as f64;
    Some(Duration::from_secs_f64(
        ticks / procfs::ticks_per_second() as f64,
    ))
}
