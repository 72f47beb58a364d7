//! Refusing work before the box runs out: guards over memory, swap, GPU memory and stalls.
//!
//! A background thread ([`watch`]) takes [`Reading`]s four times a second or so and feeds
//! them to a [`PressureGuard`]; requests only ask what it concluded last. A guard trips at
//! its threshold and clears only after the reading stayed 5 points lower for 2 s, so that
//! it doesn't flap while work that it refused goes elsewhere and comes back.
//!
//! Memory is read on every level that can run out: the host, the process's own cgroup and
//! all cgroups above it. Page cache is not counted on any level, because the kernel gives
//! it back: reading a model file must not look like pressure.

mod cgroup;
mod guard;
pub(crate) mod options;
mod psi;
mod reading;
mod refusal;
mod system;
mod thresholds;
mod trip;
mod vram;
mod watch;

pub use guard::{GuardStatus, PressureGuard};
pub use options::GuardOptions;
pub use reading::{ReadPressure, Reading, Resource, Scope};
pub use refusal::{Exceeded, NoRoom};
pub use system::SystemReadings;
pub use thresholds::Thresholds;
pub use watch::{Watcher, watch};
