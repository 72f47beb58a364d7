//! The JSON of a run. `docs/LOAD_TESTING.md` describes it; a change that would mislead a
//! reader of the old one gets a new number in [`SCHEMA`].

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::distribution::Distribution;
use crate::exchange::Exchange;
use crate::finding::Finding;
use crate::objective::Objective;
use crate::service::Service;
use crate::summary::ClientFigures;
use crate::watch::ServerSample;

/// Name and number of the form.
pub(crate) const SCHEMA: &str = "voice-stack-load/1";

/// A run, whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of the tool.
    pub tool_version: String,
    /// What was asked of it.
    pub command: Vec<String>,
    /// When it began, as RFC 3339.
    pub began_at: String,
    /// How long it took.
    pub elapsed_seconds: f64,
    /// It was stopped before its end.
    pub is_stopped: bool,
    /// What made requests begin, in words.
    pub arrivals: String,
    /// What the generator itself did.
    pub generator: Generator,
    /// One for each service that was asked.
    pub services: Vec<ServiceReport>,
    /// What was promised, and what became of it.
    pub objectives: Vec<ObjectiveReport>,
    /// What the mode itself looked into, such as growth in a soak.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// What the generator itself did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Generator {
    /// Its computing time; `None` where it can't be read.
    pub cpu_seconds: Option<f64>,
    /// The same as a share of one core.
    pub share_of_a_core: Option<f64>,
    /// How much later than intended requests were sent, in seconds; open loop only.
    pub lag: Option<Distribution>,
    /// It could not keep its own schedule: the figures don't count.
    pub is_bottleneck: bool,
}

/// One service during the run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ServiceReport {
    /// Which of the two.
    pub service: Service,
    /// Its address.
    pub url: String,
    /// Its version, as it says.
    pub version: Option<String>,
    /// The model that was asked for when none was named, as it says.
    pub model: Option<String>,
    /// The figures as its client saw them.
    pub client: ClientFigures,
    /// The figures as it gave them itself.
    pub server: ServerFigures,
    /// Samples of its state, about one a second.
    #[serde(rename = "sights")]
    pub samples: Vec<ServerSample>,
    /// Each request.
    pub exchanges: Vec<Exchange>,
}

/// Figures as the service gave them, over the time of the run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct ServerFigures {
    /// Inferences that may run at once.
    pub slots: Option<f64>,
    /// The most that ran at once.
    pub in_flight_high_water: Option<f64>,
    /// The most that were seen waiting.
    pub queue_depth_max: Option<f64>,
    /// Inferences that ended.
    pub inferences: Option<f64>,
    /// Computing seconds of an inference, on average.
    pub inference_seconds_mean: Option<f64>,
    /// Seconds in the queue, on average.
    pub queue_wait_seconds_mean: Option<f64>,
    /// Rejections by code.
    pub rejections: Vec<(String, f64)>,
    /// Work that was stopped because its client left.
    pub disconnected: Option<f64>,
    /// Models that were loaded.
    pub model_loads: Option<f64>,
    /// Requests for speech by what the cache had: outcome, and how many.
    pub cache: Vec<(String, f64)>,
    /// The most memory in use, as a ratio, as its guard saw it.
    pub memory_ratio_max: Option<f64>,
    /// Physical memory of the process at the end of the run.
    pub rss_bytes_last: Option<f64>,
    /// The most of it.
    pub rss_bytes_max: Option<f64>,
    /// Computing time of the process.
    pub cpu_seconds: Option<f64>,
    /// Scrapes that got no answer.
    pub missed_scrapes: u64,
    /// The longest time that a scrape took.
    pub scrape_seconds_max: Option<f64>,
}

/// An objective and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ObjectiveReport {
    /// As it was given.
    pub objective: Objective,
    /// The value that was measured, in base units.
    pub value: Option<f64>,
    /// Whether the value keeps to the bound.
    pub is_held: bool,
    /// The same in words.
    pub sentence: String,
}

/// A moment as RFC 3339, to the second.
pub(crate) fn moment(at: SystemTime) -> String {
    humantime::format_rfc3339_seconds(at).to_string()
}
