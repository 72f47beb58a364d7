//! How an answer ends: what was heard of it goes into the history, and nothing more of it is sent.

use super::answer::{Past, Told};
use super::{Command, Conversation, Event, Generation, Item, Message, Outcome, Refusal, Said};

impl Conversation {
    /// Ends the answer. [`after_answer`](Self::after_answer) must follow, unless the caller knows
    /// what is next.
    pub(super) fn end_answer(&mut self, outcome: Outcome) {
        self.stop_thinking();
        let now = self.now;
        self.hold = None;
        self.active = now;
        let Some(answer) = self.answer.take() else {
            return;
        };
        let generation = answer.generation;
        let position = answer.position(now);
        if let Some(playout) = &answer.playout {
            let is_over = matches!(outcome, Outcome::Completed | Outcome::Failed(_));
            if answer.has_sounded && !(is_over && playout.sent() == position) {
                self.order(Command::Flush {
                    generation,
                    at: position,
                });
            }
            if !answer.script.phrases.is_empty() {
                self.order(Command::ForgetSpeech(generation));
            }
        }
        let mut items = Vec::new();
        let mut recorded = Vec::new();
        let mut after = answer.after;
        let mut all_heard = Vec::new();
        for (round, it) in answer.rounds.iter().enumerate() {
            let heard = answer.heard(round, now);
            if !heard.is_empty() {
                all_heard.push(heard.clone());
                let item = self
                    .history
                    .insert(Message::Assistant(heard), after, &mut self.ids);
                items.push((round, item));
                recorded.push((item, Said::Answer(generation)));
                after = after.and(Some(item));
            }
            for message in it.calls.iter().flat_map(super::answer::Call::messages) {
                let call = match &message {
                    Message::ToolCall(call) => Some(Said::Call(call.id.clone())),
                    _ => None,
                };
                let item = self.history.insert(message, after, &mut self.ids);
                recorded.extend(call.map(|it| (item, it)));
                after = after.and(Some(item));
            }
        }
        let heard = all_heard.join(" ");
        if let Some(playout) = &answer.playout {
            self.past = Some(Past {
                generation,
                rate_hz: playout.rate_hz(),
                script: answer.script,
                items,
                ended: now,
                position,
            });
        }
        if answer.told != Told::Nothing {
            for (item, said) in recorded {
                self.emit(Event::Recorded { item, said });
            }
            self.emit(Event::AnswerEnded {
                generation,
                outcome,
                heard,
            });
        }
    }

    /// The bot does not have the floor any more: who is next?
    pub(super) fn after_answer(&mut self) {
        self.hold = None;
        if let Some(utterance) = &mut self.utterance {
            utterance.is_undecided = false;
            if utterance.has_ended {
                let respond = self.settings.create_response;
                self.finish_turn(respond, false);
            }
        } else if let Some(since) = self.echo_since {
            // It was taken for the bot's voice, and has outlasted it.
            self.speaker_begins(since);
        } else if std::mem::take(&mut self.wish) {
            self.start_answer();
        }
    }

    pub(super) fn truncate(&mut self, generation: Generation, played: u64) {
        if let Some(answer) = self
            .answer
            .as_mut()
            .filter(|it| it.generation == generation)
        {
            if let Some(playout) = &mut answer.playout {
                playout.stop_at(played);
            }
            self.end_answer(Outcome::Interrupted);
            self.after_answer();
            return;
        }
        let Some(past) = self.past.as_mut().filter(|it| it.generation == generation) else {
            self.emit(Event::Refused(Refusal::NoAnswer));
            return;
        };
        past.position = past.position.min(played);
        for (round, item) in &past.items {
            let heard = past.script.heard(*round, past.position, past.rate_hz);
            self.history.shorten(*item, &heard);
        }
    }

    pub(super) fn delete_item(&mut self, item: Item) {
        if self.history.has(item) {
            self.history.remove(item);
            self.emit(Event::ItemDeleted { item });
        } else {
            self.emit(Event::Refused(Refusal::NoSuchItem));
        }
    }
}
