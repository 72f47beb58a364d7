//! What a service says of itself at `/health/detailed`.

use std::time::Duration;

use serde::Deserialize;

use crate::target::Target;

const PATIENCE: Duration = Duration::from_secs(10);

/// The state of a service. What an older service doesn't say is absent.
#[derive(Debug, Clone, Deserialize)]
pub struct State {
    /// `asr` or `tts`.
    pub service: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The model of requests that name none.
    pub default_model: Option<String>,
    /// Requests that run and that wait.
    pub slots: Option<Slots>,
    /// What it was set to allow.
    pub limits: Option<Limits>,
    /// Its process.
    pub process: Option<ProcessState>,
    /// Models that are not simply unloaded.
    #[serde(default)]
    pub models: Vec<Model>,
}

/// Requests that run and that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Slots {
    /// Slots in all.
    pub total: u64,
    /// In use.
    pub active: u64,
    /// Requests that wait.
    pub queued: u64,
}

/// What a service was set to allow.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Limits {
    /// Inferences that run at once.
    pub max_concurrent_requests: u64,
    /// Requests that may wait.
    pub max_queue: u64,
    /// Longest wait in the queue.
    pub queue_timeout_seconds: f64,
    /// Largest file or text.
    pub max_upload_bytes: u64,
    /// From here on an unused model leaves; 0 = never.
    pub idle_timeout_seconds: f64,
    /// From SIGTERM on, for running requests to finish.
    pub drain_timeout_seconds: f64,
}

/// The process of a service.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct ProcessState {
    /// Its number, as the process itself sees it.
    pub pid: u32,
}

/// A model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Model {
    /// Its name.
    pub id: String,
    /// `loading`, `ready`, `unloading` or `failed`.
    pub state: String,
}

/// Asks a service for its state.
///
/// # Errors
/// It can't be reached, or answers with something else.
pub async fn state(http: &reqwest::Client, target: &Target) -> reqwest::Result<State> {
    let asked = http.get(target.at("/health/detailed")).timeout(PATIENCE);
    asked.send().await?.error_for_status()?.json().await
}
