//! What is counted of sessions. Only a service that has them registers it.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// What a session ended of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionEnd {
    /// Somebody ended it.
    Closed,
    /// It was not used for too long.
    Idle,
    /// It existed for too long.
    TooOld,
    /// The drain time of the service was over.
    Shutdown,
}

impl SessionEnd {
    const ALL: [Self; 4] = [Self::Closed, Self::Idle, Self::TooOld, Self::Shutdown];

    fn label(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Idle => "idle",
            Self::TooOld => "too_old",
            Self::Shutdown => "shutdown",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabels {
    reason: &'static str,
}

/// `voice_sessions`, `voice_sessions_opened_total` and `voice_sessions_ended_total{reason}`.
#[derive(Debug, Clone, Default)]
pub struct SessionMetrics {
    open: Gauge,
    opened: Counter,
    ended: Family<EndLabels, Counter>,
}

impl SessionMetrics {
    /// Adds them to the metrics of a service.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("sessions", "Sessions that exist now", self.open.clone());
        registry.register(
            "sessions_opened",
            "Sessions that were opened",
            self.opened.clone(),
        );
        registry.register(
            "sessions_ended",
            "Sessions that came to their end, by reason",
            self.ended.clone(),
        );
        for end in SessionEnd::ALL {
            drop(self.ended.get_or_create(&labels(end)));
        }
    }

    pub(super) fn opened(&self) {
        self.open.inc();
        self.opened.inc();
    }

    pub(super) fn ended(&self, end: SessionEnd) {
        self.open.dec();
        self.ended.get_or_create(&labels(end)).inc();
    }
}

fn labels(end: SessionEnd) -> EndLabels {
    EndLabels {
        reason: end.label(),
    }
}
