//! What the client asks for otherwise than by speaking.

use super::answer::{Thought, Told};
use super::settings::Settings;
use super::utterance::{Utterance, Voice};
use super::{Conversation, Event, Item, Message, Outcome, Refusal, Time};

impl Conversation {
    pub(super) fn text(&mut self, text: String) {
        if text.trim().is_empty() {
            return;
        }
        self.supersede();
        let item = self
            .history
            .insert(Message::User(text), None, &mut self.ids);
        self.emit(Event::ItemAdded { item });
        self.answer_or_wish();
    }

    pub(super) fn add_item(&mut self, message: Message, after: Option<Item>) {
        if after.is_some_and(|it| it != Item::NONE && !self.history.has(it)) {
            self.emit(Event::Refused(Refusal::NoSuchItem));
            return;
        }
        let item = self.history.insert(message, after, &mut self.ids);
        self.emit(Event::ItemAdded { item });
    }

    pub(super) fn commit(&mut self, from: Time, to: Time, respond: bool) {
        if respond {
            self.supersede();
        }
        let to = to.min(self.now);
        let turn = self.ids.turn();
        let utterance = self
            .utterance
            .get_or_insert_with(|| Utterance::new(turn, from.min(to)));
        if utterance.is_speaking() {
            let since = to.max(utterance.from);
            utterance.voice = Voice::Silent { since };
        }
        utterance.is_undecided = false;
        self.release_hold();
        self.finish_turn(respond, true);
    }

    pub(super) fn clear_input(&mut self) {
        self.echo_since = None;
        if self.utterance.is_some() {
            self.drop_utterance();
            self.release_hold();
            if self.answer.is_none() && std::mem::take(&mut self.wish) {
                self.start_answer();
            }
        }
    }

    pub(super) fn create_response(&mut self) {
        match &self.answer {
            Some(answer) if answer.told != Told::Sent => {
                self.emit(Event::Refused(Refusal::AnswerInProgress));
            }
            // The client still plays the one before.
            Some(_) => self.wish = true,
            None => self.answer_or_wish(),
        }
    }

    pub(super) fn cancel(&mut self) {
        if self.answer.is_none() {
            self.emit(Event::Refused(Refusal::NoAnswer));
            return;
        }
        self.wish = false;
        self.end_answer(Outcome::Cancelled);
        self.after_answer();
    }

    pub(super) fn configure(&mut self, settings: Settings) {
        self.history
            .limit(settings.history_turns, settings.history_bytes);
        let is_cancelled = settings.echo_cancelled;
        self.settings = settings;
        self.echo_cancelled(is_cancelled);
    }

    /// Something newer is asked: the answer in progress is over.
    fn supersede(&mut self) {
        if self.answer.is_some() {
            self.wish = false;
            self.end_answer(Outcome::Superseded);
        }
        if let Some(utterance) = &mut self.utterance {
            utterance.is_undecided = false;
        }
    }

    /// Another answer is to follow the one in progress, if there is one.
    pub(super) fn answer_behind(&mut self) {
        match &self.answer {
            Some(answer) if answer.thought == Thought::Hearing => {}
            Some(_) => self.wish = true,
            None => self.answer_or_wish(),
        }
    }

    /// If the user is speaking, both are answered together.
    fn answer_or_wish(&mut self) {
        match &self.utterance {
            None => self.start_answer(),
            Some(it) if it.has_ended => self.finish_turn(true, false),
            Some(_) => self.wish = true,
        }
    }
}
