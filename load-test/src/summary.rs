//! From single exchanges to the figures of a report.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::exchange::{Exchange, Outcome};
use crate::objective::{self, Measured, Metric, Series};
use crate::score::wer::Score;
use crate::service::Service;

/// How values of one quantity are distributed. Seconds, unless the quantity has none.
///
/// Percentiles are those of an HdrHistogram with three digits: the value that so many percent
/// of the values don't exceed, at most 0.1 % too large.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// Values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Their mean.
    pub mean: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p99_9: f64,
}

/// Collects values; a microsecond (or a millionth) is the finest that it tells apart.
#[derive(Debug, Clone)]
pub struct Collector {
    histogram: Histogram<u64>,
    sum: f64,
    min: f64,
    max: f64,
}

const MILLIONTHS: f64 = 1e6;

impl Default for Collector {
    fn default() -> Self {
        Self {
            histogram: Histogram::new(3).expect("three digits are possible"),
            sum: 0.0,
            min: f64::INFINITY,
            max: 0.0,
        }
    }
}

impl Collector {
    /// One more value, not negative.
    pub fn add(&mut self, value: f64) {
        self.histogram
            .record((value * MILLIONTHS).round() as u64)
            .expect("a histogram that grows takes every value");
        self.sum += value;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// One more duration, in seconds.
    pub fn add_time(&mut self, time: Duration) {
        self.add(time.as_secs_f64());
    }

    /// The value that so many percent don't exceed; `None` where there is none.
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        if self.histogram.is_empty() {
            return None;
        }
        let value = self.histogram.value_at_percentile(percent) as f64 / MILLIONTHS;
        Some(value.clamp(self.min, self.max))
    }

    /// What the values come to; `None` where there is none.
    pub fn distribution(&self) -> Option<Distribution> {
        let count = self.histogram.len();
        let at = |percent| self.percentile(percent);
        Some(Distribution {
            count,
            sum: self.sum,
            mean: self.sum / count as f64,
            min: self.min,
            max: self.max,
            p50: at(50.0)?,
            p90: at(90.0)?,
            p95: at(95.0)?,
            p99: at(99.0)?,
            p99_9: at(99.9)?,
        })
    }

    /// The histogram, in millionths.
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }
}

impl Extend<f64> for Collector {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        values.into_iter().for_each(|it| self.add(it));
    }
}

/// Exchanges that went wrong in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorGroup {
    /// How many.
    pub count: u64,
    /// What the first of them said. The others may have had other numbers in it.
    pub message: String,
    /// They were turned away rather than failed.
    pub is_rejection: bool,
}

/// The figures of one service.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The service that was asked.
    pub service: Service,
    /// Requests that ended.
    pub requests: u64,
    /// Those that were answered, and rightly.
    pub served: u64,
    /// Those that the service turned away, as it promises to.
    pub rejected: u64,
    /// Those that should have been answered otherwise.
    pub failed: u64,
    /// Those that were given up because the run was stopped.
    pub abandoned: u64,
    /// Rejections that were waited out and tried again.
    pub retries: u64,
    /// Length of the run.
    pub elapsed_seconds: f64,
    /// Duration of the speech that was read or made.
    pub audio_seconds: f64,
    /// What was collected of served requests.
    pub collected: HashMap<Series, Collector>,
    /// What it took to be turned away.
    pub refusals: Collector,
    /// How right the texts were; ASR only.
    pub score: Score,
    /// Answers that were scored.
    pub scored: u64,
    /// What went wrong, the most frequent first.
    pub errors: Vec<ErrorGroup>,
}

impl Summary {
    /// The figures of these exchanges with one service.
    pub fn of(
        service: Service,
        exchanges: &[Exchange],
        abandoned: u64,
        elapsed_seconds: f64,
    ) -> Self {
        let mut summary = Self {
            service,
            requests: exchanges.len() as u64,
            served: 0,
            rejected: 0,
            failed: 0,
            abandoned,
            retries: 0,
            elapsed_seconds,
            audio_seconds: 0.0,
            collected: HashMap::new(),
            refusals: Collector::default(),
            score: Score::default(),
            scored: 0,
            errors: Vec::new(),
        };
        let mut groups: BTreeMap<String, ErrorGroup> = BTreeMap::new();
        for exchange in exchanges {
            summary.add(exchange);
            if let Some(message) = exchange.outcome.complaint() {
                let group = groups.entry(without_numbers(&message));
                group
                    .or_insert(ErrorGroup {
                        count: 0,
                        message,
                        is_rejection: matches!(exchange.outcome, Outcome::Rejected(_)),
                    })
                    .count += 1;
            }
        }
        summary.errors = groups.into_values().collect();
        summary.errors.sort_by_key(|it| std::cmp::Reverse(it.count));
        summary
    }

    fn add(&mut self, exchange: &Exchange) {
        self.retries += u64::from(exchange.retries);
        if let Some(score) = exchange.score {
            self.score += score;
            self.scored += 1;
        }
        if let Some(connect) = exchange.connect {
            self.collect(Series::Connect, connect.as_secs_f64());
        }
        match exchange.outcome {
            Outcome::Served => self.served += 1,
            Outcome::Rejected(_) => {
                self.rejected += 1;
                self.refusals.add_time(exchange.total);
                return;
            }
            Outcome::Failed { .. } => {
                self.failed += 1;
                return;
            }
        }
        self.audio_seconds += exchange.audio_seconds.unwrap_or(0.0);
        self.collect(Series::Latency, exchange.total.as_secs_f64());
        let times = [
            (Series::FirstByte, exchange.first_byte),
            (Series::FirstAudio, exchange.first_audio),
            (Series::QueueWait, exchange.queue_wait),
        ];
        for (series, time) in times {
            if let Some(time) = time {
                self.collect(series, time.as_secs_f64());
            }
        }
        if let Some(factor) = exchange.real_time_factor() {
            self.collect(Series::RealTimeFactor, factor);
        }
    }

    fn collect(&mut self, series: Series, value: f64) {
        self.collected.entry(series).or_default().add(value);
    }

    /// How a quantity is distributed over the served requests.
    pub fn distribution(&self, series: Series) -> Option<Distribution> {
        self.collected.get(&series)?.distribution()
    }

    /// Served requests a second.
    pub fn per_second(&self) -> f64 {
        self.served as f64 / self.elapsed_seconds.max(1e-9)
    }

    /// A share of all requests that ended; `None` if none did.
    pub fn share(&self, of: u64) -> Option<f64> {
        (self.requests > 0).then(|| of as f64 / self.requests as f64)
    }

    fn value(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Of(series, of_all) => {
                let collected = self.collected.get(&series)?;
                match of_all {
                    objective::Summary::Percentile(it) => collected.percentile(it.percent()),
                    objective::Summary::Average => Some(collected.distribution()?.mean),
                    objective::Summary::Min => Some(collected.distribution()?.min),
                    objective::Summary::Max => Some(collected.distribution()?.max),
                }
            }
            Metric::Errors => self.share(self.failed),
            Metric::Rejections => self.share(self.rejected),
            Metric::Success => self.share(self.served),
            Metric::RequestsPerSecond => (self.requests > 0).then(|| self.per_second()),
            Metric::WordErrorRate => (self.score.words > 0).then(|| self.score.percent() / 100.0),
        }
    }
}

/// The figures of several services. What is asked of none in particular must hold for each:
/// the value is that of the one that does worst, and none if one of them has none. TTS hears
/// no words, and ASR gives no audio: they are not asked for those.
impl Measured for Vec<Summary> {
    fn value(&self, service: Option<Service>, metric: &Metric) -> Option<f64> {
        let worse = match metric {
            Metric::Success | Metric::RequestsPerSecond => f64::min,
            _ => f64::max,
        };
        let asked = self.iter().filter(|it| match service {
            Some(service) => it.service == service,
            None => has(it.service, *metric),
        });
        let values: Option<Vec<f64>> = asked.map(|it| it.value(*metric)).collect();
        values?.into_iter().reduce(worse)
    }
}

/// Whether a service has such a figure at all.
pub fn has(service: Service, metric: Metric) -> bool {
    match metric {
        Metric::WordErrorRate => service == Service::Asr,
        Metric::Of(Series::FirstAudio, _) => service == Service::Tts,
        _ => true,
    }
}

/// Messages that differ in numbers only say the same.
fn without_numbers(message: &str) -> String {
    let mut plain = String::with_capacity(message.len());
    for character in message.chars() {
        if !character.is_ascii_digit() {
            plain.push(character);
        } else if !plain.ends_with('#') {
            plain.push('#');
        }
    }
    plain
}
