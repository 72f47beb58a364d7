//! What happens by the mere passing of time. Every state has an entry here: that is why none lasts
//! for ever.

use super::answer::{Answer, Thought};
use super::script::Audio;
use super::settings::Detection;
use super::utterance::{Transcript, Utterance, Voice};
use super::{Conversation, Job, Time};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing happened for too long.
    Expiry,
    /// The user has spoken for too long.
    UtteranceLimit,
    /// The pause was long enough.
    EndOfTurn,
    /// There was enough speech to interrupt the bot.
    Interruption,
    /// The noise is over for long enough.
    FalseAlarm,
    /// The bot was paused for too long.
    HoldLimit,
    Transcript(Job),
    Token(Job),
    /// Enough time has passed for the first phrase, or the ear has come to where something is to be
    /// done.
    Progress,
    ToolTakesLong,
    Tool(Job),
    Audio(Job),
    TurnLimit,
}

impl Conversation {
    /// When [`handle`](Self::handle) must be called at the latest, with
    /// [`Input::Timer`](super::Input::Timer) if nothing else has happened. `None`: it is over.
    pub fn next_deadline(&self) -> Option<Time> {
        self.next_due().map(|(time, _)| time)
    }

    pub(super) fn next_due(&self) -> Option<(Time, Due)> {
        if self.closed {
            return None;
        }
        let mut all = Vec::new();
        if self.answer.is_none() && self.utterance.is_none() {
            all.push((self.active + self.settings.limits.expiry, Due::Expiry));
        }
        for it in &self.committed {
            all.push((it.deadline, Due::Transcript(it.job)));
        }
        if let Some(utterance) = &self.utterance {
            self.dues_of_utterance(utterance, &mut all);
        }
        if let Some(answer) = &self.answer {
            self.dues_of_answer(answer, &mut all);
        }
        all.into_iter().min_by_key(|(time, _)| *time)
    }

    fn dues_of_utterance(&self, utterance: &Utterance, all: &mut Vec<(Time, Due)>) {
        let settings = &self.settings;
        if let Transcript::Asked {
            job,
            deadline: Some(deadline),
        } = utterance.transcript
        {
            all.push((deadline, Due::Transcript(job)));
        }
        if let Some(Thought::Responding { job, deadline }) =
            utterance.draft.as_ref().map(|it| it.thought)
        {
            all.push((deadline, Due::Token(job)));
        }
        if !utterance.has_ended {
            all.push((
                utterance.from + settings.limits.utterance,
                Due::UtteranceLimit,
            ));
        }
        match utterance.voice {
            Voice::Speaking { since } if utterance.is_undecided => {
                // A pause is reported only after a while: until then it is not known that it was one.
                let unreported = match settings.detection {
                    Detection::Manual => Time::ZERO,
                    _ => settings.pause_silence,
                };
                let missing = settings.interrupt_after.saturating_sub(utterance.spoken);
                all.push((since + missing + unreported, Due::Interruption));
            }
            Voice::Silent { since } if !utterance.has_ended => {
                let pause = match settings.detection {
                    Detection::Silence(silence) => Some(silence),
                    Detection::Semantic(eagerness) => Some(eagerness.longest_pause()),
                    Detection::Manual => None,
                };
                all.extend(pause.map(|it| (since + it, Due::EndOfTurn)));
            }
            _ => {}
        }
        if let Some(hold) = &self.hold {
            all.push((hold.since + settings.longest_hold, Due::HoldLimit));
            let noise_ended = utterance.silent_since();
            all.extend(noise_ended.map(|it| (it + settings.resume_after, Due::FalseAlarm)));
        }
    }

    fn dues_of_answer(&self, answer: &Answer, all: &mut Vec<(Time, Due)>) {
        let settings = &self.settings;
        if let Thought::Responding { job, deadline } = answer.thought {
            all.push((deadline, Due::Token(job)));
        }
        for (job, since, _) in answer.running() {
            all.push((since + settings.limits.tool, Due::Tool(job)));
            if !answer.has_excused_tool && answer.playout.is_some() {
                all.push((since + settings.tool_notice, Due::ToolTakesLong));
            }
        }
        if answer.failed.is_none() && self.hold.is_none() {
            all.push((answer.waits_since + settings.limits.turn, Due::TurnLimit));
        }
        for phrase in &answer.script.phrases {
            if let Audio::Making { job, deadline } = phrase.audio {
                all.push((deadline, Due::Audio(job)));
            }
        }
        let Some(playout) = &answer.playout else {
            return;
        };
        all.extend(answer.cutter.deadline().map(|it| (it, Due::Progress)));
        let position = playout.position(self.now);
        let next_start = answer
            .script
            .starts()
            .map(|(start, _)| start + 1)
            .find(|it| *it > position);
        for mark in [next_start, Some(playout.sent())] {
            let mark = mark.filter(|it| *it > position);
            let time = mark.and_then(|it| playout.reaches(it));
            all.extend(time.map(|it| (it, Due::Progress)));
        }
    }

    pub(super) fn fire(&mut self, due: Due) {
        match due {
            Due::Expiry => self.close(super::Closing::Expired),
            Due::UtteranceLimit | Due::EndOfTurn => self.utterance_ended(),
            Due::Interruption => self.interrupt(),
            Due::FalseAlarm => self.noise_is_over(),
            Due::HoldLimit => self.held_too_long(),
            Due::Transcript(job) => self.transcript_failed(job),
            Due::Token(job) => self.response_failed(job),
            Due::Progress => {}
            Due::ToolTakesLong => self.tool_takes_long(),
            Due::Tool(job) => self.tool_done(job, None),
            Due::Audio(job) => self.audio_failed(job),
            Due::TurnLimit => self.fail(super::Stage::Turn),
        }
    }
}
