//! Sees all facts and all orders, and knows only from them what must be so:
//!
//! - after each fact, the next deadline lies ahead;
//! - nothing of an answer is sent, made or run before its turn has ended, before it has started, or
//!   after it has ended, and no word in it is of a responder that was asked for another;
//! - audio is sent in order, without gaps, never twice but from where it was paused, never while it
//!   is paused, and never more than there is;
//! - each pause is followed by a resumption or by the end of the answer, in time;
//! - phrases are made at most two ahead of the ear;
//! - what the history has of an answer is what the client's player has played of it;
//! - no tool runs twice;
//! - in the end every turn in which something was understood has been answered.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use voice_stack_gateway::conversation::{
    Command, Conversation, Detection, Event, Generation, Input, Job, Message, Output, Saying,
    Settings, Time, Turn,
};

use super::player::Player;
use super::received::{Answer, Phrase};

pub(crate) struct Witness {
    settings: Settings,
    /// Of which answer each responder was asked.
    responders: HashMap<Job, Generation>,
    speculative: HashSet<Generation>,
    over: HashSet<Generation>,
    current: Option<(Generation, Answer)>,
    ended_turns: HashSet<Turn>,
    tools: HashSet<String>,
    /// All that was ever heard.
    heard: Vec<String>,
    made: Time,
    /// A turn with words, and no answer began since.
    unanswered: Option<Turn>,
    /// Turns to which no answer was asked for, or not any more.
    excused: HashSet<Turn>,
    is_commit_only: bool,
    /// When it was told that what paused the bot has ended.
    noise_ended: Option<Time>,
    /// Something was told or ordered that may change what the bot has said.
    history_changes: bool,
    jobs: HashSet<Job>,
}

impl Witness {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            responders: HashMap::new(),
            speculative: HashSet::new(),
            over: HashSet::new(),
            current: None,
            ended_turns: HashSet::new(),
            tools: HashSet::new(),
            heard: Vec::new(),
            made: Time::ZERO,
            unanswered: None,
            excused: HashSet::new(),
            is_commit_only: false,
            noise_ended: None,
            history_changes: false,
            jobs: HashSet::new(),
        }
    }

    /// What the client's player has played of an answer.
    pub(crate) fn played(&self, generation: Generation, now: Time) -> Option<u64> {
        let (own, answer) = self.current.as_ref()?;
        (*own == generation).then(|| answer.player.played(now))
    }

    /// How long all audio is that was made.
    pub(crate) fn seconds_made(&self) -> Time {
        self.made
    }

    pub(crate) fn told(&mut self, input: &Input, now: Time) {
        if let Input::Configure(settings) = input {
            self.settings = (**settings).clone();
        }
        if let Input::AudioReady { samples, .. } = input {
            // The slowest rate there is.
            self.made += Time::from_millis(*samples);
        }
        if matches!(input, Input::Cancel | Input::Configure(_)) {
            self.excused.extend(&self.ended_turns);
            self.unanswered = None;
        }
        self.is_commit_only = matches!(input, Input::Commit { respond: false, .. });
        match input {
            Input::SpeechStarted { .. } => self.noise_ended = None,
            Input::SpeechPaused { .. } if self.settings.detection != Detection::Manual => {
                self.noise_ended.get_or_insert(now);
            }
            Input::SpeechEnded { .. } => {
                self.noise_ended.get_or_insert(now);
            }
            _ => {}
        }
        self.history_changes |= matches!(input, Input::Truncate { .. });
        let Some((generation, answer)) = &mut self.current else {
            return;
        };
        match input {
            Input::AudioReady { job, samples } => {
                if let Some(it) = answer.making(*job) {
                    it.ready += samples;
                }
            }
            Input::AudioDone { job } | Input::AudioFailed { job } => {
                if let Some(it) = answer.making(*job) {
                    it.is_done = true;
                }
            }
            Input::Playback {
                generation: own,
                played,
            } if own == generation => {
                answer.was_reported = true;
                answer.player.is_liar |= *played != answer.player.played(now);
            }
            // What the client says it has stopped at counts, whatever it has played.
            Input::Truncate {
                generation: own, ..
            } if own == generation => {
                answer.player.is_liar = true;
            }
            _ => {}
        }
    }

    pub(crate) fn looked(
        &mut self,
        conversation: &Conversation,
        now: Time,
    ) -> Result<(), TestCaseError> {
        let deadline = conversation.next_deadline();
        prop_assert!(
            deadline.is_none_or(|it| it > now),
            "{deadline:?} is not behind {now:?}"
        );
        if let Some((
            _,
            Answer {
                paused: Some((since, _)),
                ..
            },
        )) = &self.current
        {
            let longest = *since + self.settings.longest_hold;
            let resumed = self.noise_ended.map(|it| it + self.settings.resume_after);
            let end = resumed.map_or(longest, |it| it.min(longest));
            prop_assert!(now < end, "paused since {since:?} at {now:?}");
        }
        if !std::mem::take(&mut self.history_changes) {
            return Ok(());
        }
        for message in conversation.history() {
            if let Message::Assistant(text) = message {
                let was_heard = self.heard.iter().any(|it| it.contains(&text));
                prop_assert!(was_heard, "{text:?} was not heard");
            }
        }
        Ok(())
    }

    pub(crate) fn at_rest(&self, now: Time) -> Result<(), TestCaseError> {
        prop_assert!(
            self.current.is_none(),
            "{:?} has no end at {now:?}",
            self.current
        );
        prop_assert!(
            self.unanswered.is_none(),
            "{:?} has no answer",
            self.unanswered
        );
        Ok(())
    }

    pub(crate) fn ordered(&mut self, command: &Command, now: Time) -> Result<(), TestCaseError> {
        match command {
            Command::Transcribe { job, .. } | Command::ScoreTurn { job, .. } => {
                self.new_job(*job)?;
            }
            Command::Respond {
                job,
                generation,
                speculative,
                ..
            } => {
                self.new_job(*job)?;
                prop_assert!(!self.over.contains(generation));
                self.responders.insert(*job, *generation);
                if *speculative {
                    self.speculative.insert(*generation);
                } else {
                    self.in_progress(*generation)?;
                }
            }
            Command::RunTool {
                job,
                generation,
                call,
            } => {
                self.new_job(*job)?;
                self.in_progress(*generation)?;
                prop_assert!(self.tools.insert(call.id.clone()), "{call:?} runs twice");
            }
            Command::Speak {
                job,
                generation,
                phrase,
                text,
                saying,
            } => {
                self.new_job(*job)?;
                let is_liar = self.in_progress(*generation)?.player.is_liar;
                let answer = self.in_progress(*generation)?;
                answer.phrases.truncate(*phrase);
                prop_assert_eq!(answer.phrases.len(), *phrase);
                answer.phrases.push(Phrase {
                    job: *job,
                    text: text.clone(),
                    saying: *saying,
                    ready: 0,
                    is_done: false,
                });
                let ahead = answer.ahead(now);
                prop_assert!(is_liar || ahead <= 2, "{ahead} phrases ahead");
                if *saying == Saying::Answer {
                    self.is_of(*generation, text)?;
                }
            }
            Command::SendAudio {
                generation,
                phrase,
                from,
                to,
            } => {
                let answer = self.in_progress(*generation)?;
                answer.send(*phrase, *from, *to, now)?;
            }
            Command::Pause { generation, at } => {
                self.in_progress(*generation)?.pause(*at, now)?;
                self.noise_ended = None;
            }
            Command::Resume { generation, at } => {
                self.in_progress(*generation)?.resume(*at, now)?;
            }
            Command::CancelSpeech(job) => {
                if let Some((_, answer)) = &mut self.current
                    && let Some(it) = answer.making(*job)
                {
                    it.is_done = true;
                }
            }
            Command::Flush { generation, at } => {
                self.in_progress(*generation)?.is_at(*at, now)?;
            }
            Command::ForgetSpeech(generation) => {
                self.in_progress(*generation)?;
            }
            Command::ForgetPhrase { generation, phrase } => {
                self.in_progress(*generation)?.kept_from = phrase + 1;
            }
            Command::Emit(event) => self.emitted(event, now)?,
            _ => {}
        }
        Ok(())
    }

    fn emitted(&mut self, event: &Event, now: Time) -> Result<(), TestCaseError> {
        match event {
            Event::TurnEnded { turn, .. } => {
                self.ended_turns.insert(*turn);
                if self.is_commit_only || !self.settings.create_response {
                    self.excused.insert(*turn);
                }
            }
            Event::Transcript { turn, text }
                if !text.is_empty() && !self.excused.contains(turn) =>
            {
                self.unanswered = Some(*turn);
            }
            Event::TurnReopened { turn } => {
                self.unanswered = self.unanswered.filter(|it| it != turn);
                prop_assert!(self.ended_turns.remove(turn));
            }
            Event::AnswerStarted { generation, turn } => {
                self.unanswered = None;
                prop_assert!(self.current.is_none() && !self.over.contains(generation));
                prop_assert!(turn.is_none_or(|it| self.ended_turns.contains(&it)));
                let rate_hz = match self.settings.output {
                    Output::Speech { rate_hz } => rate_hz,
                    Output::Text => 1000,
                };
                self.current = Some((
                    *generation,
                    Answer {
                        player: Player::new(rate_hz),
                        phrases: Vec::new(),
                        next: (0, 0),
                        paused: None,
                        was_reported: false,
                        is_text: self.settings.output == Output::Text,
                        kept_from: 0,
                    },
                ));
            }
            Event::AnswerText { generation, text } => {
                self.in_progress(*generation)?;
                self.is_of(*generation, text)?;
            }
            Event::ToolCalled { generation, .. }
            | Event::ToolDone { generation, .. }
            | Event::AnswerSent { generation } => {
                self.in_progress(*generation)?;
            }
            Event::AnswerEnded {
                generation, heard, ..
            } => {
                let answer = self.in_progress(*generation)?.clone();
                answer.was_heard(heard, now)?;
                self.is_of(*generation, heard)?;
                self.heard.push(heard.clone());
                self.history_changes = true;
                self.over.insert(*generation);
                self.current = None;
            }
            _ => {}
        }
        Ok(())
    }

    fn new_job(&mut self, job: Job) -> Result<(), TestCaseError> {
        prop_assert!(self.jobs.insert(job), "{job:?} is used twice");
        Ok(())
    }

    fn in_progress(&mut self, generation: Generation) -> Result<&mut Answer, TestCaseError> {
        let own = self.current.as_ref().map(|(own, _)| *own);
        prop_assert_eq!(own, Some(generation), "not in progress");
        Ok(&mut self.current.as_mut().expect("it is in progress").1)
    }

    /// Every word begins with the number of the responder that said it.
    fn is_of(&self, generation: Generation, text: &str) -> Result<(), TestCaseError> {
        for word in text.split_whitespace().filter(|it| *it != "3.5") {
            let number: String = word.chars().take_while(char::is_ascii_digit).collect();
            let job = Job(number
                .parse()
                .map_err(|_| TestCaseError::fail(word.to_owned()))?);
            prop_assert_eq!(self.responders.get(&job), Some(&generation), "{}", word);
        }
        Ok(())
    }
}
