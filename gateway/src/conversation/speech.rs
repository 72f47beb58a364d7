//! The user's speech: begins, pauses and goes on.

use super::settings::{Detection, Speculation};
use super::utterance::{Transcript, Utterance, Voice};
use super::{Command, Conversation, Event, Job, Time};

/// From this probability on the turn detector takes a turn for complete.
const COMPLETE: f32 = 0.5;

impl Conversation {
    pub(super) fn speech_started(&mut self, at: Time, echo: Option<f32>) {
        let at = at.min(self.now);
        if echo.is_some_and(|it| self.is_own_sound(it)) && self.utterance.is_none() {
            self.echo_since.get_or_insert(at);
        } else {
            self.speaker_begins(at);
        }
    }

    pub(super) fn speaker_begins(&mut self, at: Time) {
        self.echo_since = None;
        match &self.utterance {
            Some(it) if it.is_speaking() => return,
            Some(_) => self.speaker_goes_on(at),
            None if self.can_reopen(at) => self.reopen(at),
            None => self.begin_utterance(at),
        }
        if self.utterance.as_ref().is_some_and(|it| it.is_undecided) {
            self.hold_answer();
        }
    }

    fn begin_utterance(&mut self, at: Time) {
        let turn = self.ids.turn();
        let mut utterance = Utterance::new(turn, at);
        if let Some(answer) = &self.answer {
            utterance.is_undecided = self.settings.interrupt_response;
            utterance.answer_at = answer.position(self.now);
        }
        self.utterance = Some(utterance);
        self.emit(Event::SpeechStarted { turn, at });
    }

    fn speaker_goes_on(&mut self, at: Time) {
        self.drop_guesses();
        let was_resumed = self.hold.is_none();
        if let Some(utterance) = &mut self.utterance {
            if utterance.is_undecided && was_resumed {
                utterance.spoken = Time::ZERO;
            }
            let since = at.max(utterance.end(at));
            utterance.voice = Voice::Speaking { since };
            utterance.has_ended = false;
        }
    }

    /// Drops all that was asked about an utterance that was thought to have ended.
    pub(super) fn drop_guesses(&mut self) {
        let Some(utterance) = &mut self.utterance else {
            return;
        };
        utterance.score = None;
        let transcript = std::mem::replace(&mut utterance.transcript, Transcript::None);
        let draft = utterance.draft.take();
        let was_guess = std::mem::take(&mut utterance.is_guess);
        if let Transcript::Asked { job, .. } = transcript {
            self.order(Command::DropTranscription(job));
        }
        if let Some(job) = draft.and_then(|it| it.responding()) {
            self.order(Command::CancelResponse(job));
        }
        if was_guess {
            self.emit(Event::Speculated { used: false });
        }
    }

    pub(super) fn drop_utterance(&mut self) {
        self.drop_guesses();
        self.utterance = None;
    }

    pub(super) fn speech_paused(&mut self, at: Time) {
        self.echo_since = None;
        if self.settings.detection == Detection::Manual || !self.fall_silent(at) {
            return;
        }
        let Some(utterance) = &self.utterance else {
            return;
        };
        if utterance.is_undecided && utterance.spoken >= self.settings.interrupt_after {
            self.interrupt();
        }
        let is_awaited = self.utterance.as_ref().is_some_and(|it| it.is_undecided);
        if is_awaited || self.settings.speculation != Speculation::Off {
            self.ask_transcript(is_awaited);
        }
        self.ask_score();
    }

    pub(super) fn speech_ended(&mut self, at: Time) {
        self.echo_since = None;
        self.fall_silent(at);
        if self.utterance.as_ref().is_some_and(|it| !it.has_ended) {
            self.utterance_ended();
        }
    }

    /// Whether somebody spoke until now.
    fn fall_silent(&mut self, at: Time) -> bool {
        let now = self.now;
        let Some(utterance) = &mut self.utterance else {
            return false;
        };
        let Voice::Speaking { since } = utterance.voice else {
            return false;
        };
        let at = at.clamp(since.min(now), now);
        utterance.spoken += at.saturating_sub(since);
        utterance.voice = Voice::Silent { since: at };
        true
    }

    pub(super) fn ask_score(&mut self) {
        let Detection::Semantic(_) = self.settings.detection else {
            return;
        };
        let job = self.ids.job();
        let now = self.now;
        let Some(utterance) = &mut self.utterance else {
            return;
        };
        utterance.score = Some(job);
        let (from, to) = (utterance.from, utterance.end(now));
        self.order(Command::ScoreTurn { job, from, to });
    }

    pub(super) fn turn_score(&mut self, job: Job, complete: f32) {
        let Some(utterance) = &mut self.utterance else {
            return;
        };
        if utterance.score != Some(job) {
            return;
        }
        utterance.score = None;
        if complete >= COMPLETE && !utterance.has_ended {
            self.utterance_ended();
        }
    }

    /// Asks for what was said so far, or makes it urgent.
    pub(super) fn ask_transcript(&mut self, is_awaited: bool) {
        let job = self.ids.job();
        let now = self.now;
        let limit = now + self.settings.limits.transcript;
        let Some(utterance) = &mut self.utterance else {
            return;
        };
        let (turn, from, to) = (utterance.turn, utterance.from, utterance.end(now));
        match &mut utterance.transcript {
            Transcript::None => {
                let deadline = is_awaited.then_some(limit);
                utterance.is_guess = !is_awaited;
                utterance.transcript = Transcript::Asked { job, deadline };
                let speculative = !is_awaited;
                self.order(Command::Transcribe {
                    job,
                    turn,
                    from,
                    to,
                    speculative,
                });
            }
            Transcript::Asked { job, deadline } if is_awaited && deadline.is_none() => {
                *deadline = Some(limit);
                let job = *job;
                self.order(Command::AwaitTranscription(job));
            }
            _ => {}
        }
    }
}
