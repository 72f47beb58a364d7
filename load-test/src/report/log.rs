//! Latencies as a log of HdrHistogram, which its tools read.

use std::io::Write;
use std::time::Duration;

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use super::document::Document;
use crate::distribution::Collector;

/// Writes one histogram for each service, in microseconds, over the whole run.
///
/// # Errors
/// Those of writing, in words.
pub(crate) fn write(document: &Document, mut to: impl Write) -> Result<(), String> {
    let mut serializer = V2DeflateSerializer::new();
    let mut builder = IntervalLogWriterBuilder::new();
    builder.with_max_value_divisor(1000.0);
    let mut log = builder
        .begin_log_with(&mut to, &mut serializer)
        .map_err(|it| it.to_string())?;
    for service in &document.services {
        let mut latencies = Collector::default();
        let served = service.exchanges.iter();
        let served = served.filter(|it| it.outcome.is_served());
        served.for_each(|it| latencies.add_time(it.total));
        let elapsed = Duration::from_secs_f64(document.elapsed_seconds);
        let name = service.service.to_string();
        log.write_histogram(
            latencies.histogram(),
            Duration::ZERO,
            elapsed,
            Tag::new(&name),
        )
        .map_err(|it| format!("{it:?}"))?;
    }
    Ok(())
}
