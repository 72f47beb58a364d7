//! What only this service exports, beside what every service of `voice-common` does.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use voice_common::metrics::{InferenceMetrics, duration_histogram};

/// How a request found the audio that it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CacheOutcome {
    /// It was kept.
    Hit,
    /// Another request was just having it made.
    Joined,
    /// It had to be made.
    Miss,
}

impl CacheOutcome {
    const ALL: [Self; 3] = [Self::Hit, Self::Joined, Self::Miss];

    fn label(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Joined => "joined",
            Self::Miss => "miss",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

fn labels(outcome: CacheOutcome) -> OutcomeLabels {
    OutcomeLabels {
        outcome: outcome.label(),
    }
}

/// First audio and cache. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct SpeechMetrics {
    first_audio_seconds: Histogram,
    cache_requests: Family<OutcomeLabels, Counter>,
    cache_bytes: Gauge,
}

impl Default for SpeechMetrics {
    fn default() -> Self {
        Self {
            first_audio_seconds: duration_histogram(),
            cache_requests: Family::default(),
            cache_bytes: Gauge::default(),
        }
    }
}

impl SpeechMetrics {
    /// The first audio of a request was ready so long after it was asked for.
    pub(crate) fn first_audio(&self, after: Duration) {
        self.first_audio_seconds.observe(after.as_secs_f64());
    }

    /// A request looked for its audio in the cache.
    pub(crate) fn cache_asked(&self, outcome: CacheOutcome) {
        self.cache_requests.get_or_create(&labels(outcome)).inc();
    }

    /// The cache holds so many bytes more, or less.
    pub(crate) fn cache_bytes_changed(&self, by: i64) {
        self.cache_bytes.inc_by(by);
    }

    /// Adds them to the metrics of the service.
    pub(crate) fn register(&self, registry: &mut Registry) {
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
        for outcome in CacheOutcome::ALL {
            drop(self.cache_requests.get_or_create(&labels(outcome)));
        }
    }
}

/// What a job that makes speech counts.
#[derive(Debug, Clone)]
pub(crate) struct SynthesisMetrics {
    /// First audio.
    pub speech: SpeechMetrics,
    /// What computing costs.
    pub inference: InferenceMetrics,
}
