//! What the end-to-end tests share: starting a service, talking to it, samples, scoring.

pub mod bombs;
pub mod cgroup;
pub mod client;
pub mod multipart;
pub mod mutation;
pub mod python;
pub mod raw;
pub mod samples;
pub mod scrape;
pub mod service;
pub mod synthetic;
pub mod wer;
