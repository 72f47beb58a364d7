//! What can be promised.

use std::fmt;
use std::str::FromStr;

use super::amount::Dimension;

/// A figure of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// A summary of what was measured for each answered request: `p95`, `ttfa_avg`.
    Of(Series, Summary),
    /// Share of the requests that failed, rejections apart: `errors`.
    Errors,
    /// Share of the requests that the service turned away because it was full: `rejections`.
    Rejections,
    /// Share of the requests that were answered as asked: `success`.
    Success,
    /// Answers per second: `rps`.
    RequestsPerSecond,
    /// Wrong words per word of the references, as a ratio: `wer`.
    WordErrorRate,
}

/// What is measured for each request. Times are in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Series {
    /// From the intended start to the last byte: no prefix.
    Latency,
    /// Until the connection stands: `connect_`.
    Connect,
    /// To the first byte of the answer: `ttfb_`.
    FirstByte,
    /// To the first audio that could be played: `ttfa_`.
    FirstAudio,
    /// In the service's queue, as the service says: `queue_`.
    QueueWait,
    /// Time of the request per time of its audio, as a ratio: `rtf_`.
    RealTimeFactor,
}

/// One number for many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Summary {
    /// `p95`
    Percentile(Percentile),
    /// `avg`
    Average,
    /// `min`
    Min,
    /// `max`
    Max,
}

/// A percentile, above 0 and at most 100.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Percentile(f64);

impl Percentile {
    /// `None` unless `percent` is above 0 and at most 100.
    pub fn new(percent: f64) -> Option<Self> {
        (percent > 0.0 && percent <= 100.0).then_some(Self(percent))
    }

    /// As a share: 0.95 for p95.
    pub fn share(self) -> f64 {
        self.0 / 100.0
    }

    /// As in its name: 95 for p95.
    pub fn percent(self) -> f64 {
        self.0
    }
}

impl Series {
    /// All of them, in the order of a request's life.
    pub const ALL: [Self; 6] = [
        Self::Latency,
        Self::Connect,
        Self::FirstByte,
        Self::FirstAudio,
        Self::QueueWait,
        Self::RealTimeFactor,
    ];

    /// What stands before the summary.
    fn prefix(self) -> &'static str {
        match self {
            Self::Latency => "",
            Self::Connect => "connect_",
            Self::FirstByte => "ttfb_",
            Self::FirstAudio => "ttfa_",
            Self::QueueWait => "queue_",
            Self::RealTimeFactor => "rtf_",
        }
    }
}

impl Metric {
    const COUNTED: [(&'static str, Self); 5] = [
        ("errors", Self::Errors),
        ("rejections", Self::Rejections),
        ("success", Self::Success),
        ("rps", Self::RequestsPerSecond),
        ("wer", Self::WordErrorRate),
    ];

    /// All names, in words.
    pub(super) const POSSIBLE: &'static str = "p50, p95, p99.9 (any percentile), avg, min, max, \
        each also with connect_, ttfb_, ttfa_, queue_ or rtf_ before it, \
        errors, rejections, success, rps, wer";

    pub(super) fn dimension(self) -> Dimension {
        match self {
            Self::Of(Series::RealTimeFactor, _) | Self::RequestsPerSecond => Dimension::Plain,
            Self::Of(..) => Dimension::Time,
            Self::Errors | Self::Rejections | Self::Success => Dimension::Share,
            Self::WordErrorRate => Dimension::Ratio,
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        if let Some((_, metric)) = Self::COUNTED.into_iter().find(|(it, _)| *it == name) {
            return Some(metric);
        }
        Series::ALL.into_iter().find_map(|series| {
            let summary = name.strip_prefix(series.prefix())?;
            Some(Self::Of(series, Summary::parse(summary)?))
        })
    }
}

impl Summary {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "avg" => Some(Self::Average),
            "min" => Some(Self::Min),
            "max" => Some(Self::Max),
            _ => {
                let percent = name.strip_prefix('p')?;
                let is_decimal = percent.chars().all(|it| it == '.' || it.is_ascii_digit());
                let percent = f64::from_str(percent).ok().filter(|_| is_decimal)?;
                Percentile::new(percent).map(Self::Percentile)
            }
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Of(series, summary) = self {
            return write!(formatter, "{}{summary}", series.prefix());
        }
        let name = Self::COUNTED.iter().find(|(_, metric)| metric == self);
        let (name, _) = name.expect("what is no summary is counted");
        formatter.write_str(name)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percentile(percentile) => write!(formatter, "{percentile}"),
            Self::Average => formatter.write_str("avg"),
            Self::Min => formatter.write_str("min"),
            Self::Max => formatter.write_str("max"),
        }
    }
}

impl fmt::Display for Percentile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "p{}", self.0)
    }
}
