//! What the bot is saying, or is about to say.

use super::phrases::PhraseCutter;
use super::playout::Playout;
use super::script::Script;
use super::settings::{Output, Settings};
use super::{Generation, Item, Job, Message, Stage, Time, ToolCall, Turn};

/// The turn that an answer answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub(super) turn: Turn,
    /// The first voiced sample of the turn.
    pub(super) from: Time,
    /// If the user can go on with it: when it ended, and how much was said until then.
    pub(super) reopens: Option<(Time, Time)>,
    /// Whether an answer was asked for besides.
    pub(super) is_wished: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thought {
    /// Transcripts are to come.
    Hearing,
    /// The responder speaks; its next token must come before the deadline.
    Responding { job: Job, deadline: Time },
    /// Tools run.
    UsingTools,
    /// All was said.
    Done,
}

/// What the client was told of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    Nothing,
    Started,
    /// All was sent.
    Sent,
}

#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) call: ToolCall,
    pub(super) state: CallState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CallState {
    /// To be run, once the turn has ended; or by the client.
    Wanted,
    Running {
        job: Job,
        since: Time,
    },
    /// `None`: failed.
    Done(Option<String>),
}

/// One request to the responder: what it said, and the tools it called behind that.
#[derive(Debug, Clone, Default)]
pub(super) struct Round {
    pub(super) text: String,
    pub(super) calls: Vec<Call>,
}

#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) generation: Generation,
    pub(super) origin: Option<Origin>,
    /// The entry of the history that it follows.
    pub(super) after: Option<Item>,
    /// The entry of the turn that it answers.
    pub(super) own_item: Option<Item>,
    /// Since when the user waits for its next sound, or will: the end of the turn, then the end of
    /// what was sent.
    pub(super) waits_since: Time,
    pub(super) thought: Thought,
    /// Whether there is something to answer: something was understood, or the client asked.
    pub(super) must_respond: bool,
    pub(super) told: Told,
    /// Text that the client has not been told because the turn had not ended.
    pub(super) untold: String,
    pub(super) rounds: Vec<Round>,
    pub(super) cutter: PhraseCutter,
    pub(super) script: Script,
    /// `None`: it is written only.
    pub(super) playout: Option<Playout>,
    /// Whether the client was ever sent audio of it.
    pub(super) has_sounded: bool,
    pub(super) has_excused_tool: bool,
    pub(super) failed: Option<Stage>,
    /// Phrases that the pipeline does not keep any more.
    pub(super) forgotten: usize,
}

impl Answer {
    pub(super) fn new(generation: Generation, now: Time, settings: &Settings) -> Self {
        let playout = match settings.output {
            Output::Speech { rate_hz } => Some(Playout::new(rate_hz)),
            Output::Text => None,
        };
        Self {
            generation,
            origin: None,
            after: None,
            own_item: None,
            waits_since: now,
            thought: Thought::Hearing,
            must_respond: false,
            told: Told::Nothing,
            untold: String::new(),
            rounds: vec![Round::default()],
            cutter: PhraseCutter::new(settings),
            script: Script::default(),
            playout,
            has_sounded: false,
            has_excused_tool: false,
            failed: None,
            forgotten: 0,
        }
    }

    pub(super) fn round(&mut self) -> &mut Round {
        if self.rounds.is_empty() {
            self.rounds.push(Round::default());
        }
        self.rounds.last_mut().expect("there is a round")
    }

    pub(super) fn responding(&self) -> Option<Job> {
        match self.thought {
            Thought::Responding { job, .. } => Some(job),
            _ => None,
        }
    }

    pub(super) fn text_bytes(&self) -> usize {
        self.rounds.iter().map(|it| it.text.len()).sum()
    }

    pub(super) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.rounds.iter().flat_map(|it| &it.calls)
    }

    pub(super) fn running(&self) -> impl Iterator<Item = (Job, Time, &ToolCall)> {
        self.calls().filter_map(|it| match it.state {
            CallState::Running { job, since } => Some((job, since, &it.call)),
            _ => None,
        })
    }

    pub(super) fn call_mut(&mut self, job: Job) -> Option<&mut Call> {
        let is_it =
            |it: &&mut Call| matches!(it.state, CallState::Running { job: own, .. } if own == job);
        self.rounds
            .iter_mut()
            .flat_map(|it| &mut it.calls)
            .find(is_it)
    }

    /// Whether the client was sent nothing to hear, or to read where nothing is heard.
    pub(super) fn is_unheard(&self) -> bool {
        !self.has_sounded && (self.playout.is_some() || self.text_bytes() == 0)
    }

    /// Where the ear is.
    pub(super) fn position(&self, now: Time) -> u64 {
        self.playout.as_ref().map_or(0, |it| it.position(now))
    }

    /// Whether the responder and the synthesis are done.
    pub(super) fn is_made(&self) -> bool {
        self.thought == Thought::Done && (self.playout.is_none() || self.script.is_complete())
    }

    /// How much is left to be heard, if that is known: while it is being made it is not.
    pub(super) fn rest(&self, now: Time) -> Option<u64> {
        self.is_made()
            .then(|| self.script.ready().saturating_sub(self.position(now)))
    }

    /// What was heard of a round.
    pub(super) fn heard(&self, round: usize, now: Time) -> String {
        match &self.playout {
            Some(playout) => self
                .script
                .heard(round, playout.position(now), playout.rate_hz()),
            None => self.rounds[round].text.trim().to_owned(),
        }
    }

    /// What the responder is told of the rounds so far.
    pub(super) fn messages(&self) -> Vec<Message> {
        let mut messages = Vec::new();
        for round in &self.rounds {
            let text = round.text.trim();
            if !text.is_empty() {
                messages.push(Message::Assistant(text.to_owned()));
            }
            messages.extend(round.calls.iter().flat_map(Call::messages));
        }
        messages
    }
}

/// What the responder is told of a tool that failed.
const TOOL_FAILED: &str = "The tool failed.";

impl Call {
    /// The call, and what came of it if anything did.
    pub(super) fn messages(&self) -> impl Iterator<Item = Message> {
        let result = match &self.state {
            CallState::Done(output) => Some(Message::ToolResult {
                call_id: self.call.id.clone(),
                output: output.clone().unwrap_or_else(|| TOOL_FAILED.to_owned()),
            }),
            _ => None,
        };
        std::iter::once(Message::ToolCall(self.call.clone())).chain(result)
    }
}

/// The answer before the present one: its client may still say what was heard of it.
#[derive(Debug, Clone)]
pub(super) struct Past {
    pub(super) generation: Generation,
    pub(super) script: Script,
    pub(super) rate_hz: u32,
    /// The history's entries of what it said, by round.
    pub(super) items: Vec<(usize, Item)>,
    pub(super) ended: Time,
    /// Samples that were heard.
    pub(super) position: u64,
}
