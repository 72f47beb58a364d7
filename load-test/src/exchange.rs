//! One request as its client saw it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::corpus::Class;
use crate::objective::Series;
use crate::score::wer::Score;
use crate::service::Service;

/// One request and its answer. All times but `intended` and `started` count from the moment
/// at which the request should have begun, so that a wait for a stalled service shows even
/// if the generator could not send meanwhile.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Exchange {
    /// The service that was asked.
    pub service: Service,
    /// Its number among the requests to this service.
    pub number: u64,
    /// What was sent, by its name in the corpus.
    pub sample: String,
    /// What kind of speech that is.
    pub class: Class,
    /// When it should have begun, since the beginning of the run.
    pub intended: Duration,
    /// When it began, since the beginning of the run.
    pub started: Duration,
    /// What a new connection took; `None` where one was there already.
    pub connect: Option<Duration>,
    /// To the head of the answer.
    pub first_byte: Option<Duration>,
    /// To the first bytes of audio; TTS only.
    pub first_audio: Option<Duration>,
    /// To the end of the answer, or to the failure.
    pub total: Duration,
    /// Bytes of the answer's body.
    pub bytes: u64,
    /// What the service said that the request waited in its queue.
    pub queue_wait: Option<Duration>,
    /// Duration of the speech: what was sent to ASR, what came from TTS.
    pub audio_seconds: Option<f64>,
    /// How often it was sent again after a rejection.
    pub retries: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// How right the text is that came back; ASR only.
    pub score: Option<Score>,
}

impl Exchange {
    /// What an objective may ask of a single request, in seconds where it is a time. Only a
    /// served request has any of it, but for the time of its connection.
    pub(crate) fn value(&self, series: Series) -> Option<f64> {
        let time = match series {
            Series::Connect => self.connect,
            _ if !self.outcome.is_served() => None,
            Series::Latency => Some(self.total),
            Series::FirstByte => self.first_byte,
            Series::FirstAudio => self.first_audio,
            Series::QueueWait => self.queue_wait,
            Series::RealTimeFactor => {
                let audio_seconds = self.audio_seconds.filter(|it| *it > 0.0)?;
                return Some(self.total.as_secs_f64() / audio_seconds);
            }
        };
        time.map(|it| it.as_secs_f64())
    }

    /// How long the service took to turn the request away; `None` if it didn't.
    pub(crate) fn seconds_to_refusal(&self) -> Option<f64> {
        self.outcome
            .is_rejected()
            .then_some(self.total.as_secs_f64())
    }

    /// How much later than intended the generator sent it.
    pub fn lag(&self) -> Duration {
        self.started.saturating_sub(self.intended)
    }
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// With an answer that is right.
    Served,
    /// The service turned it away, as it promises to do rather than break down.
    Rejected(Refusal),
    /// With an answer that should not have been.
    Failed {
        /// HTTP status, if there was an answer at all.
        status: Option<u16>,
        /// What went wrong, for people.
        message: String,
    },
}

/// What a service says when it turns a request away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// One of [`Self::CODES`].
    pub code: String,
    /// For people.
    pub message: String,
    /// When to come back.
    pub retry_after_seconds: Option<u64>,
}

impl Refusal {
    /// The codes with which a service protects itself and the requests that it has.
    pub const CODES: [&str; 5] = [
        "queue_full",
        "queue_timeout",
        "no_idle_slot",
        "resource_exhausted",
        "draining",
    ];
}

impl Outcome {
    /// Whether the answer is right.
    pub(crate) fn is_served(&self) -> bool {
        *self == Self::Served
    }

    /// Whether the service turned the request away.
    pub(crate) fn is_rejected(&self) -> bool {
        matches!(self, Self::Rejected(_))
    }

    /// Whether the answer is one that should not have been.
    pub(crate) fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }

    /// One line for a list of errors; `None` for what went well.
    pub fn complaint(&self) -> Option<String> {
        match self {
            Self::Served => None,
            Self::Rejected(refusal) => {
                Some(format!("HTTP {}: {}", refusal.status, refusal.message))
            }
            Self::Failed { status, message } => Some(match status {
                Some(status) => format!("HTTP {status}: {message}"),
                None => message.clone(),
            }),
        }
    }
}

/// What a judge says of an answer.
#[derive(Debug)]
pub struct Judged {
    /// Served, or what is wrong with it.
    pub outcome: Outcome,
    /// Duration of the speech in it, or in its request.
    pub audio_seconds: Option<f64>,
    /// How right its text is.
    pub score: Option<Score>,
}

impl Judged {
    /// An answer without a text that could be scored, or one that was not judged.
    pub(crate) fn without_score(outcome: Outcome, audio_seconds: Option<f64>) -> Self {
        Self {
            outcome,
            audio_seconds,
            score: None,
        }
    }
}
