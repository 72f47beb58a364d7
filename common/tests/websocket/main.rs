//! WebSockets over real sockets: the echo service of `examples/echo.rs`, and clients that
//! write their frames byte by byte.
#![allow(clippy::unwrap_used)] // in tests, helpers included

mod cases;
mod drain;
mod guards;
mod raw;
mod service;
