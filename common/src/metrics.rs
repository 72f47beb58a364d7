//! Every metric that the services export: names, labels, meaning.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::admission::Admission;
use crate::cancellation::{CancelCause, CancelStage};

/// The content type of [`Metrics::encode`]'s text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// From a short command to a long file, in seconds.
const SPEECH_SECONDS: [f64; 12] = [
    0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0,
];
const REAL_TIME_FACTORS: [f64; 11] = [0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0];

/// Labels of a finished request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// The route's pattern, never the raw path.
    pub endpoint: String,
    /// HTTP status; 499 when the client left first.
    pub status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabels {
    endpoint: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CancellationLabels {
    cause: &'static str,
    stage: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModelLabels {
    model: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoadLabels {
    model: String,
    outcome: &'static str,
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

/// All metrics of one service, under the prefix `voice_` and a `service` label.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<EndpointLabels, Histogram, fn() -> Histogram>,
    rejections: Family<ReasonLabels, Counter>,
    cancellations: Family<CancellationLabels, Counter>,
    queue_wait_seconds: Histogram,
    inference_seconds: Histogram,
    real_time_factor: Histogram,
    audio_seconds: Counter<f64, std::sync::atomic::AtomicU64>,
    in_flight: Gauge,
    in_flight_high_water: Gauge,
    slots: Gauge,
    queue_depth: Gauge,
    /// Handed to the model slots.
    pub models: ModelMetrics,
}

impl Metrics {
    /// `service` is `asr` or `tts`.
    pub fn new(service: &'static str) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix_and_labels(
                "voice",
                [("service".into(), service.into())].into_iter(),
            ),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(speech_histogram),
            rejections: Family::default(),
            cancellations: Family::default(),
            queue_wait_seconds: speech_histogram(),
            inference_seconds: speech_histogram(),
            real_time_factor: Histogram::new(REAL_TIME_FACTORS),
            audio_seconds: Counter::default(),
            in_flight: Gauge::default(),
            in_flight_high_water: Gauge::default(),
            slots: Gauge::default(),
            queue_depth: Gauge::default(),
            models: ModelMetrics::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let seconds = || Unit::Seconds;
        let Self {
            registry, models, ..
        } = self;
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

    /// A request has been answered, or its client has left.
    pub fn request_finished(&self, endpoint: &str, status: u16, took: Duration) {
        self.requests
            .get_or_create(&RequestLabels {
                endpoint: endpoint.into(),
                status,
            })
            .inc();
        self.request_seconds
            .get_or_create(&EndpointLabels {
                endpoint: endpoint.into(),
            })
            .observe(took.as_secs_f64());
    }

    /// A request has been turned away with this error code.
    pub fn rejected(&self, code: &'static str) {
        self.rejections
            .get_or_create(&ReasonLabels { reason: code })
            .inc();
    }

    /// A request was stopped before its end.
    pub fn cancelled(&self, cause: CancelCause, stage: CancelStage) {
        self.cancellations
            .get_or_create(&CancellationLabels {
                cause: cause.label(),
                stage: stage.label(),
            })
            .inc();
    }

    /// A request was admitted after this wait.
    pub fn admitted(&self, waited: Duration) {
        self.queue_wait_seconds.observe(waited.as_secs_f64());
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

    /// The text for a scrape. Reading resets the high-water mark.
    pub fn encode(&self, admission: &Admission) -> String {
        let occupancy = admission.occupancy();
        self.in_flight.set(occupancy.active as i64);
        self.in_flight_high_water
            .set(admission.take_high_water() as i64);
        self.slots.set(occupancy.slots as i64);
        self.queue_depth.set(occupancy.queued as i64);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)
            .expect("writing to a string can't fail");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_shows_names_labels_and_base_units() {
        let metrics = Metrics::new("asr");
        let admission = Admission::new(2, 8, Duration::from_secs(1));
        metrics.request_finished("/v1/audio/transcriptions", 200, Duration::from_millis(80));
        metrics.rejected("queue_full");
        metrics.cancelled(CancelCause::Disconnected, CancelStage::Queue);
        metrics.inference_finished(InferenceCost {
            processing_seconds: 0.1,
            audio_seconds: 2.0,
        });
        metrics.models.loaded("tiny.en", Duration::from_millis(30));
        metrics.models.load_refused("base");
        let text = metrics.encode(&admission);
        for line in [
            r#"voice_requests_total{service="asr",endpoint="/v1/audio/transcriptions",status="200"} 1"#,
            r#"voice_rejections_total{service="asr",reason="queue_full"} 1"#,
            r#"voice_cancellations_total{service="asr",cause="disconnected",stage="queue"} 1"#,
            r#"voice_audio_seconds_total{service="asr"} 2.0"#,
            r#"voice_slots{service="asr"} 2"#,
            r#"voice_model_loads_total{service="asr",model="tiny.en",outcome="ok"} 1"#,
            r#"voice_model_loads_total{service="asr",model="base",outcome="refused"} 1"#,
            r#"voice_real_time_factor_bucket{service="asr",le="0.05"} 1"#,
        ] {
            assert!(text.contains(line), "{line} is missing");
        }
    }
}
