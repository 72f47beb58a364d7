//! Requests over the time of the run.

use super::area::{self, Point};
use super::axis::{Axis, Quantity};
use super::plot::{Form, Layer, Plot};
use super::{end_seconds, latency_name, served, thin};
use crate::exchange::{Exchange, Outcome};
use crate::report::document::ServiceReport;
use crate::report::page::amount;
use crate::statistics::percentile::nearest_rank;

/// Parts of the run for which percentiles are drawn.
const MOST_PARTS: usize = 40;
/// Requests of a part on average, for a p95 that isn't simply the slowest.
const REQUESTS_OF_A_PART: usize = 20;
/// A part with fewer has no percentiles.
const FEWEST_REQUESTS: usize = 5;
/// Parts of the run for which rates are drawn, and requests of one on average.
const MOST_RATES: usize = 60;
const REQUESTS_OF_A_RATE: usize = 5;

/// One mark a request, and how the percentiles go.
pub(super) fn latency_over_time(report: &ServiceReport, run_seconds: f64) -> Option<Plot> {
    let exchanges = &report.exchanges;
    let latencies: Vec<f64> = exchanges.iter().map(|it| it.total.as_secs_f64()).collect();
    let most = latencies.iter().copied().reduce(f64::max)?;
    let (x, y) = (Axis::of_run(run_seconds), Axis::of_latencies(&latencies));
    let mut drawn = 0;
    let mut marks = |is_wanted: fn(&Outcome) -> bool, draw: fn(&[Point]) -> String| {
        let wanted = exchanges.iter().filter(|it| is_wanted(&it.outcome));
        let points = wanted.map(|it| Point {
            x: x.share(it.intended.as_secs_f64()),
            y: y.share(it.total.as_secs_f64()),
        });
        let points = thin::dots(points.collect());
        drawn += points.len();
        draw(&points)
    };
    let mut layers = vec![
        Layer {
            name: "served",
            form: Form::Dots,
            class: "served",
            marks: marks(Outcome::is_served, area::dots),
        },
        Layer {
            name: "rejected",
            form: Form::Squares,
            class: "rejected",
            marks: marks(Outcome::is_rejected, area::dots),
        },
        Layer {
            name: "failed",
            form: Form::Crosses,
            class: "failed",
            marks: marks(Outcome::is_failed, area::crosses),
        },
    ];
    let mut notes = Vec::new();
    let parts = (report.client.served as usize / REQUESTS_OF_A_PART).min(MOST_PARTS);
    if parts > 0 {
        let by_part = parted(served(report), parts, run_seconds, |it| {
            it.intended.as_secs_f64()
        });
        for (name, class, share) in [("p50", "p50", 0.5), ("p95", "p95", 0.95)] {
            let level = |part: &Vec<&Exchange>| {
                let latencies: Vec<f64> = part.iter().map(|it| it.total.as_secs_f64()).collect();
                let enough = latencies.len() >= FEWEST_REQUESTS;
                let value = nearest_rank(&latencies, share).filter(|_| enough)?;
                Some(y.share(value))
            };
            let levels: Vec<_> = by_part.iter().map(level).collect();
            layers.push(Layer {
                name,
                form: Form::Line,
                class,
                marks: area::steps(&levels),
            });
        }
        let each = amount::time(run_seconds / parts as f64);
        notes.push(format!(
            "p50 and p95 of the served requests in each {each}."
        ));
    }
    if drawn < exchanges.len() {
        notes.push(format!(
            "Drawn are {} of {} requests, the slowest and fastest of every moment among them.",
            amount::count(drawn as u64),
            amount::count(exchanges.len() as u64)
        ));
    }
    Some(Plot {
        id: "latency",
        title: "Latency over time",
        description: format!(
            "{} requests over {}: {} served, {} rejected, {} failed. The slowest took {}.",
            exchanges.len(),
            amount::time(run_seconds),
            report.client.served,
            report.client.rejected,
            report.client.failed,
            amount::time(most)
        ),
        note: (!notes.is_empty()).then(|| notes.join(" ")),
        y: (y.clone(), latency_name(&y)),
        x: (x, "when the request was to begin"),
        layers,
    })
}

/// How many ended a second, and how.
pub(super) fn throughput(report: &ServiceReport, run_seconds: f64) -> Option<Plot> {
    let exchanges = &report.exchanges;
    if exchanges.is_empty() {
        return None;
    }
    let parts = (exchanges.len() / REQUESTS_OF_A_RATE).clamp(1, MOST_RATES);
    let part_seconds = run_seconds / parts as f64;
    let by_part = parted(exchanges.iter(), parts, run_seconds, end_seconds);
    let rates = |is_wanted: fn(&Outcome) -> bool| -> Vec<f64> {
        let of = |part: &Vec<&Exchange>| {
            let wanted = part.iter().filter(|it| is_wanted(&it.outcome));
            wanted.count() as f64 / part_seconds
        };
        by_part.iter().map(of).collect()
    };
    let named = [
        ("served", rates(Outcome::is_served)),
        ("rejected", rates(Outcome::is_rejected)),
        ("failed", rates(Outcome::is_failed)),
    ];
    let most = named.iter().flat_map(|it| &it.1).copied();
    let most = most.fold(0.0, f64::max);
    let y = Axis::from_zero(Quantity::PerSecond, most);
    let layers = named.into_iter().map(|(name, rates)| {
        let has_any = name == "served" || rates.iter().any(|it| *it > 0.0);
        let levels = rates.iter().map(|it| has_any.then(|| y.share(*it)));
        Layer {
            name,
            form: Form::Line,
            class: name,
            marks: area::steps(&levels.collect::<Vec<_>>()),
        }
    });
    let layers = layers.collect();
    Some(Plot {
        id: "throughput",
        title: "Throughput",
        description: format!(
            "Requests that ended a second, in {parts} parts of the run: {} served a second on \
             average, {} of one kind at most.",
            amount::rate(report.client.served_per_second),
            amount::rate(most)
        ),
        note: Some(format!(
            "Each step is the mean of {}.",
            amount::time(part_seconds)
        )),
        x: (Axis::of_run(run_seconds), "time since the beginning"),
        y: (y, "requests that ended"),
        layers,
    })
}

/// Exchanges by equal parts of the run.
fn parted<'a>(
    exchanges: impl Iterator<Item = &'a Exchange>,
    parts: usize,
    run_seconds: f64,
    at_seconds: fn(&Exchange) -> f64,
) -> Vec<Vec<&'a Exchange>> {
    let mut by_part = vec![Vec::new(); parts];
    for exchange in exchanges {
        let part = (at_seconds(exchange) / run_seconds * parts as f64) as usize;
        by_part[part.min(parts - 1)].push(exchange);
    }
    by_part
}
