//! How latencies are distributed.

use super::area::{self, BOTTOM, Point, TOP};
use super::axis::{Axis, Quantity};
use super::plot::{Form, Layer, Plot};
use super::{latency_name, served, sorted_seconds};
use crate::report::document::ServiceReport;
use crate::report::page::amount;

/// Points of a curve of percentiles.
const MOST_POINTS: usize = 240;
/// Bars of a histogram.
const BARS: usize = 32;

/// Latency over percentile.
pub(super) fn percentiles(report: &ServiceReport) -> Option<Plot> {
    let whole = sorted_seconds(served(report).map(|it| it.total));
    let first = sorted_seconds(served(report).filter_map(|it| it.first_audio));
    let most = *whole.last()?;
    let (x, y) = (
        Axis::of_percentiles(whole.len()),
        Axis::of_latencies(&whole),
    );
    // A logarithmic axis has no zero: it must reach down to the first audio too.
    let y = if first.is_empty() || !y.is_logarithmic() {
        y
    } else {
        Axis::of_latencies(&[&whole[..], &first[..]].concat())
    };
    let curve = |sorted: &[f64]| {
        let point = |(share, value): (f64, f64)| Point {
            x: x.share(share),
            y: y.share(value),
        };
        area::line(&ranked(sorted).into_iter().map(point).collect::<Vec<_>>())
    };
    let mut layers = vec![Layer {
        name: "whole answer",
        form: Form::Line,
        class: "first",
        marks: curve(&whole),
    }];
    if !first.is_empty() {
        layers.push(Layer {
            name: "first audio",
            form: Form::Line,
            class: "second",
            marks: curve(&first),
        });
    }
    Some(Plot {
        id: "percentiles",
        title: "Percentiles",
        description: match &report.client.latency {
            Some(it) => format!(
                "Latency of served requests: p50 {}, p90 {}, p95 {}, p99 {}, p99.9 {}, {} at most.",
                amount::time(it.p50),
                amount::time(it.p90),
                amount::time(it.p95),
                amount::time(it.p99),
                amount::time(it.p99_9),
                amount::time(most)
            ),
            None => format!(
                "Latency of served requests: {} at most.",
                amount::time(most)
            ),
        },
        note: Some("The tail is stretched: every further nine is as far again.".into()),
        y: (y.clone(), latency_name(&y)),
        x: (x, "so many requests took no longer"),
        layers,
    })
}

/// Values and the shares of all that they stand at: all of them if they are few, else those
/// that are evenly apart where the tail is stretched. The last is always among them.
fn ranked(sorted: &[f64]) -> Vec<(f64, f64)> {
    let count = sorted.len();
    // The middle of its own part: the greatest of all isn't at infinity.
    let at = |index: usize| ((index as f64 + 0.5) / count as f64, sorted[index]);
    if count <= MOST_POINTS {
        return (0..count).map(at).collect();
    }
    let nines = (2.0 * count as f64).log10();
    let index = |it: usize| {
        let share = 1.0 - 10_f64.powf(-nines * it as f64 / MOST_POINTS as f64);
        ((share * count as f64) as usize).min(count - 1)
    };
    let mut indices: Vec<_> = (0..MOST_POINTS).map(index).chain([count - 1]).collect();
    indices.dedup();
    indices.into_iter().map(at).collect()
}

/// How many took how long.
pub(super) fn histogram(report: &ServiceReport) -> Option<Plot> {
    let latencies = sorted_seconds(served(report).map(|it| it.total));
    if latencies.is_empty() {
        return None;
    }
    let x = Axis::of_latencies(&latencies);
    let mut counts = [0_u64; BARS];
    for latency in &latencies {
        let bar = (x.share(*latency) * BARS as f64) as usize;
        counts[bar.min(BARS - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let y = Axis::from_zero(Quantity::Count, most as f64);
    let heights: Vec<f64> = counts.iter().map(|it| y.share(*it as f64)).collect();
    let mut layers = vec![Layer {
        name: "",
        form: Form::Bars,
        class: "served",
        marks: area::bars(&heights),
    }];
    if let Some(latency) = &report.client.latency {
        for (class, value) in [("p50", latency.p50), ("p95", latency.p95)] {
            let at = area::x(x.share(value));
            layers.push(Layer {
                name: class,
                form: Form::Line,
                class,
                marks: format!("M{at} {TOP}V{BOTTOM}"),
            });
        }
    }
    let name = latency_name(&x);
    let range = [latencies[0], latencies[latencies.len() - 1]].map(amount::time);
    let [least, longest] = range;
    Some(Plot {
        id: "histogram",
        title: "Histogram of latencies",
        description: format!(
            "{} served requests took from {least} to {longest}; {most} in the highest bar.",
            latencies.len()
        ),
        note: None,
        x: (x, name),
        y: (y, "served requests"),
        layers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_of_many_values_is_short_and_keeps_the_slowest() {
        let sorted: Vec<f64> = (1..=100_000).map(f64::from).collect();
        let ranked = ranked(&sorted);
        assert!(ranked.len() <= MOST_POINTS + 1, "{}", ranked.len());
        let (share, value) = ranked[ranked.len() - 1];
        assert!((value - 100_000.0).abs() < 1e-9);
        assert!(share < 1.0);
        assert!(ranked.is_sorted_by(|one, other| one.0 < other.0));
    }

    #[test]
    fn a_curve_of_one_value_is_that_value() {
        assert_eq!(ranked(&[0.3]), [(0.5, 0.3)]);
    }
}
