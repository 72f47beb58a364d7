//! Whether an objective was kept.

use std::fmt;

use super::{Metric, Objective};
use crate::service::Service;

/// The figures of a run.
pub trait Measured {
    /// The value of a metric in base units (seconds, ratios), of one service, or of all
    /// requests if `service` is `None`. `None` if nothing of it was measured: no request was
    /// answered, no answer was scored.
    fn value(&self, service: Option<Service>, metric: &Metric) -> Option<f64>;
}

/// What became of an objective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// The value keeps to the bound.
    Held {
        /// In base units.
        value: f64,
    },
    /// It doesn't.
    Broken {
        /// In base units.
        value: f64,
    },
    /// There is no value. A promise about something that was not measured isn't kept.
    Unmeasured,
}

impl Verdict {
    /// Only a value that was measured holds.
    pub fn is_held(self) -> bool {
        matches!(self, Self::Held { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Held { .. } => "held",
            Self::Broken { .. } => "not held",
            Self::Unmeasured => "not held: it was not measured",
        })
    }
}

impl Objective {
    /// Looks at the figures of a run.
    pub fn judge(&self, measured: &dyn Measured) -> Verdict {
        match measured.value(self.service, &self.metric) {
            Some(value) if self.comparison.holds(value, self.bound) => Verdict::Held { value },
            Some(value) if !value.is_nan() => Verdict::Broken { value },
            _ => Verdict::Unmeasured,
        }
    }

    /// The objective and its verdict with the value, for people: `p95<2s held: 1.24s`.
    pub fn sentence(&self, verdict: Verdict) -> String {
        match verdict {
            Verdict::Held { value } | Verdict::Broken { value } => {
                let value = self.metric.dimension().rounded(value, self.bound);
                format!("{self} {verdict}: {value}")
            }
            Verdict::Unmeasured => format!("{self} {verdict}"),
        }
    }
}
