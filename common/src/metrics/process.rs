//! What this process takes of the box, under the names that Prometheus' client libraries give
//! to it, so that dashboards made for any service show these as well.

use std::time::{SystemTime, UNIX_EPOCH};

use procfs::process::{LimitValue, Process, Stat};
use procfs::{ProcResult, WithCurrentSystemInfo as _};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Reads `/proc/self` at each scrape. What can't be read is left out.
#[derive(Debug)]
pub(super) struct ProcessCollector {
    /// When the collector was made, which is about when the process began.
    started_seconds: f64,
}

impl ProcessCollector {
    pub(super) fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            started_seconds: since.unwrap_or_default().as_secs_f64(),
        }
    }
}

struct Usage {
    stat: Stat,
    open_files: Option<usize>,
    most_files: Option<u64>,
}

fn usage() -> ProcResult<Usage> {
    let process = Process::myself()?;
    let most_files = process.limits().ok().map(|it| it.max_open_files.soft_limit);
    Ok(Usage {
        stat: process.stat()?,
        open_files: process.fd_count().ok(),
        most_files: most_files.and_then(|it| match it {
            LimitValue::Value(most) => Some(most),
            LimitValue::Unlimited => None,
        }),
    })
}

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let mut write = |name, help, unit: Option<Unit>, metric: &dyn EncodeMetric| {
            let unit = unit.as_ref();
            metric.encode(encoder.encode_descriptor(name, help, unit, metric.metric_type())?)
        };
        write(
            "process_start_time",
            "When the process began, in seconds since 1970",
            Some(Unit::Seconds),
            &ConstGauge::new(self.started_seconds),
        )?;
        let Ok(usage) = usage() else {
            return Ok(());
        };
        let ticks = (usage.stat.utime + usage.stat.stime) as f64;
        write(
            "process_cpu",
            "Computing time of the process, of all its threads",
            Some(Unit::Seconds),
            &ConstCounter::new(ticks / procfs::ticks_per_second() as f64),
        )?;
        write(
            "process_resident_memory",
            "Physical memory that the process takes",
            Some(Unit::Bytes),
            &ConstGauge::new(usage.stat.rss_bytes().get() as i64),
        )?;
        write(
            "process_threads",
            "Threads of the process",
            None,
            &ConstGauge::new(usage.stat.num_threads),
        )?;
        if let Some(open) = usage.open_files {
            write(
                "process_open_fds",
                "Files and sockets that the process has open",
                None,
                &ConstGauge::new(open as i64),
            )?;
        }
        if let Some(most) = usage.most_files {
            write(
                "process_max_fds",
                "Files and sockets that the process may have open",
                None,
                &ConstGauge::new(most as i64),
            )?;
        }
        Ok(())
    }
}
