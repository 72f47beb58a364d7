//! End-to-end tests on the real binary with real models over real sockets.
#![allow(missing_docs)]

mod accuracy;
mod api;
mod clients;
mod lifecycle;
mod models;
mod start;
