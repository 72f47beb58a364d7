//! The settings that both services share.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};

const MIB: u64 = 1024 * 1024;

/// Flags and variables of the same names; see [`crate::settings`].
#[derive(Debug, Clone, Args)]
pub struct CommonConfig {
    /// Address to listen on. Anything but a loopback address is open to the network: set keys.
    #[arg(long, default_value = "127.0.0.1")]
    pub host: std::net::IpAddr,

    /// Where the model files are [default: $XDG_DATA_HOME/voice-stack/models]
    #[arg(long, value_name = "DIR")]
    pub models_dir: Option<PathBuf>,

    /// Inferences that run at once; the rest wait
    #[arg(long, default_value_t = 2, value_parser = at_least_one, value_name = "N")]
    pub max_concurrent_requests: usize,

    /// Requests that may wait; more get 503
    #[arg(long, default_value_t = 32, value_name = "N")]
    pub max_queue: usize,

    /// Longest wait in the queue
    #[arg(long, default_value = "60", value_parser = seconds, value_name = "SECONDS")]
    pub queue_timeout_seconds: Duration,

    /// Largest request body
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1_048_576), value_name = "MIB")]
    pub max_upload_size_mb: u64,

    /// Bodies of all requests that wait, together
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=1_048_576), value_name = "MIB")]
    pub max_waiting_uploads_mb: u64,

    /// Models that stay in memory; the least recently used leaves first
    #[arg(long, default_value_t = 1, value_parser = at_least_one, value_name = "N")]
    pub max_loaded_models: usize,

    /// Unload a model that nobody used for this long; 0 = never
    #[arg(long, default_value = "60", value_parser = minutes, value_name = "MINUTES")]
    pub idle_timeout_minutes: Duration,

    /// Load the default model at start instead of at the first request
    #[arg(long, default_value_t = false, action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub preload: bool,

    /// Longest time that one request may compute
    #[arg(long, default_value = "300", value_parser = seconds, value_name = "SECONDS")]
    pub request_timeout_seconds: Duration,

    /// For the head of a request, and for each 4 KiB of its body
    #[arg(long, default_value = "10", value_parser = some_seconds, value_name = "SECONDS")]
    pub receive_timeout_seconds: Duration,

    /// For a connection between two requests
    #[arg(long, default_value = "75", value_parser = some_seconds, value_name = "SECONDS")]
    pub keep_alive_seconds: Duration,

    /// For a client that takes nothing of its answer
    #[arg(long, default_value = "30", value_parser = some_seconds, value_name = "SECONDS")]
    pub send_timeout_seconds: Duration,

    /// Open connections; more get 503
    #[arg(long, default_value_t = 2048, value_parser = at_least_one, value_name = "N")]
    pub max_connections: usize,

    /// After SIGTERM, unready but still accepting, for load balancers to notice
    #[arg(long, default_value = "5", value_parser = seconds, value_name = "SECONDS")]
    pub drain_grace_seconds: Duration,

    /// From SIGTERM on, for running requests to finish
    #[arg(long, default_value = "30", value_parser = seconds, value_name = "SECONDS")]
    pub drain_timeout_seconds: Duration,

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

    /// File with one API key a line; without it, no key is needed
    #[arg(long, value_name = "FILE")]
    pub api_keys_file: Option<PathBuf>,

    /// Origins that browsers may call from, separated by commas, or *
    #[arg(long, value_delimiter = ',', value_name = "ORIGIN")]
    pub cors_origins: Vec<String>,

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

/// Where to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Device {
    /// The GPU if the build and the box have one, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// An NVIDIA GPU, or no start.
    Cuda,
}

impl CommonConfig {
    /// The body limit in bytes.
    pub fn max_upload_bytes(&self) -> u64 {
        self.max_upload_size_mb * MIB
    }

    /// What the bodies of all waiting requests may hold together; one always has room.
    pub fn max_waiting_upload_bytes(&self) -> u64 {
        (self.max_waiting_uploads_mb * MIB).max(self.max_upload_bytes() + MIB)
    }
}

pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".into()),
        Ok(number) => Ok(number),
        Err(_) => Err("not a whole number".into()),
    }
}

/// A duration in seconds, fractions allowed. At most a year, which keeps sums of instants
/// far from overflow.
///
/// # Errors
/// Not a number, negative, or longer than a year.
pub fn seconds(text: &str) -> Result<Duration, String> {
    const YEAR_SECONDS: f64 = 365.0 * 86_400.0;
    match text.parse::<f64>() {
        Ok(value) if (0.0..=YEAR_SECONDS).contains(&value) => Ok(Duration::from_secs_f64(value)),
        Ok(_) => Err("must be between 0 and a year".into()),
        Err(_) => Err("not a number".into()),
    }
}

/// As [`seconds`], for a limit that would leave no time at all if it were 0.
fn some_seconds(text: &str) -> Result<Duration, String> {
    match seconds(text)? {
        Duration::ZERO => Err("must be more than 0".into()),
        some => Ok(some),
    }
}

fn minutes(text: &str) -> Result<Duration, String> {
    let value = text
        .parse::<f64>()
        .map_err(|_| "not a number".to_string())?;
    seconds(&(value * 60.0).to_string())
}

fn percent(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if (0.0..=100.0).contains(&value) => Ok(value),
        Ok(_) => Err("must be between 0 and 100".into()),
        Err(_) => Err("not a number".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_outside_of_0_to_100_are_refused() {
        for text in ["-1", "100.1", "NaN", "inf"] {
            assert_eq!(percent(text), Err("must be between 0 and 100".into()));
        }
        for text in ["90%", "", "most"] {
            assert_eq!(percent(text), Err("not a number".into()));
        }
    }

    #[test]
    fn durations_take_fractions_and_refuse_what_is_none() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(minutes("0.05"), Ok(Duration::from_secs(3)));
        for text in ["-1", "NaN", "inf", "1e30", "soon", ""] {
            assert!(seconds(text).is_err() && minutes(text).is_err(), "{text}");
        }
    }
}
