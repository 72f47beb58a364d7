//! End-to-end tests on the real binary with real models over real sockets.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used)] // in tests, helpers included

mod accuracy;
mod api;
mod clients;
mod concurrency;
mod drain;
mod hostile;
mod lifecycle;
mod memory;
mod models;
mod probes;
mod slow_clients;
mod start;
mod systemd;
