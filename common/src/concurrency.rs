//! Locks, tasks and time, for the modules whose interleavings are checked.
//!
//! Those modules take their locks, spawn their tasks and read their clock here and nowhere
//! else. With the feature `model-checking` the same names stand for shuttle's, which decides
//! which task runs next, so that `tests/races` runs the real code under thousands of schedules.
//! Nothing else differs. `tokio::sync` needs no runtime and stays what it is.

#[cfg(not(feature = "model-checking"))]
mod real;
#[cfg(not(feature = "model-checking"))]
pub(crate) use real::{Instant, Mutex, sleep_until, spawn, spawn_blocking, timeout};

#[cfg(feature = "model-checking")]
mod checked;
#[cfg(feature = "model-checking")]
pub(crate) use checked::{Instant, Mutex, sleep_until, spawn, spawn_blocking, timeout};
