//! What a client is told of a part that failed.

use std::time::Duration;

use voice_common::ApiError;
use voice_upstream::{StatusCode, UpstreamError};

use crate::conversation::Stage;
use crate::failure::Failure;

/// For one that doesn't say when to come back.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The answer to a query of which a part has failed.
pub(super) fn told(failure: &Failure) -> ApiError {
    let message = failure.to_string();
    let later = |after: Duration| ApiError::UpstreamUnavailable {
        message: message.clone(),
        retry_after_seconds: after.as_secs_f64().ceil().max(1.0) as u64,
    };
    match &failure.error {
        UpstreamError::Unavailable { retry_after, .. } => later(*retry_after),
        UpstreamError::Busy { retry_after, .. } => later(retry_after.unwrap_or(RETRY_AFTER)),
        UpstreamError::TimedOut { .. } => ApiError::UpstreamTimedOut { message },
        // The recording was made here, so all that the client has chosen is the language.
        UpstreamError::Refused { status, .. }
            if failure.stage == Stage::Transcript && *status == StatusCode::BAD_REQUEST =>
        {
            ApiError::invalid("language", message)
        }
        _ => ApiError::UpstreamFailed { message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asked_learns_whether_to_come_back() {
        let upstream = || "asr".into();
        let refused = |status| UpstreamError::Refused {
            upstream: upstream(),
            status,
            code: None,
            message: "tiny.en doesn't know 'hi'".into(),
        };
        for (stage, error, status, code, retry) in [
            (
                Stage::Transcript,
                refused(StatusCode::BAD_REQUEST),
                400,
                "invalid_parameter",
                None,
            ),
            (
                Stage::Speech,
                refused(StatusCode::BAD_REQUEST),
                502,
                "upstream_failed",
                None,
            ),
            (
                Stage::Response,
                UpstreamError::Unreachable {
                    upstream: upstream(),
                    cause: "Connection refused".into(),
                },
                502,
                "upstream_failed",
                None,
            ),
            (
                Stage::Response,
                UpstreamError::Unavailable {
                    upstream: upstream(),
                    retry_after: Duration::from_millis(2500),
                },
                503,
                "upstream_unavailable",
                Some(3),
            ),
            (
                Stage::Transcript,
                UpstreamError::Busy {
                    upstream: upstream(),
                    status: StatusCode::SERVICE_UNAVAILABLE,
                    retry_after: None,
                    message: "full".into(),
                },
                503,
                "upstream_unavailable",
                Some(1),
            ),
            (
                Stage::Speech,
                UpstreamError::TimedOut {
                    upstream: upstream(),
                    stage: voice_upstream::Stage::FirstByte,
                    limit: Duration::from_secs(5),
                },
                504,
                "upstream_timeout",
                None,
            ),
        ] {
            let told = told(&Failure { stage, error });
            assert_eq!(told.status().as_u16(), status, "{told}");
            assert_eq!(told.code(), code);
            assert_eq!(told.retry_after_seconds(), retry);
        }
    }
}
