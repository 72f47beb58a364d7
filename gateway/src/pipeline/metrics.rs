//! What is counted of conversations.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use voice_common::metrics::duration_histogram;

use crate::conversation::Stage;

/// Speech while the bot had the floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interruption {
    /// The bot stopped for it.
    Real,
    /// It was nothing, and the bot had not been paused.
    FalseAlarm,
    /// It was nothing, and the bot went on where it had been paused.
    Resumed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabels {
    stage: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

type Stages = Family<StageLabels, Histogram, fn() -> Histogram>;

/// What is counted of conversations. Clones count together.
#[derive(Debug, Clone)]
pub struct ConversationMetrics {
    stages: Stages,
    ttfa: Histogram,
    interruptions: Family<KindLabels, Counter>,
    speculation: Family<OutcomeLabels, Counter>,
}

impl Default for ConversationMetrics {
    fn default() -> Self {
        Self {
            stages: Stages::new_with_constructor(duration_histogram),
            ttfa: duration_histogram(),
            interruptions: Family::default(),
            speculation: Family::default(),
        }
    }
}

impl ConversationMetrics {
    /// Adds them to the metrics of the service.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "turn_stage",
            "Time of the parts of a turn: transcript (from the order to the words), response (to the \
             first word), speech (of a phrase, to its first sound), tool (to its result)",
            Unit::Seconds,
            self.stages.clone(),
        );
        registry.register_with_unit(
            "turn_ttfa",
            "From the end of the user's speech to the first sound of the answer",
            Unit::Seconds,
            self.ttfa.clone(),
        );
        registry.register(
            "interruptions",
            "Speech while the bot spoke: real, false_alarm (the bot was not paused), resumed (it was, and \
             went on)",
            self.interruptions.clone(),
        );
        registry.register(
            "speculation",
            "What was asked before a turn had ended: used, wasted",
            self.speculation.clone(),
        );
        for stage in [
            Stage::Transcript,
            Stage::Response,
            Stage::Tool,
            Stage::Speech,
        ] {
            drop(self.stages.get_or_create(&stage_labels(stage)));
        }
        for kind in [
            Interruption::Real,
            Interruption::FalseAlarm,
            Interruption::Resumed,
        ] {
            drop(self.interruptions.get_or_create(&kind_labels(kind)));
        }
        for used in [true, false] {
            drop(self.speculation.get_or_create(&outcome_labels(used)));
        }
    }

    pub(crate) fn stage_took(&self, stage: Stage, time: Duration) {
        let histogram = self.stages.get_or_create(&stage_labels(stage));
        histogram.observe(time.as_secs_f64());
    }

    pub(super) fn first_audio(&self, after: Duration) {
        self.ttfa.observe(after.as_secs_f64());
    }

    pub(super) fn interrupted(&self, kind: Interruption) {
        self.interruptions.get_or_create(&kind_labels(kind)).inc();
    }

    pub(super) fn speculated(&self, used: bool) {
        self.speculation.get_or_create(&outcome_labels(used)).inc();
    }
}

fn stage_labels(stage: Stage) -> StageLabels {
    StageLabels {
        stage: match stage {
            Stage::Transcript => "transcript",
            Stage::Response => "response",
            Stage::Tool => "tool",
            Stage::Speech => "speech",
            Stage::Turn => "turn",
        },
    }
}

fn kind_labels(kind: Interruption) -> KindLabels {
    KindLabels {
        kind: match kind {
            Interruption::Real => "real",
            Interruption::FalseAlarm => "false_alarm",
            Interruption::Resumed => "resumed",
        },
    }
}

fn outcome_labels(used: bool) -> OutcomeLabels {
    OutcomeLabels {
        outcome: if used { "used" } else { "wasted" },
    }
}
