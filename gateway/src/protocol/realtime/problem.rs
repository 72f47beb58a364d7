//! What is wrong with an event of the client, as the client is told it.

use serde::Serialize;

/// Of a text that a message quotes.
const QUOTED_CHARS: usize = 60;

/// Becomes an `error` event. The conversation goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) kind: Kind,
    pub(super) code: &'static str,
    pub(super) message: String,
    /// The field, with its path.
    pub(super) param: Option<String>,
}

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Kind {
    #[serde(rename = "invalid_request_error")]
    Request,
    #[serde(rename = "server_error")]
    Server,
}

impl Problem {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Request,
            code,
            message: message.into(),
            param: None,
        }
    }

    pub(super) fn server(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Server,
            ..Self::new(code, message)
        }
    }

    pub(super) fn of(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }

    pub(super) fn missing(param: &str) -> Self {
        let message = format!("Missing required parameter: '{param}'.");
        Self::new("missing_required_parameter", message).of(param)
    }

    pub(super) fn wrong_type(param: &str, expected: &str) -> Self {
        let message = format!("Invalid type for '{param}': expected {expected}.");
        Self::new("invalid_type", message).of(param)
    }

    pub(super) fn value(param: &str, message: impl Into<String>) -> Self {
        Self::new("invalid_value", message).of(param)
    }

    /// It is part of the protocol, and this service has no such thing.
    pub(super) fn unsupported(param: &str, what: &str) -> Self {
        Self::new(
            "unsupported",
            format!("This service does not support {what}."),
        )
        .of(param)
    }

    pub(super) fn no_such_item(param: &str, id: &str) -> Self {
        let message = format!("There is no item with the id '{}'.", quoted(id));
        Self::new("item_not_found", message).of(param)
    }
}

/// For a message: on one line, and not all of it.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(QUOTED_CHARS)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(QUOTED_CHARS).is_some() {
        shown.push('…');
    }
    shown
}
