//! What can go wrong, by what the caller can do about it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;

/// Why there is no answer, or no more of it.
///
/// Every variant names the upstream as it was configured, never its address: an error may end up
/// in an answer to a client. No text holds the key, and control characters in texts of the
/// upstream are escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// All of its hosts have failed lately, or asked to be left alone, and none was asked. Answer
    /// without it, or try again after the time given.
    #[error("{upstream} is unavailable and left alone for {} s", seconds(*retry_after))]
    Unavailable {
        /// Its name.
        upstream: Arc<str>,
        /// Until its first host may be asked again.
        retry_after: Duration,
    },
    /// No connection, or it was lost before an answer came. The address may be wrong, or nobody
    /// runs there.
    #[error("{upstream} can't be reached: {cause}")]
    Unreachable {
        /// Its name.
        upstream: Arc<str>,
        /// The first cause of all, such as "Connection refused (os error 111)".
        cause: String,
    },
    /// A time limit passed; its connection is closed. Ask for less, or allow more time.
    #[error("{upstream} took too long: {stage} is limited to {} s", seconds(*limit))]
    TimedOut {
        /// Its name.
        upstream: Arc<str>,
        /// Which limit.
        stage: Stage,
        /// Its value.
        limit: Duration,
    },
    /// It is healthy, but has more to do than it can (429, 408, or 503 with a time to come
    /// back). Try again later, or pass the refusal on.
    #[error("{upstream} is busy ({status}): {message}")]
    Busy {
        /// Its name.
        upstream: Arc<str>,
        /// Its answer's status.
        status: StatusCode,
        /// When to come back, if it says so.
        retry_after: Option<Duration>,
        /// What it says.
        message: String,
    },
    /// It is at fault (5xx). There is nothing that the request could do better.
    #[error("{upstream} failed ({status}): {message}")]
    Failed {
        /// Its name.
        upstream: Arc<str>,
        /// Its answer's status.
        status: StatusCode,
        /// What it says.
        message: String,
    },
    /// It does not accept this request (4xx, or a redirect, which is not followed). The same
    /// request will be refused again; change it, or the key, or the address.
    #[error("{upstream} refused the request ({status}): {message}")]
    Refused {
        /// Its name.
        upstream: Arc<str>,
        /// Its answer's status.
        status: StatusCode,
        /// OpenAI's `error.code`, if it gives one.
        code: Option<String>,
        /// What it says.
        message: String,
    },
    /// The answer broke off after a part of it was handed on: nothing was repeated. Use what
    /// came, or ask anew.
    #[error("the answer of {upstream} broke off: {cause}")]
    Interrupted {
        /// Its name.
        upstream: Arc<str>,
        /// The first cause of all.
        cause: String,
    },
    /// The answer is larger than the caller wants to keep; the rest was not read.
    #[error("the answer of {upstream} is longer than {limit_bytes} bytes")]
    TooLong {
        /// Its name.
        upstream: Arc<str>,
        /// What the caller allowed.
        limit_bytes: usize,
    },
    /// The answer came whole, but is not what the caller expected. The service there may be
    /// another one.
    #[error("the answer of {upstream} can't be understood: {cause}")]
    Malformed {
        /// Its name.
        upstream: Arc<str>,
        /// Where it stopped making sense.
        cause: String,
    },
}

/// What a time limit was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Connecting to a host.
    Connect,
    /// The wait for the head of the answer.
    FirstByte,
    /// The wait for more of its body.
    BetweenBytes,
    /// The request in all.
    Whole,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::FirstByte => "the wait for an answer",
            Self::BetweenBytes => "the wait for the rest of an answer",
            Self::Whole => "a request in all",
        })
    }
}

impl UpstreamError {
    /// The upstream's name.
    pub fn upstream(&self) -> &str {
        match self {
            Self::Unavailable { upstream, .. }
            | Self::Unreachable { upstream, .. }
            | Self::TimedOut { upstream, .. }
            | Self::Busy { upstream, .. }
            | Self::Failed { upstream, .. }
            | Self::Refused { upstream, .. }
            | Self::Interrupted { upstream, .. }
            | Self::TooLong { upstream, .. }
            | Self::Malformed { upstream, .. } => upstream,
        }
    }

    /// How long to stay away, if the upstream or its breaker says so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => Some(*retry_after),
            Self::Busy { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the same request may be served by another host, or later.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unavailable { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Busy { .. }
            | Self::Failed { .. }
            | Self::Interrupted { .. } => true,
            Self::Refused { .. } | Self::TooLong { .. } | Self::Malformed { .. } => false,
        }
    }
}

/// A wait of half a second must not read as none.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10.0).ceil() / 10.0
}

/// The first cause of all is what tells: "Connection refused". None of reqwest's own texts is
/// shown, because they hold the address.
pub(crate) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn std::error::Error> = None;
    let mut next = std::error::Error::source(error);
    while let Some(deeper) = next {
        cause = Some(deeper);
        next = deeper.source();
    }
    let text = cause.map_or_else(|| "connection lost".into(), ToString::to_string);
    on_one_line(&text)
}

/// A text of somebody else with its control characters escaped, so that it stays on its line.
pub(crate) fn on_one_line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_debug());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_read_as_sentences() {
        let upstream: Arc<str> = "chat".into();
        let open = UpstreamError::Unavailable {
            upstream: upstream.clone(),
            retry_after: Duration::from_millis(29_950),
        };
        assert_eq!(
            open.to_string(),
            "chat is unavailable and left alone for 30 s"
        );
        let slow = UpstreamError::TimedOut {
            upstream,
            stage: Stage::FirstByte,
            limit: Duration::from_millis(2500),
        };
        assert_eq!(
            slow.to_string(),
            "chat took too long: the wait for an answer is limited to 2.5 s"
        );
        assert_eq!((slow.upstream(), slow.retry_after()), ("chat", None));
        assert!(slow.is_temporary());
    }
}
