//! What is counted of models. Only a service that has them registers it.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::buckets::duration_histogram;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModelLabels {
    model: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoadLabels {
    model: String,
    outcome: &'static str,
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
            load_seconds: duration_histogram(),
        }
    }
}

impl ModelMetrics {
    /// Adds them to the metrics of a service.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "model_loads",
            "Model loads by outcome: ok, failed, or refused for lack of memory",
            self.loads.clone(),
        );
        registry.register("model_unloads", "Model unloads", self.unloads.clone());
        registry.register_with_unit(
            "model_load",
            "Time to load a model",
            Unit::Seconds,
            self.load_seconds.clone(),
        );
    }

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
