//! How a client says that its request is urgent, or that it is not.

use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::request::Parts;
use utoipa::IntoParams;

use crate::ApiError;
use crate::admission::Priority;

/// The header.
pub const PRIORITY_HEADER: HeaderName = HeaderName::from_static("x-priority");

/// The header as the API documentation shows it.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)] // Only its schema is used.
pub struct PriorityHeader {
    /// Who gets a slot first while all are taken. interactive: before batch, which still gets
    /// every fourth slot that becomes free. idle: only a slot that is free at once, else 503.
    #[param(rename = "x-priority", nullable = false, inline)]
    priority: Option<Priority>,
}

impl<S: Sync> FromRequestParts<S> for Priority {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let mut said = parts.headers.get_all(PRIORITY_HEADER).iter();
        let Some(first) = said.next() else {
            return Ok(Self::default());
        };
        let meant = Self::ALL.into_iter().find(|it| first == it.name());
        meant.filter(|_| said.next().is_none()).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            let message = format!("{PRIORITY_HEADER} must be one of {names}.");
            ApiError::invalid(PRIORITY_HEADER.as_str(), message)
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn priority(said: &[&str]) -> Result<Priority, ApiError> {
        let mut request = Request::builder();
        for value in said {
            request = request.header("X-Priority", *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        Priority::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn each_priority_is_known_by_its_name_and_batch_is_meant_by_none() {
        for (said, meant) in [
            (&[][..], Priority::Batch),
            (&["interactive"], Priority::Interactive),
            (&["batch"], Priority::Batch),
            (&["idle"], Priority::Idle),
        ] {
            assert_eq!(priority(said).await.unwrap(), meant);
        }
    }

    #[tokio::test]
    async fn anything_else_is_refused_with_the_names_that_there_are() {
        for said in [
            &["urgent"][..],
            &[""],
            &["Interactive"],
            &["größer"],
            &["batch", "batch"],
        ] {
            let error = priority(said).await.unwrap_err();
            assert_eq!(error.status(), 400);
            let body = serde_json::to_value(error.body()).unwrap();
            assert_eq!(body["error"]["param"], "x-priority");
            let message = "x-priority must be one of interactive, batch, idle.";
            assert_eq!(body["error"]["message"], message);
        }
    }
}
