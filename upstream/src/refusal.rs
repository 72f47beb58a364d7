//! Answers that are none: what their status means, and what they say.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::error::{UpstreamError, on_one_line};
use crate::key::ApiKey;
use crate::retry::retry_after;
use crate::snapshot::Outcome;

/// More of such a body is not read.
const MOST_BYTES: usize = 16 * 1024;

/// More of a message is not shown.
const MOST_CHARACTERS: usize = 300;

/// What a status that is no success means for the host and for the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The host is healthy and asks to come back later.
    Busy(Option<Duration>),
    /// The host is at fault.
    Failed,
    /// The request is: it would be refused again.
    Refused,
}

impl Refusal {
    /// 503 with a time to come back is how our services say that all slots are taken, and
    /// proxies that they drain: to stay away for 30 s after five of them would turn a short
    /// queue into an outage. 501 and 505 are about the request.
    ///
    /// `None` for a success.
    pub(crate) fn of(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        let after = retry_after(headers, SystemTime::now());
        Some(match status.as_u16() {
            200..=299 => return None,
            408 | 429 => Self::Busy(after),
            503 if after.is_some() => Self::Busy(after),
            501 | 505 => Self::Refused,
            500.. => Self::Failed,
            _ => Self::Refused,
        })
    }

    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Busy(_) => Outcome::Busy,
            Self::Failed => Outcome::Failed,
            Self::Refused => Outcome::Refused,
        }
    }

    /// The error that the caller gets.
    pub(crate) fn error(self, upstream: Arc<str>, status: StatusCode, said: Said) -> UpstreamError {
        let message = said.message;
        match self {
            Self::Busy(retry_after) => UpstreamError::Busy {
                upstream,
                status,
                retry_after,
                message,
            },
            Self::Failed => UpstreamError::Failed {
                upstream,
                status,
                message,
            },
            Self::Refused => UpstreamError::Refused {
                upstream,
                status,
                code: said.code,
                message,
            },
        }
    }
}

/// What an upstream says about its refusal, without the key and on one line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) message: String,
    /// OpenAI's `error.code`.
    pub(crate) code: Option<String>,
}

/// Reads the beginning of such an answer's body, as far as it comes in time.
pub(crate) async fn read(mut response: Response, until: Instant, key: Option<&ApiKey>) -> Said {
    let mut body = Vec::new();
    while body.len() < MOST_BYTES {
        match timeout_at(until, response.chunk()).await {
            Ok(Ok(Some(piece))) => body.extend_from_slice(&piece),
            // Whatever ended it: the status tells more than the text would.
            _ => break,
        }
    }
    body.truncate(MOST_BYTES);
    said(&body, key)
}

/// Servers say it as OpenAI does, as FastAPI does, or in plain text.
fn said(body: &[u8], key: Option<&ApiKey>) -> Said {
    let json: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let text = |it: &Value| it.as_str().map(str::to_string);
    let places = ["/error/message", "/error", "/message", "/detail"];
    let message = places
        .iter()
        .find_map(|place| json.pointer(place).and_then(text));
    let message = message.unwrap_or_else(|| String::from_utf8_lossy(body).trim().to_string());
    let code = json.pointer("/error/code").and_then(text);
    Said {
        message: if message.is_empty() {
            "it does not say why".into()
        } else {
            quoted(&message, key)
        },
        code: code.map(|it| quoted(&it, key)),
    }
}

/// A text of an upstream as an error may show it: without the key, not long, and on one line.
pub(crate) fn quoted(text: &str, key: Option<&ApiKey>) -> String {
    match key {
        Some(key) => shortened(&key.hide_in(text)),
        None => shortened(text),
    }
}

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(MOST_CHARACTERS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    on_one_line(&shown)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderValue, RETRY_AFTER};

    use super::*;

    #[test]
    fn a_status_blames_the_host_the_request_or_nobody() {
        use Refusal::*;
        let later = Some(Duration::from_secs(2));
        for (status, plain, with_time) in [
            (302, Refused, Refused),
            (400, Refused, Refused),
            (401, Refused, Refused),
            (404, Refused, Refused),
            (408, Busy(None), Busy(later)),
            (429, Busy(None), Busy(later)),
            (500, Failed, Failed),
            (501, Refused, Refused),
            (502, Failed, Failed),
            (503, Failed, Busy(later)),
            (504, Failed, Failed),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("2"))]);
            assert_eq!(
                Refusal::of(status, &HeaderMap::new()),
                Some(plain),
                "{status}"
            );
            assert_eq!(Refusal::of(status, &headers), Some(with_time), "{status}");
        }
        assert_eq!(Refusal::of(StatusCode::OK, &HeaderMap::new()), None);
        assert_eq!(Refusal::of(StatusCode::NO_CONTENT, &HeaderMap::new()), None);
    }

    #[test]
    fn what_servers_say_is_found_where_they_say_it() {
        for (body, message, code) in [
            (
                r#"{"error":{"message":"no model","code":"x","type":"t"}}"#,
                "no model",
                Some("x"),
            ),
            (
                r#"{"error":{"message":"no model","code":404}}"#,
                "no model",
                None,
            ),
            (r#"{"error":"no model"}"#, "no model", None),
            (
                r#"{"object":"error","message":"no model"}"#,
                "no model",
                None,
            ),
            (r#"{"detail":"no model"}"#, "no model", None),
            (
                r#"{"detail":[{"loc":1}]}"#,
                r#"{"detail":[{"loc":1}]}"#,
                None,
            ),
            ("no\nmodel \u{1b}[31m\n", "no\\nmodel \\u{1b}[31m", None),
            ("", "it does not say why", None),
        ] {
            let said = said(body.as_bytes(), None);
            assert_eq!(
                (said.message.as_str(), said.code.as_deref()),
                (message, code)
            );
        }
    }

    #[test]
    fn a_key_that_is_quoted_is_hidden_also_where_the_text_is_cut() {
        let key = ApiKey::new("sk-secret").unwrap();
        let body = format!("{} sk-secret", "a".repeat(MOST_CHARACTERS - 4));
        let said = said(body.as_bytes(), Some(&key));
        assert!(said.message.ends_with("a ***"), "{}", said.message);
    }
}
