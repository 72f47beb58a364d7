//! From what happens in a conversation to what is counted.

use super::metrics::{ConversationMetrics, Interruption};
use super::outgoing::Outgoing;
use crate::conversation::{Event, Generation, Outcome, Time, Turn};

/// Of one conversation.
#[derive(Debug)]
pub(super) struct Measure {
    metrics: ConversationMetrics,
    /// The last turn that ended, and behind which voiced sample.
    ended: Option<(Turn, Time)>,
    /// The answer of which nothing was sent yet, and the end of the turn that it answers.
    silent: Option<(Generation, Time)>,
    /// The bot has gone on after a pause of which it is not told yet what it was.
    has_resumed: bool,
}

impl Measure {
    pub(super) fn new(metrics: ConversationMetrics) -> Self {
        Self {
            metrics,
            ended: None,
            silent: None,
            has_resumed: false,
        }
    }

    pub(super) fn event(&mut self, event: &Event) {
        match event {
            Event::TurnEnded { turn, to, .. } => self.ended = Some((*turn, *to)),
            Event::AnswerStarted { generation, turn } => {
                let ended = self.ended.filter(|(it, _)| Some(*it) == *turn);
                self.silent = ended.map(|(_, to)| (*generation, to));
            }
            Event::AnswerEnded { outcome, .. } => {
                self.silent = None;
                self.has_resumed = false;
                if *outcome == Outcome::Interrupted {
                    self.metrics.interrupted(Interruption::Real);
                }
            }
            Event::FalseAlarm { resumed, .. } => {
                let has_resumed = std::mem::take(&mut self.has_resumed);
                self.metrics.interrupted(if *resumed || has_resumed {
                    Interruption::Resumed
                } else {
                    Interruption::FalseAlarm
                });
            }
            Event::Speculated { used } => self.metrics.speculated(*used),
            _ => {}
        }
    }

    /// The bot goes on. Whether that was a false alarm may be known only later.
    pub(super) fn resumed(&mut self) {
        self.has_resumed = true;
    }

    pub(super) fn sent(&mut self, outgoing: &Outgoing, now: Time) {
        if let Outgoing::Audio { generation, .. } = outgoing
            && let Some((_, ended)) = self.silent.take_if(|(it, _)| it == generation)
        {
            self.metrics.first_audio(now.saturating_sub(ended));
        }
    }
}
