//! What goes over a WebSocket: messages, and the close at the end.

use axum::body::Bytes;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Utf8Bytes};

/// What the two sides tell each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(Utf8Bytes),
    /// Bytes.
    Binary(Bytes),
}

impl Message {
    /// Bytes of the content.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

impl From<Message> for tungstenite::Message {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text),
            Message::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

/// What a handler ends its WebSocket with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    code: u16,
    reason: Utf8Bytes,
}

impl Close {
    /// 1000. A client is told 1001 instead where the service is about to end.
    pub const NORMAL: Self = Self::of(1000, "");
    /// 1001: the service is about to end.
    pub const GOING_AWAY: Self = Self::of(1001, "the service is about to end");
    /// 1008: the client may not do what it tried.
    pub const POLICY: Self = Self::of(1008, "");
    /// 1011: a fault of the service, which is in its log.
    pub const INTERNAL: Self = Self::of(1011, "internal error");
    /// 1013: the service is full; the client may try again later.
    pub const TRY_AGAIN_LATER: Self = Self::of(1013, "try again later");

    pub(super) const PROTOCOL: Self = Self::of(1002, "protocol error");
    pub(super) const NOT_UTF8: Self = Self::of(1007, "text that is not UTF-8");
    pub(super) const TOO_LARGE: Self = Self::of(1009, "message too large");
    pub(super) const NO_PONG: Self = Self::of(1011, "no pong in time");

    const fn of(code: u16, reason: &'static str) -> Self {
        Self {
            code,
            reason: Utf8Bytes::from_static(reason),
        }
    }

    /// The same with a reason for people, which is cut to the 123 bytes that a close frame has.
    #[must_use]
    pub fn because(self, reason: &str) -> Self {
        let reason = &reason[..reason.floor_char_boundary(123)];
        Self {
            reason: reason.into(),
            ..self
        }
    }

    /// A code of the service's own protocol; `None` outside of 3000 to 4999.
    pub fn with_code(code: u16) -> Option<Self> {
        (3000..=4999).contains(&code).then(|| Self::of(code, ""))
    }

    /// The code that the client is told.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// As it is sent.
    pub(super) fn frame(self) -> CloseFrame {
        CloseFrame {
            code: CloseCode::from(self.code),
            reason: self.reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_has_codes_that_may_be_sent_and_a_reason_that_fits() {
        assert!(Close::with_code(2999).is_none() && Close::with_code(5000).is_none());
        let long = Close::POLICY.because(&"ä".repeat(100));
        assert_eq!((long.code(), long.reason.len()), (1008, 122));
    }
}
