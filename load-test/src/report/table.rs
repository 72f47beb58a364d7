//! One line for each request, as CSV.

use std::io::Write;

use super::document::Document;
use crate::exchange::Outcome;
use crate::objective::Series;

/// The names of the columns. Times are in seconds.
const COLUMNS: [&str; 18] = [
    "service",
    "number",
    "sample",
    "class",
    "intended",
    "started",
    "connect",
    "first_byte",
    "first_audio",
    "total",
    "queue_wait",
    "bytes",
    "audio_seconds",
    "real_time_factor",
    "retries",
    "outcome",
    "status",
    "message",
];

/// Writes all requests in the order in which they ended.
///
/// # Errors
/// Those of writing.
pub(crate) fn write(document: &Document, to: impl Write) -> csv::Result<()> {
    let mut table = csv::Writer::from_writer(to);
    table.write_record(COLUMNS)?;
    for exchange in document.services.iter().flat_map(|it| &it.exchanges) {
        let seconds = |it: std::time::Duration| format!("{:.6}", it.as_secs_f64());
        let perhaps = |it: Option<std::time::Duration>| it.map(seconds).unwrap_or_default();
        let number = |it: Option<f64>| it.map(|it| format!("{it:.6}")).unwrap_or_default();
        let (outcome, status) = match &exchange.outcome {
            Outcome::Served => ("served", Some(200)),
            Outcome::Rejected(refusal) => ("rejected", Some(refusal.status)),
            Outcome::Failed { status, .. } => ("failed", *status),
        };
        table.write_record([
            exchange.service.to_string(),
            exchange.number.to_string(),
            exchange.sample.clone(),
            exchange.class.to_string(),
            seconds(exchange.intended),
            seconds(exchange.started),
            perhaps(exchange.connect),
            perhaps(exchange.first_byte),
            perhaps(exchange.first_audio),
            seconds(exchange.total),
            perhaps(exchange.queue_wait),
            exchange.bytes.to_string(),
            number(exchange.audio_seconds),
            number(exchange.value(Series::RealTimeFactor)),
            exchange.retries.to_string(),
            outcome.to_string(),
            status.map(|it| it.to_string()).unwrap_or_default(),
            exchange.outcome.complaint().unwrap_or_default(),
        ])?;
    }
    table.flush()?;
    Ok(())
}
