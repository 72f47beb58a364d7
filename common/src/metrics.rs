//! Every metric that the services export: names, labels, meaning.

mod labels;
mod process;

use std::sync::atomic::Ordering;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

pub use self::labels::{CacheOutcome, ConnectionEnd, RequestLabels};

use self::labels::{
    CancellationLabels, LoadLabels, ModelLabels, OutcomeLabels, ReasonLabels, ResourceLabels,
};
use self::process::ProcessCollector;
use crate::admission::Occupancy;
use crate::cancellation::{CancelCause, CancelStage};
use crate::pressure::GuardStatus;

/// The content type of [`Metrics::encode`]'s text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Before the names of all metrics that are the services' own.
const PREFIX: &str = "voice";

/// From a short command to a long file, in seconds.
const SPEECH_SECONDS: [f64; 12] = [
    0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0,
];
const REAL_TIME_FACTORS: [f64; 11] = [0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0];

/// The codes of what counts as a rejection.
const REJECTIONS: [&str; 5] = [
    "queue_full",
    "queue_timeout",
    "resource_exhausted",
    "model_unavailable",
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

fn speech_histogram() -> Histogram {
    Histogram::new(SPEECH_SECONDS)
}

/// The life of models, as [`crate::model_slots`] reports it.
#[derive(Debug, Clone)]
pub struct ModelMetrics {
    loads: Family<LoadLabels, Counter>,
    unloads: Family<ModelLabels, Counter>,
    load_seconds: Histogram,
}

impl Default for ModelMetrics {
    fn default() -> Self {
        Self {
            loads: Family::default(),
            unloads: Family::default(),
            load_seconds: speech_histogram(),
        }
    }
}

impl ModelMetrics {
    pub(crate) fn loaded(&self, model: &str, took: Duration) {
        self.count_load(model, "ok");
        self.load_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn load_failed(&self, model: &str) {
        self.count_load(model, "failed");
    }

    pub(crate) fn load_refused(&self, model: &str) {
        self.count_load(model, "refused");
    }

    fn count_load(&self, model: &str, outcome: &'static str) {
        self.loads
            .get_or_create(&LoadLabels {
                model: model.into(),
                outcome,
            })
            .inc();
    }

    pub(crate) fn unloaded(&self, model: &str) {
        self.unloads
            .get_or_create(&ModelLabels {
                model: model.into(),
            })
            .inc();
    }
}

/// What one finished inference cost.
#[derive(Debug, Clone, Copy)]
pub struct InferenceCost {
    /// Seconds of computing.
    pub processing_seconds: f64,
    /// Seconds of audio read or made.
    pub audio_seconds: f64,
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

/// What only a service that speaks has.
#[derive(Debug, Clone)]
pub struct SpeechMetrics {
    first_audio_seconds: Histogram,
    cache_requests: Family<OutcomeLabels, Counter>,
    cache_bytes: Gauge,
}

impl Default for SpeechMetrics {
    fn default() -> Self {
        Self {
            first_audio_seconds: speech_histogram(),
            cache_requests: Family::default(),
            cache_bytes: Gauge::default(),
        }
    }
}

impl SpeechMetrics {
    /// The first audio of a request was ready so long after it was asked for.
    pub fn first_audio(&self, after: Duration) {
        self.first_audio_seconds.observe(after.as_secs_f64());
    }

    /// A request looked for its audio in the cache.
    pub fn cache_asked(&self, outcome: CacheOutcome) {
        self.cache_requests
            .get_or_create(&OutcomeLabels::new(outcome))
            .inc();
    }

    /// The cache holds so many bytes more, or less.
    pub fn cache_bytes_changed(&self, by: i64) {
        self.cache_bytes.inc_by(by);
    }

    fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "first_audio",
            "From a request for speech to its first audio, requests that the cache answered left out",
            Unit::Seconds,
            self.first_audio_seconds.clone(),
        );
        registry.register(
            "cache_requests",
            "Requests for speech by what the cache had: hit, joined (being made for another \
             request), miss",
            self.cache_requests.clone(),
        );
        registry.register_with_unit(
            "cache",
            "Audio that the cache holds",
            Unit::Bytes,
            self.cache_bytes.clone(),
        );
    }
}

type RatioGauge = Gauge<f64, std::sync::atomic::AtomicU64>;

/// Memory and the like, as [`crate::pressure`] reads them.
#[derive(Debug, Default)]
struct PressureMetrics {
    ratio: Family<ResourceLabels, RatioGauge>,
    threshold_ratio: Family<ResourceLabels, RatioGauge>,
    tripped: Family<ResourceLabels, Gauge>,
    trips: Family<ResourceLabels, Counter>,
}

impl PressureMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "pressure_ratio",
            "Share of the resource that is in use; absent where it can't be measured",
            self.ratio.clone(),
        );
        registry.register(
            "pressure_threshold_ratio",
            "Share from which on requests are refused; 0 = never",
            self.threshold_ratio.clone(),
        );
        registry.register(
            "pressure_tripped",
            "1 while requests are refused because of the resource",
            self.tripped.clone(),
        );
        registry.register(
            "pressure_trips",
            "How often the guard of the resource tripped",
            self.trips.clone(),
        );
    }

    fn set(&self, guards: &[GuardStatus]) {
        for guard in guards {
            let labels = ResourceLabels {
                resource: guard.resource.label(),
            };
            match &guard.latest {
                Some(reading) => {
                    let ratio = self.ratio.get_or_create(&labels);
                    ratio.set(reading.percent / 100.0);
                }
                None => drop(self.ratio.remove(&labels)),
            }
            let threshold = self.threshold_ratio.get_or_create(&labels);
            threshold.set(guard.threshold_percent / 100.0);
            let tripped = self.tripped.get_or_create(&labels);
            tripped.set(i64::from(guard.tripped));
            let trips = self.trips.get_or_create(&labels);
            trips.inner().store(guard.trips, Ordering::Relaxed);
        }
    }
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
    inference_seconds: Histogram,
    real_time_factor: Histogram,
    audio_seconds: Counter<f64, std::sync::atomic::AtomicU64>,
    pressure: PressureMetrics,
    uploads_held: Gauge,
    connections: Gauge,
    connections_closed: Family<ReasonLabels, Counter>,
    in_flight: Gauge,
    in_flight_high_water: Gauge,
    slots: Gauge,
    queue_depth: Gauge,
    queue_limit: Gauge,
    ready: Gauge,
    /// Handed to the model slots.
    pub models: ModelMetrics,
    /// Exported by the service `tts` only.
    pub speech: SpeechMetrics,
}

impl Metrics {
    /// `service` is `asr` or `tts`.
    pub fn new(service: &'static str) -> Self {
        let mut metrics = Self {
            registry: Registry::with_labels([("service".into(), service.into())].into_iter()),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(speech_histogram),
            rejections: Family::default(),
            broken_off: Family::default(),
            cancellations: Family::default(),
            queue_wait_seconds: speech_histogram(),
            inference_seconds: speech_histogram(),
            real_time_factor: Histogram::new(REAL_TIME_FACTORS),
            audio_seconds: Counter::default(),
            pressure: PressureMetrics::default(),
            uploads_held: Gauge::default(),
            connections: Gauge::default(),
            connections_closed: Family::default(),
            in_flight: Gauge::default(),
            in_flight_high_water: Gauge::default(),
            slots: Gauge::default(),
            queue_depth: Gauge::default(),
            queue_limit: Gauge::default(),
            ready: Gauge::default(),
            models: ModelMetrics::default(),
            speech: SpeechMetrics::default(),
        };
        let process = Box::new(ProcessCollector::new());
        metrics.registry.register_collector(process);
        metrics.register();
        metrics.register_levels();
        metrics.begin_at_zero();
        if service == "tts" {
            let registry = metrics.registry.sub_registry_with_prefix(PREFIX);
            metrics.speech.register(registry);
        }
        metrics
    }

    /// Adds what only some services export, under the same prefix and label.
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
        for outcome in CacheOutcome::ALL {
            let labels = OutcomeLabels::new(outcome);
            drop(self.speech.cache_requests.get_or_create(&labels));
        }
    }

    fn register(&mut self) {
        let seconds = || Unit::Seconds;
        let Self {
            registry, models, ..
        } = self;
        let registry = registry.sub_registry_with_prefix(PREFIX);
        registry.register(
            "requests",
            "Finished requests by endpoint and status (499: the client left first)",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "request_duration",
            "From the request's head to the answer's head",
            seconds(),
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
            seconds(),
            self.queue_wait_seconds.clone(),
        );
        registry.register_with_unit(
            "inference",
            "Computing time of finished inferences",
            seconds(),
            self.inference_seconds.clone(),
        );
        registry.register(
            "real_time_factor",
            "Computing time divided by the duration of the audio",
            self.real_time_factor.clone(),
        );
        registry.register_with_unit(
            "audio",
            "Duration of the audio of finished inferences",
            seconds(),
            self.audio_seconds.clone(),
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
        registry.register(
            "model_loads",
            "Model loads by outcome: ok, failed, or refused for lack of memory",
            models.loads.clone(),
        );
        registry.register("model_unloads", "Model unloads", models.unloads.clone());
        registry.register_with_unit(
            "model_load",
            "Time to load a model",
            seconds(),
            models.load_seconds.clone(),
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

    /// An inference has come to its end.
    pub fn inference_finished(&self, cost: InferenceCost) {
        self.inference_seconds.observe(cost.processing_seconds);
        if cost.audio_seconds > 0.0 {
            self.audio_seconds.inc_by(cost.audio_seconds);
            self.real_time_factor
                .observe(cost.processing_seconds / cost.audio_seconds);
        }
    }

    /// The text for a scrape, with the levels of this moment.
    pub fn encode(&self, levels: &Levels) -> String {
        let occupancy = &levels.occupancy;
        self.in_flight.set(occupancy.active as i64);
        self.in_flight_high_water.set(levels.high_water as i64);
        self.slots.set(occupancy.slots as i64);
        self.queue_depth.set(occupancy.queued as i64);
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
