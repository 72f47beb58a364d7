//! The bot's voice: phrases are made, sent and heard, one behind the other.

use super::answer::{Answer, CallState, Thought, Told};
use super::command::Saying;
use super::script::{Audio, Phrase};
use super::{Command, Conversation, Event, Generation, Job, Outcome, Stage};

impl Conversation {
    /// Does all that has become possible: called behind every fact and every deadline.
    pub(super) fn settle(&mut self) {
        self.cut_phrases();
        self.make_phrases();
        if self.hold.is_none() {
            self.send_audio();
        }
        self.forget_phrases();
        self.tell_if_sent();
        self.finish_if_heard();
    }

    fn started(&mut self) -> Option<&mut Answer> {
        self.answer.as_mut().filter(|it| it.told != Told::Nothing)
    }

    fn cut_phrases(&mut self) {
        let now = self.now;
        let Some(answer) = self.started() else { return };
        if answer.playout.is_none() {
            return;
        }
        let round = answer.rounds.len().saturating_sub(1);
        while let Some(text) = answer.cutter.cut(now) {
            answer
                .script
                .phrases
                .push(Phrase::new(text, Saying::Answer, round));
        }
    }

    /// Never more than some phrases ahead of the ear.
    fn make_phrases(&mut self) {
        let now = self.now;
        let ahead = self.settings.phrases_ahead.max(1);
        let deadline = now + self.settings.limits.audio;
        let Some(answer) = self.started() else { return };
        let begun = answer.script.begun(answer.position(now));
        let end = begun.saturating_add(ahead);
        let generation = answer.generation;
        let wanted = answer.script.phrases.iter().enumerate().take(end);
        let wanted = wanted
            .filter(|(_, it)| it.audio == Audio::Wanted)
            .map(|(index, _)| index);
        for phrase in wanted.collect::<Vec<_>>() {
            let job = self.ids.job();
            let Some(answer) = &mut self.answer else {
                return;
            };
            let it = &mut answer.script.phrases[phrase];
            it.audio = Audio::Making { job, deadline };
            let (text, saying) = (it.text.clone(), it.saying);
            self.order(Command::Speak {
                job,
                generation,
                phrase,
                text,
                saying,
            });
        }
    }

    /// All that can be sent without a gap, in order.
    fn send_audio(&mut self) {
        let now = self.now;
        let Some(answer) = self.started() else { return };
        let ready = answer.script.ready();
        let Some(playout) = &mut answer.playout else {
            return;
        };
        let sent = playout.sent();
        if ready <= sent {
            return;
        }
        let generation = answer.generation;
        let mut orders = Vec::new();
        let mut is_answer = false;
        for (phrase, (start, it)) in answer.script.starts().enumerate() {
            let (from, to) = (sent.saturating_sub(start), it.ready);
            if from < to {
                is_answer |= it.saying != Saying::ToolTakesLong;
                orders.push(Command::SendAudio {
                    generation,
                    phrase,
                    from,
                    to,
                });
            }
        }
        playout.send(ready, now);
        if let Some(end) = playout.reaches(ready).filter(|_| is_answer) {
            answer.waits_since = end;
        }
        answer.has_sounded = true;
        for it in orders {
            self.order(it);
        }
    }

    /// A phrase is kept until the ear is behind the next one: the client may say that it has not
    /// come so far.
    fn forget_phrases(&mut self) {
        let now = self.now;
        let Some(answer) = self.started() else { return };
        let position = answer.position(now);
        let generation = answer.generation;
        let heard = answer
            .script
            .starts()
            .take_while(|(start, it)| it.is_done() && start + it.ready <= position);
        let keep_from = heard.count().saturating_sub(1);
        let old = answer.forgotten..keep_from;
        answer.forgotten = answer.forgotten.max(keep_from);
        let start = answer
            .script
            .starts()
            .nth(keep_from)
            .map(|(start, _)| start);
        if let (Some(playout), Some(start)) = (&mut answer.playout, start) {
            playout.forget_before(start);
        }
        for phrase in old {
            self.order(Command::ForgetPhrase { generation, phrase });
        }
    }

    fn tell_if_sent(&mut self) {
        let Some(answer) = self.started() else { return };
        let is_sent = answer
            .playout
            .as_ref()
            .is_none_or(|it| it.sent() == answer.script.ready());
        if answer.is_made() && is_sent && answer.told != Told::Sent {
            answer.told = Told::Sent;
            let generation = answer.generation;
            self.emit(Event::AnswerSent { generation });
        }
    }

    fn finish_if_heard(&mut self) {
        let now = self.now;
        if self.hold.is_some() {
            return;
        }
        let Some(answer) = self.started() else { return };
        if answer.rest(now) == Some(0) {
            let outcome = answer.failed.map_or(Outcome::Completed, Outcome::Failed);
            self.end_answer(outcome);
            self.after_answer();
            self.settle();
        }
    }

    pub(super) fn audio_ready(&mut self, job: Job, samples: u64) {
        let longest = self.samples_of(self.settings.limits.phrase_audio);
        let deadline = self.now + self.settings.limits.audio;
        let Some(answer) = &mut self.answer else {
            return;
        };
        let Some(phrase) = answer.script.making(job) else {
            return;
        };
        phrase.ready = phrase.ready.saturating_add(samples).min(longest);
        phrase.audio = if phrase.ready < longest {
            Audio::Making { job, deadline }
        } else {
            Audio::Done
        };
    }

    pub(super) fn audio_done(&mut self, job: Job) {
        let answer = self.answer.as_mut();
        let Some(phrase) = answer.and_then(|it| it.script.making(job)) else {
            return;
        };
        if phrase.ready == 0 {
            self.audio_failed(job);
        } else {
            phrase.audio = Audio::Done;
        }
    }

    pub(super) fn audio_failed(&mut self, job: Job) {
        let Some(answer) = &mut self.answer else {
            return;
        };
        let phrases = &mut answer.script.phrases;
        let Some(failed) = phrases.iter().position(|it| it.is_making(job)) else {
            return;
        };
        if phrases[failed].saying == Saying::ToolTakesLong {
            // The answer does not depend on it.
            phrases[failed].audio = Audio::Done;
            self.order(Command::CancelSpeech(job));
        } else {
            self.drop_phrases(failed);
            self.fail(Stage::Speech);
        }
    }

    pub(super) fn playback(&mut self, generation: Generation, played: u64) {
        let now = self.now;
        let answer = self
            .answer
            .as_mut()
            .filter(|it| it.generation == generation);
        if let Some(playout) = answer.and_then(|it| it.playout.as_mut()) {
            playout.report(played, now);
        }
    }

    /// Something failed. What can still be said is said, then one sentence; the conversation goes
    /// on.
    pub(super) fn fail(&mut self, stage: Stage) {
        self.emit(Event::Failed { stage });
        self.announce();
        self.stop_thinking();
        if stage == Stage::Turn {
            self.drop_phrases(0);
        }
        let sentence = self.settings.sentences.failure(stage).to_owned();
        let Some(answer) = &mut self.answer else {
            return;
        };
        let is_first = answer.failed.is_none();
        answer.failed.get_or_insert(stage);
        answer.cutter = super::phrases::PhraseCutter::new(&self.settings);
        if is_first && answer.playout.is_some() && !sentence.is_empty() {
            let round = answer.rounds.len().saturating_sub(1);
            answer
                .script
                .phrases
                .push(Phrase::new(sentence, Saying::Failure(stage), round));
        }
    }

    /// From this phrase on only what is ready is said.
    fn drop_phrases(&mut self, from: usize) {
        let Some(answer) = &mut self.answer else {
            return;
        };
        for job in answer.script.drop_unready(from) {
            self.order(Command::CancelSpeech(job));
        }
    }

    /// The responder and the tools stop.
    pub(super) fn stop_thinking(&mut self) {
        let Some(answer) = &mut self.answer else {
            return;
        };
        let job = answer.responding();
        answer.thought = Thought::Done;
        let mut orders: Vec<_> = job.map(Command::CancelResponse).into_iter().collect();
        for call in answer.rounds.iter_mut().flat_map(|it| &mut it.calls) {
            if let CallState::Running { job, .. } = call.state {
                call.state = CallState::Done(None);
                orders.push(Command::CancelTool(job));
                orders.push(Command::Emit(Event::ToolDone {
                    generation: answer.generation,
                    call_id: call.call.id.clone(),
                    output: None,
                }));
            }
        }
        for it in orders {
            self.order(it);
        }
    }
}
