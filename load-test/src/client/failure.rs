//! What went wrong, in words that say where to look.

use std::error::Error;

use serde::Deserialize;

use crate::exchange::{Outcome, Refusal};
use crate::quote::shown;

/// The most characters that are shown of a body that is no error of our services.
const MOST_CHARACTERS: usize = 120;

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Deserialize)]
struct ErrorDetail {
    message: String,
    code: Option<String>,
}

/// What an answer other than 200 means.
pub(super) fn of_answer(status: u16, body: &[u8], retry_after_seconds: Option<u64>) -> Outcome {
    let Ok(ErrorBody { error }) = serde_json::from_slice(body) else {
        return Outcome::Failed {
            status: Some(status),
            message: excerpt(body),
        };
    };
    match error.code {
        Some(code) if status == 503 && Refusal::CODES.contains(&code.as_str()) => {
            Outcome::Rejected(Refusal {
                status,
                code,
                message: shown(&error.message).to_string(),
                retry_after_seconds,
            })
        }
        _ => Outcome::Failed {
            status: Some(status),
            message: shown(&error.message).to_string(),
        },
    }
}

fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.is_empty() {
        return "an answer without a body".into();
    }
    let end = text.char_indices().nth(MOST_CHARACTERS);
    let start = end.map_or(text, |(end, _)| &text[..end]);
    let more = if end.is_some() { "…" } else { "" };
    format!("{}{more}", shown(start))
}

/// An error of the connection. The first cause of all is what tells: "Connection refused".
pub(super) fn describe(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let what = if error.is_connect() {
        "Connection error"
    } else if error.is_body() || error.is_decode() {
        "Answer cut short"
    } else {
        "Connection lost"
    };
    format!("{what}: {}", shown(&cause.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(code: &str) -> Vec<u8> {
        let error = serde_json::json!({"error": {
            "message": "Too many concurrent requests", "type": "server_error",
            "param": null, "code": code}});
        error.to_string().into_bytes()
    }

    #[test]
    fn what_a_service_turns_away_to_protect_itself_is_no_failure() {
        for code in Refusal::CODES {
            let outcome = of_answer(503, &body(code), Some(7));
            let Outcome::Rejected(refusal) = outcome else {
                panic!("{code}: {outcome:?}");
            };
            assert_eq!(
                (refusal.code.as_str(), refusal.retry_after_seconds),
                (code, Some(7))
            );
        }
    }

    #[test]
    fn other_errors_are_failures() {
        for (status, body) in [
            (500, body("internal_error")),
            (503, body("model_unavailable")),
            (429, body("queue_full")),
            (503, b"<html>the proxy's own</html>".to_vec()),
            (502, Vec::new()),
        ] {
            let outcome = of_answer(status, &body, None);
            assert!(matches!(outcome, Outcome::Failed { status: Some(it), .. } if it == status));
        }
    }

    #[test]
    fn a_service_writes_no_escape_sequences_to_the_terminal() {
        let hostile = "\x1b]0;owned\x07\nError Summary:";
        let quoted = "\\u{1b}]0;owned\\u{7}\\nError Summary:";
        let body = |code: &str| {
            let error = serde_json::json!({"error": {"message": hostile, "code": code}});
            error.to_string().into_bytes()
        };
        for (status, body) in [
            (503, body("queue_full")),
            (500, body("internal_error")),
            (502, hostile.as_bytes().to_vec()),
        ] {
            let complaint = of_answer(status, &body, None).complaint().unwrap();
            assert_eq!(complaint, format!("HTTP {status}: {quoted}"));
        }
    }

    #[test]
    fn a_long_page_is_shown_in_part() {
        let Outcome::Failed { message, .. } = of_answer(502, "é".repeat(500).as_bytes(), None)
        else {
            panic!("it failed");
        };
        assert_eq!(message.chars().count(), MOST_CHARACTERS + 1);
    }
}
