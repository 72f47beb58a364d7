//! Speech synthesis: text in, speech out, the first audio at once.

pub mod api;
pub mod audio;
pub mod cache;
pub mod config;
pub mod encode;
pub mod engine;
pub mod flight;
pub mod library;
pub mod request;
pub mod runs;
pub mod service;
pub mod speech;
pub mod synthesis;
pub mod text;
