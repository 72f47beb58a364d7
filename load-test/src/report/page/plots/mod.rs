//! What is drawn of a run. Pure: from figures to path data, the same every time.

mod area;
mod axis;
mod distribution;
mod plot;
mod requests;
mod server;
mod thin;
mod ticks;

use std::time::Duration;

use self::axis::Axis;
pub(super) use self::plot::Plot;
use super::super::document::{Document, ServiceReport};
use crate::exchange::Exchange;

/// An axis of the run's time is never shorter.
const SHORTEST_RUN_SECONDS: f64 = 0.001;

/// Where the axes of time end: the same place for all services, so that they can be compared.
pub(super) fn run_seconds(document: &Document) -> f64 {
    let services = document.services.iter();
    let ends = services.flat_map(|it| {
        let samples = it.samples.iter().map(|it| it.at_seconds);
        it.exchanges.iter().map(end_seconds).chain(samples)
    });
    let all = ends.chain([document.elapsed_seconds]);
    all.filter(|it| it.is_finite())
        .fold(SHORTEST_RUN_SECONDS, f64::max)
}

/// The plots of one service for which there is something to draw.
pub(super) fn of(report: &ServiceReport, run_seconds: f64) -> Vec<Plot> {
    [
        requests::latency_over_time(report, run_seconds),
        distribution::percentiles(report),
        requests::throughput(report, run_seconds),
        distribution::histogram(report),
        server::queue(report, run_seconds),
        server::cores(report, run_seconds),
        server::process_memory(report, run_seconds),
        server::box_memory(report, run_seconds),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn end_seconds(exchange: &Exchange) -> f64 {
    (exchange.intended + exchange.total).as_secs_f64()
}

fn served(report: &ServiceReport) -> impl Iterator<Item = &Exchange> {
    let exchanges = report.exchanges.iter();
    exchanges.filter(|it| it.outcome.is_served())
}

fn sorted_seconds(times: impl Iterator<Item = Duration>) -> Vec<f64> {
    let mut seconds: Vec<f64> = times.map(|it| it.as_secs_f64()).collect();
    seconds.sort_unstable_by(f64::total_cmp);
    seconds
}

/// What an axis of latencies is called.
fn latency_name(axis: &Axis) -> &'static str {
    if axis.is_logarithmic() {
        "latency, logarithmic"
    } else {
        "latency"
    }
}
