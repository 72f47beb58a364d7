//! What is counted of queries.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tokio::time::Instant;
use voice_common::ApiError;
use voice_common::metrics::duration_histogram;

use super::documents::Totals;

/// What has become of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Completed,
    Failed,
    Superseded,
    Cancelled,
    /// The client went away.
    Disconnected,
}

impl Outcome {
    const ALL: [Self; 5] = [
        Self::Completed,
        Self::Failed,
        Self::Superseded,
        Self::Cancelled,
        Self::Disconnected,
    ];

    fn of(error: &ApiError) -> Self {
        match error {
            ApiError::Superseded => Self::Superseded,
            ApiError::Cancelled => Self::Cancelled,
            ApiError::ClientClosed => Self::Disconnected,
            _ => Self::Failed,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
            Self::Cancelled => "cancelled",
            Self::Disconnected => "disconnected",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// What is counted of queries. Clones count together. Requests and errors have the same labels, so
/// that one can be divided by the other.
#[derive(Debug, Clone)]
pub(crate) struct QueryMetrics {
    requests: Counter,
    errors: Counter,
    active: Gauge,
    duration: Histogram,
    outcomes: Family<OutcomeLabels, Counter>,
}

impl Default for QueryMetrics {
    fn default() -> Self {
        Self {
            requests: Counter::default(),
            errors: Counter::default(),
            active: Gauge::default(),
            duration: duration_histogram(),
            outcomes: Family::default(),
        }
    }
}

impl QueryMetrics {
    /// Adds them to the metrics of the service.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("query_requests", "Queries", self.requests.clone());
        registry.register(
            "query_errors",
            "Queries that failed; those that were superseded, cancelled or left are none",
            self.errors.clone(),
        );
        registry.register(
            "query_active_requests",
            "Queries that are being received or answered",
            self.active.clone(),
        );
        registry.register_with_unit(
            "query_duration",
            "Queries that were answered, from the beginning of the body to the end of the answer",
            Unit::Seconds,
            self.duration.clone(),
        );
        registry.register(
            "query_outcomes",
            "What has become of queries: completed, failed, superseded, cancelled, disconnected",
            self.outcomes.clone(),
        );
        for outcome in Outcome::ALL {
            drop(self.outcomes.get_or_create(&labels(outcome)));
        }
    }

    /// A query has come. Dropping the result means that its client has gone.
    pub(super) fn begun(&self) -> Counted {
        self.requests.inc();
        self.active.inc();
        Counted {
            metrics: self.clone(),
            begun: Instant::now(),
            outcome: Outcome::Disconnected,
        }
    }

    pub(super) fn totals(&self) -> Totals {
        let count = |outcome| self.outcomes.get_or_create(&labels(outcome)).get();
        Totals {
            active_requests: u64::try_from(self.active.get()).unwrap_or_default(),
            total_requests: self.requests.get(),
            completed: count(Outcome::Completed),
            failed: count(Outcome::Failed),
            superseded: count(Outcome::Superseded),
            cancelled: count(Outcome::Cancelled),
            disconnected: count(Outcome::Disconnected),
        }
    }
}

/// A query that is being counted.
#[derive(Debug)]
pub(super) struct Counted {
    metrics: QueryMetrics,
    begun: Instant,
    outcome: Outcome,
}

impl Counted {
    /// It has come to this.
    pub(super) fn ended<T>(mut self, result: Result<T, ApiError>) -> Result<T, ApiError> {
        self.outcome = match &result {
            Ok(_) => Outcome::Completed,
            Err(error) => Outcome::of(error),
        };
        result
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Self {
            metrics,
            begun,
            outcome,
        } = self;
        metrics.active.dec();
        metrics.outcomes.get_or_create(&labels(*outcome)).inc();
        match outcome {
            Outcome::Completed => metrics.duration.observe(begun.elapsed().as_secs_f64()),
            Outcome::Failed => drop(metrics.errors.inc()),
            _ => {}
        }
    }
}

fn labels(outcome: Outcome) -> OutcomeLabels {
    OutcomeLabels {
        outcome: outcome.label(),
    }
}
