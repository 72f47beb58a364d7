//! What is compared: figures, and the values of single requests that they are made of.

use serde::Serialize;

use crate::exchange::Exchange;
use crate::objective::{Metric, Series};
use crate::service::Service;
use crate::statistics::bootstrap::Statistic;
use crate::summary;

/// A figure of one service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) unit: Unit,
    pub(super) statistic: Statistic,
    pub(super) is_more_better: bool,
    metric: Metric,
}

/// What a figure is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unit {
    Seconds,
    /// Seconds for a second of speech.
    SecondsPerSecond,
    /// From 0 to 1, made of what happened and what didn't.
    Share,
    /// Wrong words per word.
    Ratio,
}

const P50: Statistic = Statistic::Percentile(0.5);
const P95: Statistic = Statistic::Percentile(0.95);

/// Series with the names of their median and their 95th percentile.
const SERIES: [(Series, Unit, [&str; 2]); 4] = [
    (
        Series::Latency,
        Unit::Seconds,
        ["latency p50", "latency p95"],
    ),
    (
        Series::FirstAudio,
        Unit::Seconds,
        ["first audio p50", "first audio p95"],
    ),
    (
        Series::FirstByte,
        Unit::Seconds,
        ["first byte p50", "first byte p95"],
    ),
    (
        Series::RealTimeFactor,
        Unit::SecondsPerSecond,
        ["real-time factor p50", "real-time factor p95"],
    ),
];

const SHARES: [(Metric, &str); 3] = [
    (Metric::Errors, "errors"),
    (Metric::Rejections, "rejections"),
    (Metric::Success, "success"),
];

impl Figure {
    /// All that a service has.
    pub(super) fn all(service: Service) -> impl Iterator<Item = Self> {
        let percentiles = SERIES.into_iter().flat_map(|(series, unit, names)| {
            [P50, P95]
                .into_iter()
                .zip(names)
                .map(move |(statistic, name)| Self {
                    name,
                    unit,
                    statistic,
                    is_more_better: false,
                    // Which percentile makes no difference to the values of single requests.
                    metric: Metric::Of(series, crate::objective::Summary::Average),
                })
        });
        let shares = SHARES.into_iter().map(|(metric, name)| Self {
            name,
            unit: Unit::Share,
            statistic: Statistic::Mean,
            is_more_better: metric == Metric::Success,
            metric,
        });
        let words = Self {
            name: "word error rate",
            unit: Unit::Ratio,
            statistic: Statistic::Mean,
            is_more_better: false,
            metric: Metric::WordErrorRate,
        };
        let all = percentiles.chain(shares).chain([words]);
        all.filter(move |it| summary::has(service, it.metric))
    }

    /// One value for each request that has one, in the order of the requests.
    pub(super) fn values(&self, exchanges: &[&Exchange]) -> Vec<f64> {
        let values = exchanges.iter().filter_map(|it| value(it, self.metric));
        values.collect()
    }
}

fn value(exchange: &Exchange, metric: Metric) -> Option<f64> {
    let as_count = |it: bool| Some(f64::from(u8::from(it)));
    match metric {
        Metric::Errors => as_count(exchange.outcome.is_failed()),
        Metric::Rejections => as_count(exchange.outcome.is_rejected()),
        Metric::Success => as_count(exchange.outcome.is_served()),
        Metric::WordErrorRate => Some(exchange.score?.percent() / 100.0),
        Metric::Of(series, _) => exchange.value(series),
        Metric::RequestsPerSecond => None,
    }
}

/// In the order in which they should have begun: neighbours met the same service.
pub(super) fn in_order(exchanges: &[Exchange]) -> Vec<&Exchange> {
    let mut exchanges: Vec<_> = exchanges.iter().collect();
    exchanges.sort_by_key(|it| (it.intended, it.number));
    exchanges
}
