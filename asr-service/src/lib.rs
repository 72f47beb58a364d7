//! The ASR service: speech in, text out.

pub mod api;
pub mod config;
pub mod engine;
pub mod format;
pub mod job;
pub mod library;
pub mod service;
pub mod upload;
