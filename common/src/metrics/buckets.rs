//! How histograms divide what they count.

use prometheus_client::metrics::histogram::Histogram;

const DURATION_SECONDS: [f64; 12] = [
    0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0,
];

/// For durations of what a request asks for, from a short command to a long file.
pub fn duration_histogram() -> Histogram {
    Histogram::new(DURATION_SECONDS)
}
