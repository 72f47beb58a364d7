//! Load tool of voice-stack: does this box keep the services' promises, and how much can it
//! carry?
//!
//! ```text
//! corpus → workload → arrivals → client → exchange → summary → report
//!                                    └ score: is the answer right?
//!          watch: what the services say of themselves meanwhile
//! ```

pub mod arrivals;
pub mod cli;
pub mod client;
mod command;
pub mod corpus;
pub mod distribution;
pub mod exchange;
pub mod exit;
mod finding;
mod format;
pub mod mode;
mod objective;
mod progress;
mod quote;
mod report;
pub mod run;
pub mod score;
pub mod service;
mod statistics;
mod summary;
pub mod target;
pub mod watch;
pub mod workload;
