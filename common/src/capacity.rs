//! Whether the service can take one more request, asked before its body is read.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::ApiError;
use crate::admission::Priority;
use crate::core::ServiceCore;
use crate::pressure::Exceeded;

impl ServiceCore {
    /// Whether a request that computes could be taken now. Nothing is reserved: a request
    /// that passes may still find the queue full when its body has arrived.
    ///
    /// # Errors
    /// [`ApiError::ResourceExhausted`] while a guard is tripped, [`ApiError::QueueFull`],
    /// [`ApiError::NoIdleSlot`].
    pub fn check_capacity(&self, priority: Priority) -> Result<(), ApiError> {
        self.pressure.check().map_err(|it| self.exhausted(&it))?;
        self.admission.refuse_if_full(priority)?;
        Ok(())
    }

    fn exhausted(&self, exceeded: &Exceeded) -> ApiError {
        ApiError::ResourceExhausted {
            message: format!("Resource threshold exceeded ({exceeded})"),
            retry_after_seconds: self.admission.retry_after_seconds(),
        }
    }
}

/// Middleware for routes that compute: turns a request away before its body is read.
///
/// # Errors
/// See [`ServiceCore::check_capacity`]; a priority that there is not.
pub async fn require_capacity(
    State(core): State<Arc<ServiceCore>>,
    priority: Priority,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    core.check_capacity(priority)?;
    Ok(next.run(request).await)
}
