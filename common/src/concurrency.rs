//! Locks, tasks and time, for the modules whose interleavings are checked.
//!
//! Those modules take their locks, spawn their tasks and read their clock here and nowhere
//! else, so that a model checker can stand in for all three.

mod real;

pub use real::{Instant, Mutex, sleep_until, spawn, spawn_blocking, timeout};
