//! Whether the service can take one more request, asked before its body is read.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::ApiError;
use crate::core::ServiceCore;
use crate::pressure::Exceeded;

impl ServiceCore {
    /// Whether a request that computes could be taken now. Nothing is reserved: a request
    /// that passes may still find the queue full when its body has arrived.
    ///
    /// # Errors
    /// [`ApiError::ResourceExhausted`] while a guard is tripped, [`ApiError::QueueFull`].
    pub fn check_capacity(&self) -> Result<(), ApiError> {
        self.pressure.check().map_err(|it| self.exhausted(&it))?;
        self.admission.refuse_if_full()?;
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
/// See [`ServiceCore::check_capacity`].
pub async fn require_capacity(
    State(core): State<Arc<ServiceCore>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    core.check_capacity()?;
    Ok(next.run(request).await)
}
