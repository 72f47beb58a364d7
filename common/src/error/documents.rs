//! What errors look like to clients, and in the documentation of an endpoint.

use serde::Serialize;
use utoipa::ToSchema;

/// The body of every error answer, in `OpenAI`'s shape.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
}

/// See [`ErrorBody`].
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// For people: what is wrong and what to do.
    pub message: String,
    /// The class of the error, as `OpenAI`'s clients know it.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The parameter that caused it, if one did.
    #[schema(required)]
    pub param: Option<String>,
    /// For programs: what went wrong.
    pub code: &'static str,
}

/// Every error answer, for the documentation of an endpoint.
#[derive(Debug, utoipa::IntoResponses)]
pub enum ErrorResponses {
    /// A parameter or the body can't be used.
    #[response(status = 400)]
    BadRequest(ErrorBody),
    /// No key, or a wrong one.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// No such model.
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// The body came too slowly.
    #[response(status = 408)]
    RequestTimeout(ErrorBody),
    /// The model is in use.
    #[response(status = 409)]
    Conflict(ErrorBody),
    /// Too large or too long.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// A container or codec that the service doesn't read.
    #[response(status = 415)]
    UnsupportedMediaType(ErrorBody),
    /// A fault of the service.
    #[response(status = 500)]
    Internal(ErrorBody),
    /// Full, out of memory, or stopping: try again after `Retry-After` seconds.
    #[response(status = 503)]
    Unavailable(ErrorBody),
    /// The work took too long.
    #[response(status = 504)]
    DeadlineExceeded(ErrorBody),
}
