//! What the slots tell.

use serde::Serialize;
use utoipa::ToSchema;

/// Where a model is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelState {
    /// On its way into memory.
    Loading,
    /// Usable.
    Ready,
    /// On its way out of memory.
    Unloading,
    /// The last load failed; the next request after a pause tries again.
    Failed,
}

/// One model that is not simply unloaded.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModelStatus {
    /// The model's name.
    pub id: String,
    /// Where it is in its life.
    pub state: ModelState,
    /// Requests that use it now.
    pub in_use: usize,
    /// Seconds since a request last used it; absent unless it is ready.
    pub idle_seconds: Option<f64>,
    /// Why the last load failed.
    pub error: Option<String>,
}

/// The model could not be unloaded because requests use it or wait for their turn to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the model is in use")]
pub struct InUse;
