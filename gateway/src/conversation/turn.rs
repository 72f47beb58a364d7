//! The user's turn: ends, goes into the history, and may be reopened.

use super::answer::{Answer, Origin};
use super::hearing::without_echo;
use super::utterance::{Committed, Transcript, Utterance, Voice};
use super::{Command, Conversation, Event, Message, Outcome, Said, Time};

impl Conversation {
    /// Nobody expects more of this turn. If it may be noise, that is to be found out first.
    pub(super) fn utterance_ended(&mut self) {
        let Some(utterance) = &mut self.utterance else {
            return;
        };
        utterance.has_ended = true;
        if utterance.is_undecided && self.answer.is_some() {
            self.ask_transcript(true);
            self.judge_if_known();
        } else {
            let respond = self.settings.create_response;
            self.finish_turn(respond, false);
        }
    }

    /// What the user is saying becomes a turn in the history, and is answered if that is asked for
    /// or was before. What the client has committed explicitly is neither doubted nor reopened.
    pub(super) fn finish_turn(&mut self, respond: bool, is_explicit: bool) {
        self.ask_transcript(true);
        let now = self.now;
        let Some(mut utterance) = self.utterance.take() else {
            return;
        };
        let (turn, from, to) = (utterance.turn, utterance.from, utterance.end(now));
        self.emit(Event::TurnEnded { turn, from, to });
        if utterance.is_guess {
            self.emit(Event::Speculated { used: true });
        }
        let is_wished = std::mem::take(&mut self.wish);
        let mut draft = utterance.draft.take();
        if draft
            .as_ref()
            .is_some_and(|it| it.after != self.history.last())
        {
            // It was not told what has been added since.
            self.drop_draft(draft.take());
        }
        let previous = self.history.last();
        // An answer that is not to be interrupted goes on; what was said is answered behind it.
        let follows = self.answer.is_some() && respond;
        let is_understood = self.record(&utterance, is_explicit, follows);
        if self.answer.is_some() || !(respond || is_wished) {
            self.drop_draft(draft);
            self.wish |= is_wished || (follows && is_understood);
            return;
        }
        let draft = match draft {
            Some(draft) if is_understood => Some(*draft),
            draft => {
                self.drop_draft(draft);
                None
            }
        };
        let generation = self.ids.generation();
        let mut answer = draft.unwrap_or_else(|| Answer::new(generation, now, &self.settings));
        answer.origin = Some(Origin {
            turn,
            from,
            reopens: (!is_explicit).then_some((now, utterance.spoken)),
            is_wished,
        });
        answer.after = self.history.last();
        answer.own_item = answer.after.filter(|it| Some(*it) != previous);
        answer.waits_since = now;
        answer.must_respond = is_wished || is_understood;
        self.answer = Some(answer);
        self.go_on_answering();
    }

    /// Into the history, with its words or a place for them. Whether it is known that there are any.
    fn record(&mut self, utterance: &Utterance, is_explicit: bool, follows: bool) -> bool {
        let turn = utterance.turn;
        let own_words = if is_explicit {
            Vec::new()
        } else {
            self.own_words(utterance)
        };
        match &utterance.transcript {
            Transcript::Known(text) => {
                let text = without_echo(text.clone(), &own_words);
                let is_understood = !text.is_empty();
                if is_understood {
                    let message = Message::User(text.clone());
                    let item = self.history.insert(message, None, &mut self.ids);
                    let said = Said::Turn(turn);
                    self.emit(Event::Recorded { item, said });
                }
                self.emit(Event::Transcript { turn, text });
                is_understood
            }
            Transcript::Asked { job, deadline } => {
                self.make_room_for_transcription();
                let item = self.history.expect(turn, &mut self.ids);
                let said = Said::Turn(turn);
                self.emit(Event::Recorded { item, said });
                self.committed.push(Committed {
                    turn,
                    job: *job,
                    deadline: deadline.unwrap_or(self.now),
                    own_words,
                    follows,
                });
                false
            }
            Transcript::None => false,
        }
    }

    fn make_room_for_transcription(&mut self) {
        if self.committed.len() >= self.settings.limits.transcriptions.max(1) {
            let job = self.committed[0].job;
            self.transcript_failed(job);
        }
    }

    /// Within a short time, and if nothing of the answer was heard and no tool was run.
    pub(super) fn can_reopen(&self, at: Time) -> bool {
        let Some(answer) = &self.answer else {
            return false;
        };
        let reopens = answer.origin.and_then(|it| it.reopens);
        let until = reopens.map(|(ended, _)| ended + self.settings.reopen);
        until.is_some_and(|it| at <= it) && answer.is_unheard() && answer.calls().next().is_none()
    }

    pub(super) fn reopen(&mut self, at: Time) {
        let Some(answer) = &self.answer else { return };
        let Some(origin) = answer.origin else { return };
        let item = answer.own_item;
        let spoken = origin.reopens.map_or(Time::ZERO, |(_, spoken)| spoken);
        self.end_answer(Outcome::Reopened);
        self.wish = origin.is_wished;
        if let Some(index) = self.committed.iter().position(|it| it.turn == origin.turn) {
            let it = self.committed.remove(index);
            self.order(Command::DropTranscription(it.job));
        }
        if let Some(item) = item {
            self.history.remove(item);
        }
        let mut utterance = Utterance::new(origin.turn, origin.from);
        utterance.voice = Voice::Speaking { since: at };
        utterance.spoken = spoken;
        self.utterance = Some(utterance);
        self.emit(Event::TurnReopened { turn: origin.turn });
    }
}
