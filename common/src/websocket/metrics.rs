//! What is counted of WebSockets. Only a service that has them registers it.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::sync::OwnedSemaphorePermit;

/// How a WebSocket came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WebSocketEnd {
    /// The client closed it.
    Client,
    /// The handler closed it.
    Service,
    /// The service is about to end.
    GoingAway,
    /// The client left without a word.
    Gone,
    /// The client broke the protocol.
    Protocol,
    /// The client sent a message over the limit.
    TooLarge,
    /// Nothing came from the client for too long, not even a pong.
    Idle,
    /// The client took nothing of what it was sent for too long.
    UnreadAnswer,
    /// The handler panicked.
    Failed,
}

impl WebSocketEnd {
    const ALL: [Self; 9] = [
        Self::Client,
        Self::Service,
        Self::GoingAway,
        Self::Gone,
        Self::Protocol,
        Self::TooLarge,
        Self::Idle,
        Self::UnreadAnswer,
        Self::Failed,
    ];

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Service => "service",
            Self::GoingAway => "going_away",
            Self::Gone => "gone",
            Self::Protocol => "protocol_error",
            Self::TooLarge => "too_large",
            Self::Idle => "idle",
            Self::UnreadAnswer => "unread_answer",
            Self::Failed => "internal_error",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabels {
    reason: &'static str,
}

/// `voice_websockets`, `voice_websockets_opened_total` and
/// `voice_websockets_closed_total{reason}`.
#[derive(Debug, Clone, Default)]
pub struct WebSocketMetrics {
    open: Gauge,
    opened: Counter,
    closed: Family<EndLabels, Counter>,
}

impl WebSocketMetrics {
    /// Adds them to the metrics of a service.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "websockets",
            "WebSockets that are open now",
            self.open.clone(),
        );
        registry.register(
            "websockets_opened",
            "WebSockets that were opened",
            self.opened.clone(),
        );
        registry.register(
            "websockets_closed",
            "WebSockets that came to their end, by reason",
            self.closed.clone(),
        );
        for end in WebSocketEnd::ALL {
            drop(self.closed.get_or_create(&labels(end)));
        }
    }

    pub(super) fn opened(&self, place: OwnedSemaphorePermit) -> OpenWebSocket {
        self.open.inc();
        self.opened.inc();
        OpenWebSocket {
            metrics: self.clone(),
            place: Some(place),
            end: None,
        }
    }
}

fn labels(end: WebSocketEnd) -> EndLabels {
    EndLabels {
        reason: end.label(),
    }
}

/// Counts an open WebSocket, and keeps its place, for as long as it lives.
pub(super) struct OpenWebSocket {
    metrics: WebSocketMetrics,
    place: Option<OwnedSemaphorePermit>,
    end: Option<WebSocketEnd>,
}

impl OpenWebSocket {
    pub(super) fn ended(&mut self, end: WebSocketEnd) {
        self.end.get_or_insert(end);
    }
}

impl Drop for OpenWebSocket {
    fn drop(&mut self) {
        // First, so that nobody is refused who has seen that one has ended.
        self.place = None;
        self.metrics.open.dec();
        // Without a word from its driver, it was the server that took the connection away.
        let end = self.end.unwrap_or(WebSocketEnd::UnreadAnswer);
        self.metrics.closed.get_or_create(&labels(end)).inc();
        tracing::debug!(reason = end.label(), "a WebSocket has ended");
    }
}
