//! What the user says.

use super::Adapter;
use crate::conversation::{Stage, Time, Turn};
use crate::protocol::realtime::detection::TurnDetection;
use crate::protocol::realtime::item::{Body, Content, Item, Role, Status};
use crate::protocol::realtime::problem::Problem;
use crate::protocol::realtime::server_event::{ErrorBody, HeardSeconds, ServerEvent};

fn milliseconds(time: Time) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Adapter {
    pub(super) fn speech_started(&mut self, turn: Turn, at: Time) {
        let item_id = self.ids.next("item");
        self.turns.begin(turn, item_id.clone()).is_speaking = true;
        let padding = self.told.1.prefix_padding;
        self.send(ServerEvent::SpeechStarted {
            item_id,
            audio_start_ms: milliseconds(at.saturating_sub(padding)),
        });
    }

    pub(super) fn partial_transcript(&mut self, turn: Turn, text: &str) {
        if self.session.transcription.is_none() {
            return;
        }
        let Some(heard) = self.turns.get(turn) else {
            return;
        };
        if let Some(delta) = heard.agreed(text) {
            let item_id = heard.item_id.clone();
            self.send(ServerEvent::TranscriptionDelta {
                item_id,
                content_index: 0,
                delta,
            });
        }
    }

    pub(super) fn false_alarm(&mut self, turn: Turn) {
        let now = self.appended;
        if let Some(heard) = self.turns.remove(turn).filter(|it| it.is_speaking) {
            self.send(ServerEvent::SpeechStopped {
                item_id: heard.item_id,
                audio_end_ms: milliseconds(now),
            });
        }
    }

    pub(super) fn turn_ended(&mut self, turn: Turn, from: Time, to: Time) {
        let now = self.appended;
        self.uncommitted = Time::ZERO;
        let silence = match self.session.detection {
            Some(TurnDetection::ServerVad { silence_ms, .. }) => Time::from_millis(silence_ms),
            _ => Time::ZERO,
        };
        if self.turns.get(turn).is_none() {
            let item_id = self.ids.next("item");
            self.turns.begin(turn, item_id);
        }
        let Some(heard) = self.turns.get(turn) else {
            return;
        };
        heard.awaits_transcript = true;
        heard.length = to.saturating_sub(from);
        let item_id = heard.item_id.clone();
        if std::mem::take(&mut heard.is_speaking) {
            self.send(ServerEvent::SpeechStopped {
                item_id: item_id.clone(),
                audio_end_ms: milliseconds((to + silence).min(now.max(to))),
            });
        }
        let previous_item_id = self.items.last_id();
        self.send(ServerEvent::Committed {
            item_id: item_id.clone(),
            previous_item_id: previous_item_id.clone(),
        });
        let body = Body::Message {
            role: Role::User,
            content: vec![Content::InputAudio { transcript: None }],
        };
        let item = Item::new(item_id, Status::Completed, body);
        self.items.push(item.clone());
        self.send_whole(previous_item_id, item);
    }

    /// Under another name: what was committed can't be taken back.
    pub(super) fn turn_reopened(&mut self, turn: Turn) {
        let old = self.turns.remove(turn);
        if let Some(old) = old {
            self.items.remove(&old.item_id);
            self.send(ServerEvent::ItemDeleted {
                item_id: old.item_id,
            });
        }
        self.speech_started(turn, self.appended);
    }

    pub(super) fn transcript(&mut self, turn: Turn, text: &str) {
        let Some(heard) = self.turns.get(turn) else {
            return;
        };
        heard.awaits_transcript = false;
        if self.session.transcription.is_none() {
            return;
        }
        let (item_id, rest) = (heard.item_id.clone(), heard.rest(text));
        let seconds = heard.length.as_secs_f64();
        self.items.set_transcript(&item_id, text);
        if let Some(delta) = rest {
            self.send(ServerEvent::TranscriptionDelta {
                item_id: item_id.clone(),
                content_index: 0,
                delta,
            });
        }
        self.send(ServerEvent::TranscriptionCompleted {
            item_id,
            content_index: 0,
            transcript: text.to_owned(),
            usage: HeardSeconds { seconds },
        });
    }

    pub(super) fn failed(&mut self, stage: Stage) {
        match stage {
            Stage::Transcript => self.transcript_failed(),
            // The responder is told, and answers in some way.
            Stage::Tool => {}
            Stage::Response | Stage::Speech | Stage::Turn => match &mut self.answer {
                Some(answer) => answer.failed = Some(stage),
                None => self.failed_ahead = Some(stage),
            },
        }
    }

    fn transcript_failed(&mut self) {
        let message = "What was said could not be transcribed.";
        let problem = Problem::server("transcription_failed", message);
        let Some(heard) = self.turns.oldest_awaiting() else {
            return;
        };
        heard.awaits_transcript = false;
        if self.session.transcription.is_none() {
            self.refuse(problem, None);
            return;
        }
        let item_id = heard.item_id.clone();
        self.send(ServerEvent::TranscriptionFailed {
            item_id,
            content_index: 0,
            error: ErrorBody::new(problem, None),
        });
    }
}
