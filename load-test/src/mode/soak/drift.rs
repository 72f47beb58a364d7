//! Whether a service becomes slower while it runs.

use std::time::Duration;

use serde::Serialize;

use crate::exchange::Exchange;
use crate::report::terminal::time;
use crate::statistics::Interval;
use crate::statistics::bootstrap::{Bootstrap, Statistic};

const P50: Statistic = Statistic::Percentile(0.5);

/// Latency at both ends of a soak.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(in crate::mode) struct Drift {
    /// Median latency of the requests that began in the first quarter of the time.
    first_p50_seconds: f64,
    /// And in the last one.
    last_p50_seconds: f64,
    /// The latter over the former; `None` for too few requests.
    ratio: Option<Interval>,
}

impl Drift {
    /// `None` unless requests were served in both quarters.
    pub(in crate::mode) fn of(exchanges: &[Exchange]) -> Option<Self> {
        let mut served: Vec<_> = exchanges
            .iter()
            .filter(|it| it.outcome.is_served())
            .collect();
        served.sort_by_key(|it| it.intended);
        let end = served.last()?.intended;
        let of = |is_in: &dyn Fn(Duration) -> bool| -> Vec<f64> {
            let quarter = served.iter().filter(|it| is_in(it.intended));
            quarter.map(|it| it.total.as_secs_f64()).collect()
        };
        let first = of(&|it| it < end / 4);
        let last = of(&|it| it >= end / 4 * 3);
        let change = Bootstrap::default().compare(&first, &last, P50);
        Some(Self {
            first_p50_seconds: P50.of(&first)?,
            last_p50_seconds: P50.of(&last)?,
            ratio: change.and_then(|it| it.ratio),
        })
    }

    /// For people.
    pub(in crate::mode) fn sentence(&self) -> String {
        let (first, last) = (time(self.first_p50_seconds), time(self.last_p50_seconds));
        let ratio = match self.ratio {
            None => "too few requests to say whether that is chance".to_string(),
            Some(it) => {
                let [change, low, high] =
                    [it.estimate, it.low, it.high].map(|it| 100.0 * (it - 1.0));
                let word = if it.contains(1.0) {
                    "may be chance"
                } else {
                    "not chance"
                };
                format!("{change:+.1} % ({low:+.1} to {high:+.1} %), {word}")
            }
        };
        format!("latency p50: {first} in the first quarter, {last} in the last: {ratio}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::testing::exchange;

    fn drift(last_seconds: f64) -> Drift {
        let exchanges: Vec<Exchange> = (0..400)
            .map(|number| {
                let usual = if number < 200 { 1.0 } else { last_seconds };
                exchange(number, usual + 0.01 * (number % 7) as f64)
            })
            .collect();
        Drift::of(&exchanges).unwrap()
    }

    #[test]
    fn a_service_that_becomes_slower_shows() {
        let drift = drift(1.2);
        let ratio = drift.ratio.unwrap();
        assert!(ratio.low > 1.15 && ratio.high < 1.25, "{ratio:?}");
        assert!(drift.sentence().ends_with("not chance"), "{drift:?}");
    }

    #[test]
    fn a_steady_service_does_not() {
        let drift = drift(1.0);
        assert!(drift.ratio.unwrap().contains(1.0));
        assert!(drift.sentence().ends_with("may be chance"), "{drift:?}");
    }

    #[test]
    fn without_requests_there_is_none() {
        assert_eq!(Drift::of(&[]), None);
    }
}
