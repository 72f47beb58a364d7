//! What the process of a service uses.

use super::Service;
use crate::kind::Startable;

impl<K: Startable> Service<K> {
    /// Memory that it holds now: resident set size in bytes.
    ///
    /// # Panics
    /// The process is gone.
    pub fn rss_bytes(&self) -> u64 {
        self.status_bytes("VmRSS:")
    }

    /// The most memory that it ever held.
    ///
    /// # Panics
    /// The process is gone.
    pub fn peak_rss_bytes(&self) -> u64 {
        self.status_bytes("VmHWM:")
    }

    fn status_bytes(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.pid());
        let status = std::fs::read_to_string(path).expect("the process runs");
        let kib = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = kib.and_then(|it| it.trim().strip_suffix(" kB"));
        let kib: u64 = kib
            .and_then(|it| it.parse().ok())
            .expect("a live process has memory");
        kib * 1024
    }

    /// CPU time that its threads have used since the start, in seconds.
    ///
    /// # Panics
    /// The process is gone already.
    pub fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid()))
            .expect("the service still runs");
        // The name in parentheses may hold anything; user and system time are the 14th and 15th.
        let after_name = stat.rsplit(") ").next().unwrap_or_default();
        let ticks: f64 = after_name
            .split(' ')
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<f64>().ok())
            .sum();
        ticks / rustix::param::clock_ticks_per_second() as f64
    }
}
