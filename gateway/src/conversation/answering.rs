//! Begins answers: when there is something to answer and all of it is known.

use super::answer::{Answer, Thought, Told};
use super::settings::Speculation;
use super::utterance::Transcript;
use super::{Command, Conversation, Event, Message};

impl Conversation {
    /// The answer follows the last entry, once the words of all turns are known.
    pub(super) fn start_answer(&mut self) {
        let generation = self.ids.generation();
        let mut answer = Answer::new(generation, self.now, &self.settings);
        answer.after = self.history.last();
        answer.must_respond = true;
        self.answer = Some(answer);
        self.go_on_answering();
    }

    /// Once nothing is to be transcribed any more, the responder is asked, or what was drafted is
    /// released.
    pub(super) fn go_on_answering(&mut self) {
        let Some(answer) = &self.answer else { return };
        if answer.told != Told::Nothing {
            return;
        }
        if answer.thought != Thought::Hearing {
            self.release();
        } else if self.committed.is_empty() && answer.must_respond {
            self.respond();
        } else if self.committed.is_empty() {
            let turn = answer.origin.map(|it| it.turn);
            self.answer = None;
            if let Some(turn) = turn {
                self.emit(Event::NothingUnderstood { turn });
            }
            self.after_answer();
        }
    }

    /// Asks the responder before the turn has ended, if that is wanted.
    pub(super) fn draft_answer(&mut self) {
        let Some(utterance) = &self.utterance else {
            return;
        };
        let Transcript::Known(text) = &utterance.transcript else {
            return;
        };
        let is_wanted = self.settings.speculation == Speculation::Response
            && utterance.is_guess
            && !utterance.is_speaking()
            && !text.is_empty()
            && self.answer.is_none()
            && self.committed.is_empty()
            && (self.settings.create_response || self.wish);
        if !is_wanted {
            return;
        }
        let said = [Message::User(text.clone())];
        let messages = self.history.messages(&self.settings.instructions, &said);
        let (job, generation) = (self.ids.job(), self.ids.generation());
        let mut draft = Answer::new(generation, self.now, &self.settings);
        let deadline = self.now + self.settings.limits.token;
        draft.thought = Thought::Responding { job, deadline };
        draft.after = self.history.last();
        if let Some(utterance) = &mut self.utterance {
            utterance.draft = Some(Box::new(draft));
        }
        self.order(Command::Respond {
            job,
            generation,
            messages,
            speculative: true,
        });
    }

    pub(super) fn drop_draft(&mut self, draft: Option<Box<Answer>>) {
        if let Some(job) = draft.and_then(|it| it.responding()) {
            self.order(Command::CancelResponse(job));
        }
    }
}
