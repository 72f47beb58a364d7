//! What the end-to-end tests share: starting a service, talking to it, samples.

pub mod answer;
pub mod bombs;
pub mod cgroup;
pub mod client;
pub mod debian_tools;
pub mod effort;
pub mod kind;
pub mod multipart;
pub mod mutation;
pub mod python;
pub mod random;
pub mod raw;
pub mod request;
pub mod samples;
pub mod scrape;
pub mod service;
pub mod speech;
pub mod wire;

pub use voice_stack_load::corpus::synthetic;
