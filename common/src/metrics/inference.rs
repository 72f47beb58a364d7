//! What inferences cost. Only a service that computes registers it.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::buckets::duration_histogram;

const REAL_TIME_FACTORS: [f64; 11] = [0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0];

/// What one finished inference cost.
#[derive(Debug, Clone, Copy)]
pub struct InferenceCost {
    /// Seconds of computing.
    pub processing_seconds: f64,
    /// Seconds of audio read or made.
    pub audio_seconds: f64,
}

/// Computing time and audio of finished inferences. Clones count together.
#[derive(Debug, Clone)]
pub struct InferenceMetrics {
    seconds: Histogram,
    real_time_factor: Histogram,
    audio_seconds: Counter<f64, AtomicU64>,
}

impl Default for InferenceMetrics {
    fn default() -> Self {
        Self {
            seconds: duration_histogram(),
            real_time_factor: Histogram::new(REAL_TIME_FACTORS),
            audio_seconds: Counter::default(),
        }
    }
}

impl InferenceMetrics {
    /// Adds them to the metrics of a service.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "inference",
            "Computing time of finished inferences",
            Unit::Seconds,
            self.seconds.clone(),
        );
        registry.register(
            "real_time_factor",
            "Computing time divided by the duration of the audio",
            self.real_time_factor.clone(),
        );
        registry.register_with_unit(
            "audio",
            "Duration of the audio of finished inferences",
            Unit::Seconds,
            self.audio_seconds.clone(),
        );
    }

    /// Counts an inference that has come to its end, and logs what it cost.
    pub fn finished(&self, cost: InferenceCost) {
        self.seconds.observe(cost.processing_seconds);
        if cost.audio_seconds > 0.0 {
            self.audio_seconds.inc_by(cost.audio_seconds);
            self.real_time_factor
                .observe(cost.processing_seconds / cost.audio_seconds);
        }
        tracing::info!(
            audio_seconds = cost.audio_seconds,
            processing_seconds = cost.processing_seconds,
            "inference finished"
        );
    }
}
