//! What every voice-stack service promises, one module a promise.
//!
//! A thing lives here only if it is no single service's own.

pub mod admission;
pub mod auth;
pub mod callers;
pub mod cancellation;
pub mod capacity;
mod concurrency;
pub mod config;
pub mod core;
pub mod error;
pub mod health;
pub mod jobs;
pub mod limits;
pub mod memory;
pub mod metrics;
pub mod middleware;
pub mod model_slots;
pub mod models_api;
pub mod pressure;
pub mod priority;
pub mod process;
pub mod rate_limit;
pub mod server;
pub mod service;
pub mod sessions;
pub mod settings;
pub mod telemetry;
pub mod temporary_keys;
#[cfg(test)]
mod testing;
pub mod uploads;
mod visible;
pub mod websocket;

pub use error::ApiError;
