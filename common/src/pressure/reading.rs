//! What is measured, where, and when it is too much.

use std::fmt;

/// Something that a box can run out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Main memory, without page cache.
    Memory,
    /// Swap space.
    Swap,
    /// Memory of a GPU.
    Vram,
    /// Pressure stall information: the share of the last 10 s in which every runnable
    /// process waited for memory. It tells thrashing from memory that is merely in use.
    Psi,
}

impl Resource {
    /// All resources, in the order in which they are reported.
    pub const ALL: [Self; 4] = [Self::Memory, Self::Swap, Self::Vram, Self::Psi];

    /// The name in messages, metrics and health.
    pub fn label(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Swap => "swap",
            Self::Vram => "vram",
            Self::Psi => "psi",
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.label())
    }
}

/// Whose resource was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The whole machine.
    Host,
    /// A control group that this process is in.
    Cgroup {
        /// Last component of the group's path, such as `voice.service`, because clients see
        /// it. Empty for the root of a cgroup namespace, which doesn't know its own name.
        name: String,
    },
    /// A GPU.
    Device {
        /// Product name, such as `NVIDIA H200`.
        name: String,
    },
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => formatter.write_str("host"),
            Self::Cgroup { name } if name.is_empty() => formatter.write_str("cgroup"),
            Self::Cgroup { name } => write!(formatter, "cgroup {name}"),
            Self::Device { name } => formatter.write_str(name),
        }
    }
}

/// One measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What was measured.
    pub resource: Resource,
    /// How much of it is in use, in percent. Over 100 where a group is above `memory.high`.
    pub percent: f64,
    /// Bytes in use; none for PSI.
    pub used_bytes: Option<u64>,
    /// Bytes that there are; none for PSI.
    pub limit_bytes: Option<u64>,
    /// Where it was measured.
    pub scope: Scope,
}

impl Reading {
    /// A share in percent, of what isn't counted in bytes.
    pub fn of_percent(resource: Resource, scope: Scope, percent: f64) -> Self {
        Self {
            resource,
            percent,
            used_bytes: None,
            limit_bytes: None,
            scope,
        }
    }

    /// `used_bytes` of `limit_bytes`. Nothing can be said of a limit of zero.
    pub(super) fn of_bytes(
        resource: Resource,
        scope: Scope,
        used_bytes: u64,
        limit_bytes: u64,
    ) -> Option<Self> {
        (limit_bytes > 0).then(|| Self {
            resource,
            percent: percent_of(used_bytes, limit_bytes),
            used_bytes: Some(used_bytes),
            limit_bytes: Some(limit_bytes),
            scope,
        })
    }
}

/// `part` of `whole` (not zero) in percent.
pub(super) fn percent_of(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64 * 100.0
}

/// Where readings come from.
pub trait ReadPressure: Send {
    /// Everything that can be measured now. What can't be measured is left out.
    fn read(&mut self) -> Vec<Reading>;
}
