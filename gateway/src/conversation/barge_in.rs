//! Speech while the bot has the floor: the bot pauses at once, and then either is interrupted or
//! goes on where it paused.

use super::answer::Answer;
use super::playout::{Playout, samples};
use super::utterance::{Hold, Transcript, Utterance};
use super::words::{is_backchannel, is_echo, words};
use super::{Command, Conversation, Event, Outcome, Time};

impl Conversation {
    /// Whether a sound of this likeness to what is being played is taken for it.
    pub(super) fn is_own_sound(&self, correlation: f32) -> bool {
        !self.settings.echo_cancelled
            && correlation >= self.settings.echo_correlation
            && self.answer.as_ref().is_some_and(|it| it.has_sounded)
    }

    pub(super) fn echo_correlation(&mut self, correlation: f32) {
        let is_own = self.is_own_sound(correlation);
        let undecided = self
            .utterance
            .as_ref()
            .filter(|it| it.is_undecided && it.is_speaking());
        if let Some(from) = undecided.filter(|_| is_own).map(|it| it.from) {
            self.false_alarm();
            self.echo_since = Some(from);
        } else if let Some(since) = self.echo_since.filter(|_| !is_own) {
            self.speaker_begins(since);
        }
    }

    pub(super) fn echo_cancelled(&mut self, is_cancelled: bool) {
        self.settings.echo_cancelled = is_cancelled;
        if let Some(since) = self.echo_since.filter(|_| is_cancelled) {
            self.speaker_begins(since);
        }
    }

    /// The bot stops for now.
    pub(super) fn hold_answer(&mut self) {
        let now = self.now;
        let Some(answer) = self.answer.as_mut().filter(|_| self.hold.is_none()) else {
            return;
        };
        let has_sounded = answer.has_sounded;
        let playing = answer.playout.as_mut().filter(|_| has_sounded);
        let at = playing.map(|it| it.pause(now));
        let generation = answer.generation;
        self.hold = Some(Hold {
            since: now,
            is_told: at.is_some(),
        });
        if let Some(at) = at {
            self.order(Command::Pause { generation, at });
        }
    }

    /// The bot goes on.
    pub(super) fn release_hold(&mut self) {
        let (Some(hold), Some(answer)) = (self.hold.take(), &mut self.answer) else {
            return;
        };
        let generation = answer.generation;
        if let Some(playout) = answer.playout.as_mut().filter(|_| hold.is_told) {
            let at = playout.resume();
            self.order(Command::Resume { generation, at });
        }
    }

    /// Judges by the words, if they are known.
    pub(super) fn judge_if_known(&mut self) {
        let Some(utterance) = &self.utterance else {
            return;
        };
        if utterance.spoken >= self.settings.interrupt_after && utterance.is_undecided {
            self.interrupt();
        } else if let Transcript::Known(text) = &utterance.transcript {
            let words = words(text);
            self.judge(&words, true);
        }
    }

    /// Whether these words are meant for the bot. If they are all that was said, it is decided.
    pub(super) fn judge(&mut self, words: &[String], are_all: bool) {
        let Some(utterance) = self.utterance.as_ref().filter(|it| it.is_undecided) else {
            return;
        };
        let is_own = is_echo(words, &self.own_words(utterance));
        if !is_own && !is_backchannel(words, &self.settings.language) {
            self.interrupt();
        } else if are_all && is_own && words.len() > 1 {
            self.false_alarm();
        } else if are_all {
            self.only_backchannel(!words.is_empty());
        }
    }

    /// The user has not asked to speak: the bot goes on, unless it was finished anyhow.
    fn only_backchannel(&mut self, has_words: bool) {
        let enough = self.samples_of(self.settings.least_rest);
        let rest = self.answer.as_ref().and_then(|it| it.rest(self.now));
        if has_words && rest.is_some_and(|it| it < enough.max(1)) {
            self.take_as_turn();
        } else {
            self.false_alarm();
        }
    }

    /// It was nothing, and the bot goes on.
    pub(super) fn false_alarm(&mut self) {
        let Some(utterance) = self.utterance.take() else {
            return;
        };
        if let Transcript::Asked { job, .. } = utterance.transcript {
            self.order(Command::DropTranscription(job));
        }
        let resumed = self.hold.is_some();
        self.release_hold();
        self.emit(Event::FalseAlarm {
            turn: utterance.turn,
            resumed,
        });
    }

    /// The bot has said what it had to say, or all but a rest that is not worth it: it answers.
    fn take_as_turn(&mut self) {
        let rest = self.answer.as_ref().and_then(|it| it.rest(self.now));
        let is_whole = rest == Some(0);
        self.end_answer(if is_whole {
            Outcome::Completed
        } else {
            Outcome::Interrupted
        });
        self.after_answer();
    }

    /// The noise ended a while ago and its words are not known: the bot goes on without them. If
    /// they come, they may still interrupt it.
    pub(super) fn noise_is_over(&mut self) {
        let nothing_left = self.answer.as_ref().and_then(|it| it.rest(self.now)) == Some(0);
        if let Some(utterance) = &mut self.utterance {
            utterance.has_ended = true;
        }
        if nothing_left {
            self.ask_transcript(true);
            self.take_as_turn();
        } else if self
            .utterance
            .as_ref()
            .is_some_and(|it| it.transcript == Transcript::None)
        {
            self.false_alarm();
        } else {
            self.release_hold();
        }
    }

    /// Noise upon noise, none of it long enough to be speech. If it goes on, it may still be.
    pub(super) fn held_too_long(&mut self) {
        if self.utterance.as_ref().is_some_and(Utterance::is_speaking) {
            self.release_hold();
        } else {
            self.false_alarm();
        }
    }

    /// The user has the floor: nothing more of the answer is heard. What it was to answer, or what
    /// was to be answered behind it, is answered with what is being said, even if that turns out to
    /// be nothing.
    pub(super) fn interrupt(&mut self) {
        self.wish |= self.answer.as_ref().is_some_and(Answer::is_unheard);
        if self.answer.is_some() {
            self.end_answer(Outcome::Interrupted);
        }
        self.after_answer();
    }

    pub(super) fn samples_of(&self, time: Time) -> u64 {
        let answer = self.answer.as_ref().and_then(|it| it.playout.as_ref());
        let past = self.past.as_ref().map(|it| it.rate_hz);
        let rate_hz = answer.map(Playout::rate_hz).or(past);
        rate_hz.map_or(0, |it| samples(time, it))
    }
}
