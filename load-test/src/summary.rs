//! From single exchanges to the figures of a report.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::distribution::{Collector, Distribution};
use crate::exchange::{Exchange, Outcome};
use crate::objective::{self, Measured, Metric, Series};
use crate::score::wer::Score;
use crate::service::Service;

/// Exchanges that went wrong in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ErrorGroup {
    /// How many.
    pub count: u64,
    /// What the first of them said. The others may have had other numbers in it.
    pub message: String,
    /// They were turned away rather than failed.
    pub is_rejection: bool,
}

/// Figures as the client saw them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClientFigures {
    /// Requests that ended.
    pub requests: u64,
    /// Answered, and rightly.
    pub served: u64,
    /// Turned away, as the service promises to.
    pub rejected: u64,
    /// Should have been answered otherwise.
    pub failed: u64,
    /// Given up because the run was stopped.
    pub abandoned: u64,
    /// Rejections that were waited out and tried again.
    pub retries: u64,
    /// From the beginning of the run to the last answer.
    pub elapsed_seconds: f64,
    /// Served requests a second.
    pub served_per_second: f64,
    /// Seconds of speech, read or made, in a second.
    pub audio_seconds_per_second: f64,
    /// Seconds from the intended start to the end of the answer, of served requests.
    pub latency: Option<Distribution>,
    /// Seconds that new connections took.
    pub connect: Option<Distribution>,
    /// Seconds to the head of the answer.
    pub first_byte: Option<Distribution>,
    /// Seconds to the first audio.
    pub first_audio: Option<Distribution>,
    /// Seconds in the queue, as the service says.
    pub queue_wait: Option<Distribution>,
    /// Seconds for a second of speech.
    pub real_time_factor: Option<Distribution>,
    /// Seconds that it took to be turned away.
    pub refusal: Option<Distribution>,
    /// Words that are wrong in a hundred; `None` if no answer was scored.
    pub word_error_percent: Option<f64>,
    /// Answers that were scored.
    pub scored: u64,
    /// What went wrong, the most frequent first.
    pub errors: Vec<ErrorGroup>,
}

/// The figures of one service, and what objectives may ask beyond those.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    /// The service that was asked.
    pub service: Service,
    /// What a report says.
    pub client: ClientFigures,
    /// All values of each series: an objective may name any percentile.
    collected: HashMap<Series, Collector>,
}

impl Summary {
    /// The figures of these exchanges with one service. `abandoned` are the requests that were
    /// given up because the run was stopped.
    pub(crate) fn of(
        service: Service,
        exchanges: &[Exchange],
        abandoned: u64,
        elapsed_seconds: f64,
    ) -> Self {
        let collect = |value: &dyn Fn(&Exchange) -> Option<f64>| {
            let mut collector = Collector::default();
            collector.extend(exchanges.iter().filter_map(value));
            collector
        };
        let collected: HashMap<Series, Collector> = Series::ALL
            .map(|series| (series, collect(&|it| it.value(series))))
            .into();
        let of = |series| collected[&series].distribution();
        let count = |is: fn(&Outcome) -> bool| {
            let found = exchanges.iter().filter(|it| is(&it.outcome));
            found.count() as u64
        };
        let served = count(Outcome::is_served);
        let audio_seconds = exchanges
            .iter()
            .filter(|it| it.outcome.is_served())
            .filter_map(|it| it.audio_seconds)
            .fold(0.0, std::ops::Add::add);
        let scores = exchanges.iter().filter_map(|it| it.score);
        let score: Score = scores.clone().sum();
        let seconds = elapsed_seconds.max(1e-9);
        let client = ClientFigures {
            requests: exchanges.len() as u64,
            served,
            rejected: count(Outcome::is_rejected),
            failed: count(Outcome::is_failed),
            abandoned,
            retries: exchanges.iter().map(|it| u64::from(it.retries)).sum(),
            elapsed_seconds,
            served_per_second: served as f64 / seconds,
            audio_seconds_per_second: audio_seconds / seconds,
            latency: of(Series::Latency),
            connect: of(Series::Connect),
            first_byte: of(Series::FirstByte),
            first_audio: of(Series::FirstAudio),
            queue_wait: of(Series::QueueWait),
            real_time_factor: of(Series::RealTimeFactor),
            refusal: collect(&Exchange::seconds_to_refusal).distribution(),
            word_error_percent: (score.words > 0).then(|| score.percent()),
            scored: scores.count() as u64,
            errors: error_groups(exchanges),
        };
        Self {
            service,
            client,
            collected,
        }
    }

    fn value(&self, metric: Metric) -> Option<f64> {
        let client = &self.client;
        let share = |of: u64| (client.requests > 0).then(|| of as f64 / client.requests as f64);
        match metric {
            Metric::Of(series, of_all) => {
                let collected = &self.collected[&series];
                match of_all {
                    objective::Summary::Percentile(it) => collected.percentile(it.percent()),
                    objective::Summary::Average => Some(collected.distribution()?.mean),
                    objective::Summary::Min => Some(collected.distribution()?.min),
                    objective::Summary::Max => Some(collected.distribution()?.max),
                }
            }
            Metric::Errors => share(client.failed),
            Metric::Rejections => share(client.rejected),
            Metric::Success => share(client.served),
            Metric::RequestsPerSecond => (client.requests > 0).then_some(client.served_per_second),
            Metric::WordErrorRate => client.word_error_percent.map(|it| it / 100.0),
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
pub(crate) fn has(service: Service, metric: Metric) -> bool {
    match metric {
        Metric::WordErrorRate => service == Service::Asr,
        Metric::Of(Series::FirstAudio, _) => service == Service::Tts,
        _ => true,
    }
}

/// What went wrong, the most frequent first.
fn error_groups(exchanges: &[Exchange]) -> Vec<ErrorGroup> {
    let mut groups: BTreeMap<String, ErrorGroup> = BTreeMap::new();
    for exchange in exchanges {
        let Some(message) = exchange.outcome.complaint() else {
            continue;
        };
        let group = groups.entry(without_numbers(&message));
        let group = group.or_insert_with(|| ErrorGroup {
            count: 0,
            message,
            is_rejection: exchange.outcome.is_rejected(),
        });
        group.count += 1;
    }
    let mut groups: Vec<ErrorGroup> = groups.into_values().collect();
    groups.sort_by_key(|it| std::cmp::Reverse(it.count));
    groups
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
