//! Every failure that a client can see, and the one place where it becomes a status.

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

mod documents;

pub use self::documents::{ErrorBody, ErrorDetail, ErrorResponses};

use crate::admission::Rejection;
use crate::cancellation::CancelCause;
use crate::visible::visible;

/// 499, as nginx names it: the client closed the connection before the answer. No
/// client receives it; it is what metrics and logs show.
pub const CLIENT_CLOSED_REQUEST: u16 = 499;

/// What went wrong, in terms of what the caller can do about it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// A parameter is missing or has a value that can't be used.
    #[error("{message}")]
    InvalidParameter {
        /// The field, as the client spells it.
        param: String,
        /// What is wrong and what would be right.
        message: String,
    },
    /// The body as a whole can't be understood.
    #[error("{message}")]
    InvalidBody {
        /// What is wrong.
        message: String,
    },
    /// The input is of a known kind but broken (`code` says which kind).
    #[error("{message}")]
    InvalidInput {
        /// Machine-readable code, such as `invalid_audio`.
        code: &'static str,
        /// The field that carried the input.
        param: &'static str,
        /// What is wrong.
        message: String,
    },
    /// A content type or container that the service doesn't read.
    #[error("{message}")]
    UnsupportedMediaType {
        /// What came and what is accepted.
        message: String,
    },
    /// No key, or a wrong one.
    #[error("Incorrect or missing API key. Send it as 'Authorization: Bearer KEY'.")]
    Unauthorized,
    /// A model name that isn't installed.
    #[error("{message}")]
    ModelNotFound {
        /// Names what is installed.
        message: String,
    },
    /// No such route.
    #[error("No such endpoint: {method} {path}. See /docs.")]
    RouteNotFound {
        /// The request's method.
        method: String,
        /// The request's path.
        path: String,
    },
    /// The route exists, the method doesn't.
    #[error("Method {method} is not allowed for this endpoint. See /docs.")]
    MethodNotAllowed {
        /// The request's method.
        method: String,
    },
    /// The body is larger than the service takes.
    #[error("The request body is larger than the limit of {limit_bytes} bytes.")]
    PayloadTooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// The input is within the byte limit, but too long to process.
    #[error("{message}")]
    InputTooLong {
        /// Machine-readable code, such as `audio_too_long`.
        code: &'static str,
        /// The limit, in words.
        message: String,
    },
    /// The head or the body came too slowly.
    #[error("The request's {part} did not arrive in time.")]
    RequestTimeout {
        /// `head` or `body`.
        part: &'static str,
    },
    /// An operation that the model's present state forbids.
    #[error("{message}")]
    Conflict {
        /// Why, and what would change it.
        message: String,
    },
    /// All slots and the queue are full.
    #[error("Too many concurrent requests")]
    QueueFull {
        /// Seconds after which trying again makes sense.
        retry_after_seconds: u64,
    },
    /// Waited in the queue for longer than the service lets anyone wait.
    #[error("Too many concurrent requests: no slot became free in time")]
    QueueTimeout {
        /// Seconds after which trying again makes sense.
        retry_after_seconds: u64,
    },
    /// All slots are in use, and the request was not to wait.
    #[error("No slot is free for a request of priority idle")]
    NoIdleSlot {
        /// Seconds after which trying again makes sense.
        retry_after_seconds: u64,
    },
    /// The model could not be loaded.
    #[error("{message}")]
    ModelUnavailable {
        /// What failed, without paths.
        message: String,
        /// Seconds until the next attempt to load.
        retry_after_seconds: u64,
    },
    /// Memory, swap or another resource of the box is past its threshold.
    #[error("{message}")]
    ResourceExhausted {
        /// Which reading, with its figures.
        message: String,
        /// Seconds after which trying again makes sense.
        retry_after_seconds: u64,
    },
    /// As many connections are open as may be.
    #[error("Too many connections")]
    TooManyConnections,
    /// As many WebSockets are open as may be.
    #[error("Too many open WebSockets")]
    TooManyWebSockets,
    /// As many sessions exist as may be.
    #[error("Too many sessions")]
    TooManySessions {
        /// Seconds after which trying again makes sense.
        retry_after_seconds: u64,
    },
    /// The session that the request belongs to has ended.
    #[error("The session has ended")]
    SessionEnded,
    /// No session of that id, or no longer.
    #[error("There is no such session, or it has ended. A new one can be opened.")]
    SessionNotFound,
    /// A newer request of the same session took its place.
    #[error("A newer request of this session took its place")]
    Superseded,
    /// The client itself asked for its end.
    #[error("The request was cancelled")]
    Cancelled,
    /// More requests than this client may send in a time.
    #[error("Too many requests: at most {requests} in {} s", period.as_secs_f64())]
    RateLimited {
        /// So many …
        requests: u32,
        /// … in this time.
        period: std::time::Duration,
        /// Seconds until the next one may come.
        retry_after_seconds: u64,
    },
    /// A service that this one needs has failed.
    #[error("{message}")]
    UpstreamFailed {
        /// Which, and how.
        message: String,
    },
    /// A service that this one needs can take no more, or is left alone after failures.
    #[error("{message}")]
    UpstreamUnavailable {
        /// Which, and what it says.
        message: String,
        /// Seconds after which trying again makes sense.
        retry_after_seconds: u64,
    },
    /// A service that this one needs took too long.
    #[error("{message}")]
    UpstreamTimedOut {
        /// Which, and its limit.
        message: String,
    },
    /// The endpoint speaks WebSocket only.
    #[error("This endpoint opens a WebSocket: send GET with 'Upgrade: websocket' and version 13.")]
    UpgradeRequired,
    /// A foreign web page asks for a WebSocket.
    #[error(
        "Web pages of this origin may not open a WebSocket. CORS_ORIGINS names those that may."
    )]
    OriginNotAllowed,
    /// The service is stopping.
    #[error("The service is shutting down")]
    Draining,
    /// The work took longer than `REQUEST_TIMEOUT_SECONDS`.
    #[error("The request took longer than the limit of {limit_seconds} seconds")]
    DeadlineExceeded {
        /// The limit.
        limit_seconds: f64,
    },
    /// The client left; see [`CLIENT_CLOSED_REQUEST`].
    #[error("The client closed the connection")]
    ClientClosed,
    /// A fault of the service. The cause is logged, never sent.
    #[error("Internal error. The log has the details under this request id.")]
    Internal,
}

impl ApiError {
    /// A fault of ours: the cause goes to the log, the client gets a plain 500.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::Internal
    }

    /// A value that can't be used for `param`.
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::InvalidParameter {
            param: param.into(),
            message: message.into(),
        }
    }

    /// No model of that `name` is `installed`; `alias` is a name for the default.
    pub fn model_not_installed(
        name: &str,
        mut installed: Vec<String>,
        alias: &str,
        default_id: &str,
    ) -> Self {
        installed.sort();
        Self::ModelNotFound {
            message: format!(
                "The model '{}' is not installed. Installed: {}. '{alias}' means the default, \
                 '{default_id}'.",
                name.chars().take(100).collect::<String>(),
                installed.join(", "),
            ),
        }
    }

    /// What a cancelled request answers.
    pub fn cancelled(cause: CancelCause, deadline: std::time::Duration) -> Self {
        match cause {
            CancelCause::Disconnected => Self::ClientClosed,
            CancelCause::Deadline => Self::DeadlineExceeded {
                limit_seconds: deadline.as_secs_f64(),
            },
            CancelCause::Shutdown => Self::Draining,
            CancelCause::SessionEnded => Self::SessionEnded,
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::InvalidParameter { .. }
            | Self::InvalidBody { .. }
            | Self::InvalidInput { .. } => StatusCode::BAD_REQUEST,
            Self::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::OriginNotAllowed => StatusCode::FORBIDDEN,
            Self::SessionEnded => StatusCode::GONE,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::UpstreamFailed { .. } => StatusCode::BAD_GATEWAY,
            Self::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
            Self::ModelNotFound { .. } | Self::RouteNotFound { .. } | Self::SessionNotFound => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::PayloadTooLarge { .. } | Self::InputTooLong { .. } => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::RequestTimeout { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict { .. } | Self::Superseded | Self::Cancelled => StatusCode::CONFLICT,
            Self::QueueFull { .. }
            | Self::QueueTimeout { .. }
            | Self::NoIdleSlot { .. }
            | Self::ResourceExhausted { .. }
            | Self::ModelUnavailable { .. }
            | Self::TooManyConnections
            | Self::TooManyWebSockets
            | Self::TooManySessions { .. }
            | Self::UpstreamUnavailable { .. }
            | Self::Draining => StatusCode::SERVICE_UNAVAILABLE,
            Self::DeadlineExceeded { .. } | Self::UpstreamTimedOut { .. } => {
                StatusCode::GATEWAY_TIMEOUT
            }
            Self::ClientClosed => StatusCode::from_u16(CLIENT_CLOSED_REQUEST)
                .expect("499 is within the range of status codes"),
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The machine-readable `code` of the error body.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidParameter { .. } => "invalid_parameter",
            Self::InvalidBody { .. } => "invalid_body",
            Self::InvalidInput { code, .. } | Self::InputTooLong { code, .. } => code,
            Self::UnsupportedMediaType { .. } => "unsupported_media_type",
            Self::Unauthorized => "invalid_api_key",
            Self::ModelNotFound { .. } => "model_not_found",
            Self::RouteNotFound { .. } => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::PayloadTooLarge { .. } => "payload_too_large",
            Self::RequestTimeout { .. } => "request_timeout",
            Self::Conflict { .. } => "model_in_use",
            Self::QueueFull { .. } => "queue_full",
            Self::QueueTimeout { .. } => "queue_timeout",
            Self::NoIdleSlot { .. } => "no_idle_slot",
            Self::ResourceExhausted { .. } => "resource_exhausted",
            Self::ModelUnavailable { .. } => "model_unavailable",
            Self::TooManyConnections => "too_many_connections",
            Self::TooManyWebSockets => "too_many_websockets",
            Self::TooManySessions { .. } => "too_many_sessions",
            Self::SessionEnded => "session_ended",
            Self::SessionNotFound => "session_not_found",
            Self::Superseded => "superseded",
            Self::Cancelled => "cancelled",
            Self::RateLimited { .. } => "rate_limit_exceeded",
            Self::UpstreamFailed { .. } => "upstream_failed",
            Self::UpstreamUnavailable { .. } => "upstream_unavailable",
            Self::UpstreamTimedOut { .. } => "upstream_timeout",
            Self::UpgradeRequired => "upgrade_required",
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::Draining => "draining",
            Self::DeadlineExceeded { .. } => "deadline_exceeded",
            Self::ClientClosed => "client_closed_request",
            Self::Internal => "internal_error",
        }
    }

    /// `OpenAI`'s `type` of the error body.
    fn kind(&self) -> &'static str {
        match self.status().as_u16() {
            401 => "authentication_error",
            429 => "rate_limit_error",
            500.. => "server_error",
            _ => "invalid_request_error",
        }
    }

    fn param(&self) -> Option<&str> {
        match self {
            Self::InvalidParameter { param, .. } => Some(param),
            Self::InvalidInput { param, .. } => Some(param),
            Self::ModelNotFound { .. } => Some("model"),
            Self::SessionNotFound => Some("session_id"),
            _ => None,
        }
    }

    /// Seconds for the `Retry-After` header; every 503 has one.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::QueueFull {
                retry_after_seconds,
            }
            | Self::QueueTimeout {
                retry_after_seconds,
            }
            | Self::NoIdleSlot {
                retry_after_seconds,
            }
            | Self::ResourceExhausted {
                retry_after_seconds,
                ..
            }
            | Self::ModelUnavailable {
                retry_after_seconds,
                ..
            }
            | Self::TooManySessions {
                retry_after_seconds,
            }
            | Self::UpstreamUnavailable {
                retry_after_seconds,
                ..
            }
            | Self::RateLimited {
                retry_after_seconds,
                ..
            } => Some(*retry_after_seconds),
            Self::TooManyConnections => Some(1),
            Self::Draining | Self::TooManyWebSockets => Some(5),
            _ => None,
        }
    }

    /// The error as a body, for a response or an event of a stream that has begun. Control
    /// characters of what it quotes are escaped.
    pub fn body(&self) -> ErrorBody {
        ErrorBody {
            error: ErrorDetail {
                message: visible(&self.to_string()).into_owned(),
                kind: self.kind(),
                param: self.param().map(|it| visible(it).into_owned()),
                code: self.code(),
            },
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::QueueFull {
                retry_after_seconds,
            } => Self::QueueFull {
                retry_after_seconds,
            },
            Rejection::QueueTimeout {
                retry_after_seconds,
            } => Self::QueueTimeout {
                retry_after_seconds,
            },
            Rejection::NoIdleSlot {
                retry_after_seconds,
            } => Self::NoIdleSlot {
                retry_after_seconds,
            },
        }
    }
}

/// Rides on an error response so that metrics can count rejections by reason.
#[derive(Debug, Clone, Copy)]
pub struct ErrorCode(pub &'static str);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(self.body())).into_response();
        if let Some(seconds) = self.retry_after_seconds() {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if matches!(self, Self::Unauthorized) {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(self, Self::UpgradeRequired) {
            let headers = response.headers_mut();
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(
                header::SEC_WEBSOCKET_VERSION,
                HeaderValue::from_static("13"),
            );
        }
        response.extensions_mut().insert(ErrorCode(self.code()));
        response
    }
}

/// The answer where no route is.
pub(crate) async fn no_such_route(method: Method, uri: Uri) -> ApiError {
    ApiError::RouteNotFound {
        method: method.to_string(),
        path: uri.path().to_string(),
    }
}

/// The answer of a route that has other methods.
pub(crate) async fn no_such_method(method: Method) -> ApiError {
    ApiError::MethodNotAllowed {
        method: method.to_string(),
    }
}

#[cfg(test)]
mod tests;
