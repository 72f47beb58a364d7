//! Transcripts: of what is being said, and of turns that have ended.

use super::answer::Thought;
use super::utterance::{Committed, Transcript, Utterance};
use super::words::{is_echo, words};
use super::{Command, Conversation, Event, Job, Stage, Time, Turn};

/// How far from the ear the words of an echo may be.
const ECHO_NEAR: Time = Time::from_secs(1);
/// How long after its end the bot's voice may still begin to come back.
const ECHO_TAIL: Time = Time::from_millis(300);
/// So many words in a row are no accident.
const ECHO_WORDS: usize = 3;

impl Conversation {
    pub(super) fn partial_transcript(&mut self, turn: Turn, text: String) {
        if self.utterance.as_ref().is_none_or(|it| it.turn != turn) {
            return;
        }
        let words = words(&text);
        self.emit(Event::PartialTranscript { turn, text });
        self.judge(&words, false);
    }

    pub(super) fn transcript(&mut self, job: Job, text: &str) {
        let text = text.trim();
        // A text of nothing but marks is what recognisers make of noise.
        let text = if words(text).is_empty() {
            String::new()
        } else {
            text.to_owned()
        };
        if let Some(utterance) = self.utterance.as_mut().filter(|it| it.awaits(job)) {
            utterance.transcript = Transcript::Known(text);
            if utterance.is_undecided {
                self.judge_if_known();
            } else {
                self.draft_answer();
            }
        } else if let Some(index) = self.committed.iter().position(|it| it.job == job) {
            let Committed {
                turn,
                own_words,
                follows,
                ..
            } = self.committed.remove(index);
            let text = without_echo(text, &own_words);
            self.history.fulfil(turn, text.clone());
            if let Some(answer) = &mut self.answer {
                answer.must_respond |= !text.is_empty() && answer.thought == Thought::Hearing;
            }
            let is_understood = !text.is_empty();
            self.emit(Event::Transcript { turn, text });
            if follows && is_understood {
                self.answer_behind();
            }
            self.go_on_answering();
        }
    }

    pub(super) fn transcript_failed(&mut self, job: Job) {
        if let Some(utterance) = self.utterance.as_mut().filter(|it| it.awaits(job)) {
            let is_awaited = matches!(
                utterance.transcript,
                Transcript::Asked {
                    deadline: Some(_),
                    ..
                }
            );
            utterance.transcript = Transcript::None;
            utterance.is_guess = false;
            if !is_awaited {
                // It is asked for again when the turn ends.
                return;
            }
            self.order(Command::DropTranscription(job));
            self.emit(Event::Failed {
                stage: Stage::Transcript,
            });
            if utterance_is_undecided(self.utterance.as_ref()) {
                self.false_alarm();
            }
        } else if let Some(index) = self.committed.iter().position(|it| it.job == job) {
            let turn = self.committed.remove(index).turn;
            self.history.fulfil(turn, String::new());
            self.order(Command::DropTranscription(job));
            let answer = self
                .answer
                .as_ref()
                .filter(|it| it.thought == Thought::Hearing);
            let is_hopeless = answer.is_some_and(|it| !it.must_respond);
            if is_hopeless && self.committed.is_empty() {
                self.fail(Stage::Transcript);
            } else {
                self.emit(Event::Failed {
                    stage: Stage::Transcript,
                });
                self.go_on_answering();
            }
        }
    }

    /// What the bot has spoken around the ear since the utterance began, if its microphone may have
    /// heard that.
    pub(super) fn own_words(&self, utterance: &Utterance) -> Vec<String> {
        if self.settings.echo_cancelled {
            return Vec::new();
        }
        let spoken = match (&self.answer, &self.past) {
            (Some(answer), _) if answer.has_sounded => {
                let from = utterance
                    .answer_at
                    .saturating_sub(self.samples_of(ECHO_NEAR));
                let to = answer.position(self.now).saturating_add(1);
                answer.script.spoken_between(from, to)
            }
            (_, Some(past)) if utterance.from <= past.ended + ECHO_TAIL => {
                let since = past.ended.saturating_sub(utterance.from) + ECHO_NEAR;
                let from = past.position.saturating_sub(self.samples_of(since));
                past.script.spoken_between(from, past.position)
            }
            _ => return Vec::new(),
        };
        words(&spoken)
    }
}

/// Nothing, if it is what the bot had just said when this turn began. A few words don't count: they
/// are how one answers "Monday or Tuesday?".
pub(super) fn without_echo(text: String, own_words: &[String]) -> String {
    let words = words(&text);
    if words.len() >= ECHO_WORDS && is_echo(&words, own_words) {
        String::new()
    } else {
        text
    }
}

fn utterance_is_undecided(utterance: Option<&Utterance>) -> bool {
    utterance.is_some_and(|it| it.is_undecided)
}
