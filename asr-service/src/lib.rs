//! The ASR service: speech in, text out.

mod api;
pub mod config;
pub mod engine;
mod format;
mod job;
mod library;
pub mod service;
