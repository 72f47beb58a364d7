//! The conversation among all that it has to do with.

use proptest::prelude::*;
use voice_stack_gateway::conversation::{
    Command, Conversation, Event, Generation, Input, Item, Job, Message, Settings, State, Time,
    ToolCall, Turn,
};

use super::step::Step;
use super::witness::Witness;
use crate::scene::ms;

const WORDS: [&str; 6] = ["", "mhm", "yes", "stop it", "what is the time", "..."];
/// `%` is the job's number, so that it is seen whose words reach the client.
const TOKENS: [&str; 8] = [
    "%a ",
    "%b, ",
    "%c. ",
    "%d %e %f %g %h. ",
    "\n",
    " ",
    "%i %j %k %l %m %n %o ",
    "3.5 %p! ",
];

/// After so long without a fact, and when all that was made has been played, nobody is waited for.
const REST: Time = Time::from_mins(3);

pub(crate) struct World {
    pub(crate) conversation: Conversation,
    /// What is asked for is delivered soon.
    pub(crate) pipeline_works: bool,
    now: Time,
    witness: Witness,
    transcriptions: Vec<Job>,
    scores: Vec<Job>,
    responses: Vec<Job>,
    tools: Vec<Job>,
    speeches: Vec<Job>,
    turns: Vec<Turn>,
    items: Vec<Item>,
    generation: Option<Generation>,
    tool_calls: usize,
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        let witness = Witness::new(settings.clone());
        Self {
            conversation: Conversation::new(settings, Time::ZERO),
            pipeline_works: false,
            now: Time::ZERO,
            witness,
            transcriptions: Vec::new(),
            scores: Vec::new(),
            responses: Vec::new(),
            tools: Vec::new(),
            speeches: Vec::new(),
            turns: Vec::new(),
            items: Vec::new(),
            generation: None,
            tool_calls: 0,
        }
    }

    fn tell(&mut self, input: Input) -> Result<(), TestCaseError> {
        self.witness.told(&input, self.now);
        let commands = self.conversation.handle(input, self.now);
        for command in &commands {
            self.witness.ordered(command, self.now)?;
            self.note(command);
        }
        self.witness.looked(&self.conversation, self.now)
    }

    fn note(&mut self, command: &Command) {
        match command {
            Command::Transcribe { job, .. } => self.transcriptions.push(*job),
            Command::ScoreTurn { job, .. } => self.scores.push(*job),
            Command::Respond { job, .. } => self.responses.push(*job),
            Command::RunTool { job, .. } => self.tools.push(*job),
            Command::Speak { job, .. } => self.speeches.push(*job),
            Command::Emit(Event::SpeechStarted { turn, .. }) => self.turns.push(*turn),
            Command::Emit(Event::ItemAdded { item }) => self.items.push(*item),
            Command::Emit(Event::AnswerStarted { generation, .. }) => {
                self.generation = Some(*generation);
            }
            _ => {}
        }
    }

    fn pass(&mut self, time: Time) -> Result<(), TestCaseError> {
        let end = self.now + time;
        while let Some(deadline) = self.conversation.next_deadline().filter(|it| *it <= end) {
            self.now = deadline;
            self.tell(Input::Timer)?;
        }
        self.now = end;
        Ok(())
    }

    pub(crate) fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Pass(time) => self.pass(ms(*time))?,
            Step::Oversleep(time) => {
                self.now += ms(*time);
                self.tell(Input::Timer)?;
            }
            Step::Noise(time) => self.noise(ms(*time))?,
            Step::Deliver { words, calls } => self.deliver(*words, *calls)?,
            _ => {
                if let Some(input) = self.input(step) {
                    self.tell(input)?;
                }
            }
        }
        if self.pipeline_works {
            self.pass(ms(50))?;
            self.deliver(
                self.turns.len() % WORDS.len(),
                self.responses.len() % 4 == 3,
            )?;
        }
        Ok(())
    }

    fn noise(&mut self, time: Time) -> Result<(), TestCaseError> {
        let at = self.now;
        self.tell(Input::SpeechStarted { at, echo: None })?;
        self.pass(time)?;
        let at = self.now;
        self.tell(Input::SpeechPaused { at })
    }

    fn deliver(&mut self, words: usize, calls: bool) -> Result<(), TestCaseError> {
        if let Some(job) = self.transcriptions.last().copied() {
            let text = WORDS[words].into();
            self.tell(Input::Transcript { job, text })?;
        }
        if let Some(job) = self.tools.last().copied() {
            let output = Some("42".into());
            self.tell(Input::ToolDone { job, output })?;
        }
        if let Some(job) = self.responses.last().copied() {
            let text = "%a %b %c. %d, %e. %f ".replace('%', &job.0.to_string());
            self.tell(Input::Token { job, text })?;
            if calls {
                let call = self.call(false);
                self.tell(Input::ToolCalled { job, call })?;
            }
            self.tell(Input::ResponseDone { job })?;
        }
        for job in self
            .speeches
            .iter()
            .rev()
            .take(2)
            .rev()
            .copied()
            .collect::<Vec<_>>()
        {
            self.tell(Input::AudioReady { job, samples: 700 })?;
            self.tell(Input::AudioReady { job, samples: 400 })?;
            self.tell(Input::AudioDone { job })?;
        }
        Ok(())
    }

    fn call(&mut self, by_client: bool) -> ToolCall {
        self.tool_calls += 1;
        ToolCall {
            id: format!("call {}", self.tool_calls),
            name: "t".into(),
            arguments: "{}".into(),
            by_client,
        }
    }

    fn input(&mut self, step: &Step) -> Option<Input> {
        let now = self.now;
        let pick = |jobs: &[Job], order: &usize| jobs.iter().rev().nth(*order).copied();
        Some(match step {
            Step::Speech { ago, echo } => Input::SpeechStarted {
                at: now.saturating_sub(ms(*ago)),
                echo: *echo,
            },
            Step::Silence { ago } => Input::SpeechPaused {
                at: now.saturating_sub(ms(*ago)),
            },
            Step::SpeechEnded => Input::SpeechEnded { at: now },
            Step::EchoCorrelation(it) => Input::EchoCorrelation(*it),
            Step::EchoCancelled(it) => Input::EchoCancelled(*it),
            Step::Score { order, complete } => Input::TurnScore {
                job: pick(&self.scores, order)?,
                complete: *complete,
            },
            Step::Partial { words } => Input::PartialTranscript {
                turn: *self.turns.last()?,
                text: WORDS[*words].into(),
            },
            Step::Transcript { order, words } => Input::Transcript {
                job: pick(&self.transcriptions, order)?,
                text: WORDS[*words].into(),
            },
            Step::TranscriptFailed { order } => Input::TranscriptFailed {
                job: pick(&self.transcriptions, order)?,
            },
            Step::Played => {
                let generation = self.generation?;
                let played = self.witness.played(generation, now)?;
                Input::Playback { generation, played }
            }
            Step::PlayedWrongly { samples } => Input::Playback {
                generation: self.generation?,
                played: *samples,
            },
            Step::Text => Input::Text("hello".into()),
            Step::AddItem { kind, after } => Input::AddItem {
                message: self.message(*kind),
                after: (*after > 0)
                    .then(|| self.items.iter().rev().nth(*after).copied())
                    .flatten(),
            },
            Step::DeleteItem { item } => Input::DeleteItem(*self.items.iter().rev().nth(*item)?),
            Step::Commit { ago, respond } => Input::Commit {
                from: now.saturating_sub(ms(*ago)),
                to: now,
                respond: *respond,
            },
            Step::ClearInput => Input::ClearInput,
            Step::CreateResponse => Input::CreateResponse,
            Step::Cancel => Input::Cancel,
            Step::Truncate { share } => {
                let generation = self.generation?;
                let played = self.witness.played(generation, now)? * share / 100;
                Input::Truncate { generation, played }
            }
            Step::Configure(settings) => Input::Configure(Box::new(Settings {
                // An answer keeps what was set when it was begun, which is not seen from outside.
                output: self.conversation.settings().output,
                ..(**settings).clone()
            })),
            _ => return self.answer_of_pipeline(step),
        })
    }

    fn answer_of_pipeline(&mut self, step: &Step) -> Option<Input> {
        let pick = |jobs: &[Job], order: &usize| jobs.iter().rev().nth(*order).copied();
        Some(match step {
            Step::Token { order, text } => {
                let job = pick(&self.responses, order)?;
                Input::Token {
                    job,
                    text: TOKENS[*text].replace('%', &job.0.to_string()),
                }
            }
            Step::ToolCalled { order, by_client } => {
                let job = pick(&self.responses, order)?;
                let call = self.call(*by_client);
                Input::ToolCalled { job, call }
            }
            Step::ResponseDone { order } => Input::ResponseDone {
                job: pick(&self.responses, order)?,
            },
            Step::ResponseFailed { order } => Input::ResponseFailed {
                job: pick(&self.responses, order)?,
            },
            Step::ToolDone { order, works } => {
                let output = works.then(|| "42".to_owned());
                Input::ToolDone {
                    job: pick(&self.tools, order)?,
                    output,
                }
            }
            Step::AudioReady { order, samples } => Input::AudioReady {
                job: pick(&self.speeches, order)?,
                samples: *samples,
            },
            Step::AudioDone { order } => Input::AudioDone {
                job: pick(&self.speeches, order)?,
            },
            Step::AudioFailed { order } => Input::AudioFailed {
                job: pick(&self.speeches, order)?,
            },
            _ => return None,
        })
    }

    fn message(&self, kind: usize) -> Message {
        match kind {
            0 => Message::System("note".into()),
            1 => Message::User("note".into()),
            _ => Message::ToolResult {
                call_id: format!("call {}", self.tool_calls),
                output: "1".into(),
            },
        }
    }

    /// Nothing happens any more: soon nobody is waited for, and then the conversation closes.
    pub(crate) fn come_to_rest(&mut self) -> Result<(), TestCaseError> {
        let made = self.witness.seconds_made();
        self.pass(REST + made)?;
        let state = self.conversation.state();
        let is_at_rest = matches!(state, State::Listening | State::Closed);
        prop_assert!(
            is_at_rest,
            "{state:?} at {:?}: {:#?}",
            self.now,
            self.conversation
        );
        self.witness.at_rest(self.now)?;
        let expiry = self.conversation.settings().limits.expiry;
        self.pass(expiry)?;
        prop_assert_eq!(self.conversation.state(), State::Closed);
        prop_assert_eq!(self.conversation.next_deadline(), None);
        Ok(())
    }
}
