//! Speech synthesis: text in, speech out, the first audio at once.

mod api;
mod app;
pub mod audio;
mod cache;
pub mod config;
pub mod encode;
pub mod engine;
mod library;
mod metrics;
mod request;
mod runs;
pub mod service;
mod shared_synthesis;
mod synthesis;
pub mod text;
