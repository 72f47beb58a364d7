//! The real readings.

use std::path::Path;

use sysinfo::System;

use super::cgroup::Cgroups;
use super::psi;
use super::reading::{ReadPressure, Reading, Resource, Scope};
use super::thresholds::Thresholds;
use super::vram::Vram;

/// Reads the host, the cgroups of this process, and NVIDIA GPUs. The figures of GPUs could
/// not be verified yet, for want of one.
#[derive(Debug)]
pub struct SystemReadings {
    host: Option<System>,
    cgroups: Cgroups,
    vram: Option<Vram>,
}

impl SystemReadings {
    /// Finds out what there is to read. GPUs are left alone while their guard is off, so
    /// that turning it off also avoids a driver that misbehaves; the rest is read for
    /// health and metrics all the same.
    pub fn new(thresholds: &Thresholds) -> Self {
        Self {
            host: System::new()
                .inspect_err(|cause| tracing::warn!(%cause, "the host's memory can't be read"))
                .ok(),
            cgroups: Cgroups::discover(Path::new("/")),
            vram: (thresholds.vram_percent > 0.0).then(Vram::open).flatten(),
        }
    }
}

impl ReadPressure for SystemReadings {
    fn read(&mut self) -> Vec<Reading> {
        let mut readings = Vec::new();
        let mut host_bytes = 0;
        if let Some(system) = &mut self.host {
            system.refresh_memory();
            host_bytes = system.total_memory();
            let used_bytes = host_bytes.saturating_sub(system.available_memory());
            let memory = Resource::Memory;
            readings.extend(Reading::of_bytes(
                memory,
                Scope::Host,
                used_bytes,
                host_bytes,
            ));
            readings.push(swap(system.used_swap(), system.total_swap()));
        }
        readings.extend(psi::read(Path::new("/proc/pressure/memory"), Scope::Host));
        // Of a host that is not known, every limit is below its memory.
        let largest_limit = if host_bytes == 0 {
            u64::MAX
        } else {
            host_bytes
        };
        readings.extend(self.cgroups.readings(largest_limit));
        readings.extend(self.vram.iter().flat_map(Vram::readings));
        readings
    }
}

/// No swap is no pressure, not a missing reading.
fn swap(used_bytes: u64, total_bytes: u64) -> Reading {
    Reading::of_bytes(Resource::Swap, Scope::Host, used_bytes, total_bytes).unwrap_or(Reading {
        resource: Resource::Swap,
        percent: 0.0,
        used_bytes: Some(0),
        limit_bytes: Some(0),
        scope: Scope::Host,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_without_swap_has_no_swap_in_use() {
        assert!(swap(0, 0).percent.abs() < f64::EPSILON);
        assert!((swap(1, 4).percent - 25.0).abs() < f64::EPSILON);
    }

    #[test]
    fn this_box_has_memory_of_which_some_is_in_use() {
        let mut source = SystemReadings::new(&Thresholds {
            vram_percent: 95.0,
            ..Thresholds::default()
        });
        let readings = source.read();
        let host = readings
            .iter()
            .find(|it| it.resource == Resource::Memory && it.scope == Scope::Host)
            .unwrap();
        assert!(host.percent > 0.0 && host.percent < 100.0, "{host:?}");
        assert!(host.used_bytes < host.limit_bytes, "{host:?}");
        assert!(readings.iter().all(|it| it.percent.is_finite()));
    }
}
