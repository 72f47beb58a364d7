//! What every service exports: names, labels, meaning. What only some export is a part of its
//! own, which they register: [`Metrics::extend`].

mod buckets;
mod inference;
mod labels;
mod models;
mod pressure;
mod process;

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

pub use self::buckets::duration_histogram;
pub use self::inference::{InferenceCost, InferenceMetrics};
pub use self::labels::{ConnectionEnd, RequestLabels};
pub use self::models::ModelMetrics;

use self::labels::{CancellationLabels, PriorityLabels, ReasonLabels};
use self::pressure::PressureMetrics;
use self::process::ProcessCollector;
use crate::admission::{Occupancy, Priority};
use crate::cancellation::{CancelCause, CancelStage};
use crate::pressure::GuardStatus;

/// The content type of [`Metrics::encode`]'s text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Before the names of all metrics that are the services' own.
const PREFIX: &str = "voice";

/// The codes with which any service may turn requests away.
const REJECTIONS: [&str; 5] = [
    "queue_full",
    "queue_timeout",
    "no_idle_slot",
    "resource_exhausted",
    "draining",
];

/// Codes of the errors that end an answer which has begun.
const ENDS_OF_BROKEN_OFF: [&str; 3] = ["deadline_exceeded", "draining", "internal_error"];

/// Counts an open connection for as long as it lives.
#[derive(Debug)]
pub struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// What is read at the moment of a scrape, because it rises and falls by itself.
#[derive(Debug)]
pub struct Levels {
    /// Slots and queue.
    pub occupancy: Occupancy,
    /// Most slots in use at once since the last scrape.
    pub high_water: usize,
    /// Held by the bodies of requests that are not answered yet.
    pub held_bytes: u64,
    /// Memory and the like.
    pub guards: Vec<GuardStatus>,
}

/// All metrics of one service, with a `service` label: its own under the prefix `voice_`, and
/// what its process takes of the box.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RequestLabels, Histogram, fn() -> Histogram>,
    rejections: Family<ReasonLabels, Counter>,
    broken_off: Family<ReasonLabels, Counter>,
    cancellations: Family<CancellationLabels, Counter>,
    queue_wait_seconds: Histogram,
    pressure: PressureMetrics,
    uploads_held: Gauge,
    connections: Gauge,
    connections_closed: Family<ReasonLabels, Counter>,
    in_flight: Gauge,
    in_flight_high_water: Gauge,
    slots: Gauge,
    queue_depth: Gauge,
    queue_depth_by_priority: Family<PriorityLabels, Gauge>,
    queue_limit: Gauge,
    ready: Gauge,
}

impl Metrics {
    /// What every service exports, with the value `service` of the label.
    pub fn new(service: &'static str) -> Self {
        let mut metrics = Self {
            registry: Registry::with_labels([("service".into(), service.into())].into_iter()),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(duration_histogram),
            rejections: Family::default(),
            broken_off: Family::default(),
            cancellations: Family::default(),
            queue_wait_seconds: duration_histogram(),
            pressure: PressureMetrics::default(),
            uploads_held: Gauge::default(),
            connections: Gauge::default(),
            connections_closed: Family::default(),
            in_flight: Gauge::default(),
            in_flight_high_water: Gauge::default(),
            slots: Gauge::default(),
            queue_depth: Gauge::default(),
            queue_depth_by_priority: Family::default(),
            queue_limit: Gauge::default(),
            ready: Gauge::default(),
        };
        let process = Box::new(ProcessCollector::new());
        metrics.registry.register_collector(process);
        metrics.register();
        metrics.register_levels();
        metrics.begin_at_zero();
        metrics
    }

    /// Adds what only some services export, under the same prefix and label. Series whose
    /// labels are known have to begin at 0 as these do.
    pub fn extend(&mut self, register: impl FnOnce(&mut Registry)) {
        register(self.registry.sub_registry_with_prefix(PREFIX));
    }

    /// Says that requests may be turned away with this code as well: its series begins at 0.
    pub fn may_reject_with(&self, code: &'static str) {
        drop(
            self.rejections
                .get_or_create(&ReasonLabels { reason: code }),
        );
    }

    /// Makes the series whose labels are known. Prometheus sees no increase in a series that
    /// begins at 1, so the first event of its kind would be in no rate and no alert.
    fn begin_at_zero(&self) {
        for reason in REJECTIONS {
            drop(self.rejections.get_or_create(&ReasonLabels { reason }));
        }
        for reason in ENDS_OF_BROKEN_OFF {
            drop(self.broken_off.get_or_create(&ReasonLabels { reason }));
        }
        for end in ConnectionEnd::ALL {
            let reason = end.label();
            drop(
                self.connections_closed
                    .get_or_create(&ReasonLabels { reason }),
            );
        }
        for cause in CancelCause::ALL {
            for stage in CancelStage::ALL {
                let labels = CancellationLabels::new(cause, stage);
                drop(self.cancellations.get_or_create(&labels));
            }
        }
    }

    fn register(&mut self) {
        let registry = self.registry.sub_registry_with_prefix(PREFIX);
        registry.register(
            "requests",
            "Finished requests by endpoint and status (499: the client left first)",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "request_duration",
            "From the request's head to the answer's head",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        registry.register(
            "rejections",
            "Requests turned away, by the error code that they got",
            self.rejections.clone(),
        );
        registry.register(
            "answers_broken_off",
            "Answers that began with status 200 and ended with an error, by its code",
            self.broken_off.clone(),
        );
        registry.register(
            "cancellations",
            "Requests stopped before their end, by cause and by the stage that they had reached",
            self.cancellations.clone(),
        );
        registry.register_with_unit(
            "queue_wait",
            "Time that admitted requests waited for a permit",
            Unit::Seconds,
            self.queue_wait_seconds.clone(),
        );
        self.pressure.register(registry);
        registry.register_with_unit(
            "uploads_held",
            "Held by the bodies of requests that are not answered yet",
            Unit::Bytes,
            self.uploads_held.clone(),
        );
        registry.register(
            "connections",
            "Connections that are open now",
            self.connections.clone(),
        );
        registry.register(
            "connections_closed",
            "Connections that the service closed on its clients, by reason",
            self.connections_closed.clone(),
        );
    }

    fn register_levels(&mut self) {
        let registry = self.registry.sub_registry_with_prefix(PREFIX);
        registry.register(
            "in_flight",
            "Inferences that run now",
            self.in_flight.clone(),
        );
        registry.register(
            "in_flight_high_water",
            "Most inferences that ran at once since the last scrape",
            self.in_flight_high_water.clone(),
        );
        registry.register(
            "slots",
            "Inferences that may run at once",
            self.slots.clone(),
        );
        registry.register(
            "queue_depth",
            "Requests that wait now",
            self.queue_depth.clone(),
        );
        registry.register(
            "queue_depth_by_priority",
            "Requests that wait now, by what they said of their urgency",
            self.queue_depth_by_priority.clone(),
        );
        registry.register(
            "queue_limit",
            "Requests that may wait",
            self.queue_limit.clone(),
        );
        registry.register(
            "ready",
            "1 while the service takes requests, as its readiness probe says",
            self.ready.clone(),
        );
    }

    /// A request has been answered, or its client has left.
    pub fn request_finished(&self, endpoint: &str, status: u16, took: Duration) {
        let labels = RequestLabels {
            endpoint: endpoint.into(),
            status,
        };
        self.requests.get_or_create(&labels).inc();
        self.request_seconds
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    /// A request has been turned away with this error code.
    pub fn rejected(&self, code: &'static str) {
        self.rejections
            .get_or_create(&ReasonLabels { reason: code })
            .inc();
    }

    /// An answer that had begun well has ended with the error of this code.
    pub fn broken_off(&self, code: &'static str) {
        self.broken_off
            .get_or_create(&ReasonLabels { reason: code })
            .inc();
    }

    /// A connection has been accepted; it counts until the result is dropped.
    pub fn connection_opened(&self) -> OpenConnection {
        self.connections.inc();
        OpenConnection(self.connections.clone())
    }

    /// The service has closed a connection on its client.
    pub fn connection_closed(&self, end: ConnectionEnd) {
        self.connections_closed
            .get_or_create(&ReasonLabels {
                reason: end.label(),
            })
            .inc();
    }

    /// A request was stopped before its end.
    pub fn cancelled(&self, cause: CancelCause, stage: CancelStage) {
        self.cancellations
            .get_or_create(&CancellationLabels::new(cause, stage))
            .inc();
    }

    /// A request was admitted after this wait.
    pub fn admitted(&self, waited: Duration) {
        self.queue_wait_seconds.observe(waited.as_secs_f64());
    }

    /// So many requests may wait.
    pub fn queue_limited_to(&self, requests: usize) {
        self.queue_limit.set(requests as i64);
    }

    /// What the readiness probe would say at this moment.
    pub fn ready(&self, is_ready: bool) {
        self.ready.set(i64::from(is_ready));
    }

    /// The text for a scrape, with the levels of this moment.
    pub fn encode(&self, levels: &Levels) -> String {
        let occupancy = &levels.occupancy;
        self.in_flight.set(occupancy.active as i64);
        self.in_flight_high_water.set(levels.high_water as i64);
        self.slots.set(occupancy.slots as i64);
        self.queue_depth.set(occupancy.queued as i64);
        let batch = occupancy.queued - occupancy.queued_interactive;
        for (priority, queued) in [
            (Priority::Interactive, occupancy.queued_interactive),
            (Priority::Batch, batch),
        ] {
            let labels = PriorityLabels {
                priority: priority.name(),
            };
            let depth = self.queue_depth_by_priority.get_or_create(&labels);
            depth.set(queued as i64);
        }
        self.uploads_held.set(levels.held_bytes as i64);
        self.pressure.set(&levels.guards);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)
            .expect("writing to a string can't fail");
        text
    }
}

#[cfg(test)]
mod tests;
