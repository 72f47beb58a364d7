//! End-to-end tests on the real binary with real models over real sockets.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used)] // in tests, helpers included

mod accuracy;
mod api;
mod clients;
mod hostile;
mod lifecycle;
mod models;
mod start;
