use super::*;

#[test]
fn what_a_client_wrote_stays_on_the_line_of_its_error() {
    let name = "a\nb\u{1b}[2J\u{2028}";
    let missing =
        ApiError::model_not_installed(name, vec!["tiny.en".into()], "whisper-1", "tiny.en");
    let nowhere = ApiError::RouteNotFound {
        method: "GET".into(),
        path: "/\u{9b}x".into(),
    };
    let field = ApiError::invalid("new\r\nfield", "Unknown field 'new\r\nfield'.");
    for (error, part) in [
        (
            missing,
            r"The model 'a\nb\u{1b}[2J\u{2028}' is not installed",
        ),
        (nowhere, r"GET /\u{9b}x."),
        (field, r"Unknown field 'new\r\nfield'."),
    ] {
        let ErrorDetail { message, param, .. } = error.body().error;
        assert!(message.contains(part), "{message:?}");
        for shown in [Some(message), param].into_iter().flatten() {
            assert!(!shown.contains(char::is_control), "{shown:?}");
        }
    }
}

#[test]
fn the_body_has_the_shape_that_clients_of_openai_expect() {
    let error = ApiError::invalid("temperature", "must be between 0 and 1");
    assert_eq!(
        serde_json::to_value(error.body()).unwrap(),
        serde_json::json!({"error": {
            "message": "must be between 0 and 1",
            "type": "invalid_request_error",
            "param": "temperature",
            "code": "invalid_parameter",
        }})
    );
}

#[test]
fn every_503_says_when_to_come_back() {
    for error in [
        ApiError::QueueFull {
            retry_after_seconds: 3,
        },
        ApiError::QueueTimeout {
            retry_after_seconds: 3,
        },
        ApiError::NoIdleSlot {
            retry_after_seconds: 3,
        },
        ApiError::ModelUnavailable {
            message: "no".into(),
            retry_after_seconds: 3,
        },
        ApiError::ResourceExhausted {
            message: "no".into(),
            retry_after_seconds: 3,
        },
        ApiError::TooManyConnections,
        ApiError::TooManyWebSockets,
        ApiError::TooManySessions {
            retry_after_seconds: 3,
        },
        ApiError::UpstreamUnavailable {
            message: "no".into(),
            retry_after_seconds: 3,
        },
        ApiError::Draining,
    ] {
        let response = error.into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key(header::RETRY_AFTER));
    }
}
