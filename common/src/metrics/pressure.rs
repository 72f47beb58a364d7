//! Memory and the like, as [`crate::pressure`] reads them.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::pressure::GuardStatus;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResourceLabels {
    resource: &'static str,
}

type RatioGauge = Gauge<f64, AtomicU64>;

/// Levels, thresholds and trips by resource.
#[derive(Debug, Default)]
pub(super) struct PressureMetrics {
    ratio: Family<ResourceLabels, RatioGauge>,
    threshold_ratio: Family<ResourceLabels, RatioGauge>,
    tripped: Family<ResourceLabels, Gauge>,
    trips: Family<ResourceLabels, Counter>,
}

impl PressureMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
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

    pub(super) fn set(&self, guards: &[GuardStatus]) {
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
