//! A conversation, its clock, and all that it has ordered.

use std::time::Duration;

use voice_stack_gateway::conversation::{
    Command, Conversation, Event, Generation, Input, Job, Message, Output, Settings, State, Time,
    ToolCall, Turn,
};

pub(crate) fn ms(milliseconds: u64) -> Time {
    Duration::from_millis(milliseconds)
}

pub(crate) fn settings() -> Settings {
    Settings {
        output: Output::Speech { rate_hz: 1000 },
        ..Settings::default()
    }
}

pub(crate) struct Scene {
    pub(crate) conversation: Conversation,
    pub(crate) now: Time,
    pub(crate) log: Vec<(Time, Command)>,
}

impl Scene {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            conversation: Conversation::new(settings, Time::ZERO),
            now: Time::ZERO,
            log: Vec::new(),
        }
    }

    /// Time passes; every deadline until then is met in time.
    pub(crate) fn until(&mut self, time_ms: u64) {
        let end = ms(time_ms);
        assert!(end >= self.now, "{end:?} is before {:?}", self.now);
        while let Some(deadline) = self.conversation.next_deadline().filter(|it| *it <= end) {
            assert!(
                deadline > self.now,
                "{deadline:?} was missed at {:?}",
                self.now
            );
            self.now = deadline;
            self.tell(Input::Timer);
        }
        self.now = end;
    }

    pub(crate) fn pass(&mut self, time_ms: u64) {
        let now = u64::try_from(self.now.as_millis()).unwrap();
        self.until(now + time_ms);
    }

    pub(crate) fn tell(&mut self, input: Input) {
        let commands = self.conversation.handle(input, self.now);
        self.log
            .extend(commands.into_iter().map(|it| (self.now, it)));
    }

    pub(crate) fn tell_all(&mut self, inputs: impl IntoIterator<Item = Input>) {
        for it in inputs {
            self.tell(it);
        }
    }

    /// What was ordered since the last call.
    pub(crate) fn take(&mut self) -> Vec<Command> {
        self.log.drain(..).map(|(_, it)| it).collect()
    }

    pub(crate) fn state(&self) -> State {
        self.conversation.state()
    }

    /// The last command of which this finds something.
    pub(crate) fn last<T>(&self, find: impl Fn(&Command) -> Option<T>) -> T {
        let found = self.log.iter().rev().find_map(|(_, it)| find(it));
        found.unwrap_or_else(|| panic!("no such command in {:#?}", self.log))
    }

    pub(crate) fn count(&self, matches: impl Fn(&Command) -> bool) -> usize {
        self.log.iter().filter(|(_, it)| matches(it)).count()
    }

    /// How often the responder has been asked.
    pub(crate) fn requests_to_respond(&self) -> usize {
        self.count(|it| matches!(it, Command::Respond { .. }))
    }

    /// The client ends what was said from one millisecond to the other.
    pub(crate) fn commit(&mut self, from: u64, to: u64, respond: bool) {
        let (from, to) = (ms(from), ms(to));
        self.tell(Input::Commit { from, to, respond });
    }

    pub(crate) fn has(&self, command: &Command) -> bool {
        self.count(|it| it == command) > 0
    }

    pub(crate) fn emitted(&self, event: &Event) -> bool {
        self.count(|it| matches!(it, Command::Emit(own) if own == event)) > 0
    }

    /// When the first command was ordered of which this is true, in milliseconds.
    pub(crate) fn when(&self, matches: impl Fn(&Command) -> bool) -> u128 {
        let found = self.log.iter().find(|(_, it)| matches(it));
        found
            .unwrap_or_else(|| panic!("no such command in {:#?}", self.log))
            .0
            .as_millis()
    }

    pub(crate) fn transcribe(&self) -> Job {
        self.last(|it| match it {
            Command::Transcribe { job, .. } => Some(*job),
            _ => None,
        })
    }

    pub(crate) fn score(&self) -> Job {
        self.last(|it| match it {
            Command::ScoreTurn { job, .. } => Some(*job),
            _ => None,
        })
    }

    pub(crate) fn turn(&self) -> Turn {
        self.last(|it| match it {
            Command::Emit(Event::SpeechStarted { turn, .. }) => Some(*turn),
            _ => None,
        })
    }

    pub(crate) fn respond(&self) -> (Job, Generation) {
        self.last(|it| match it {
            Command::Respond {
                job, generation, ..
            } => Some((*job, *generation)),
            _ => None,
        })
    }

    pub(crate) fn told(&self) -> Vec<Message> {
        self.last(|it| match it {
            Command::Respond { messages, .. } => Some(messages.clone()),
            _ => None,
        })
    }

    pub(crate) fn speak(&self, phrase: usize) -> Job {
        self.last(|it| match it {
            Command::Speak {
                job, phrase: own, ..
            } if *own == phrase => Some(*job),
            _ => None,
        })
    }

    pub(crate) fn spoken(&self) -> Vec<&str> {
        let texts = self.log.iter().filter_map(|(_, it)| match it {
            Command::Speak { text, .. } => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// The audio that was sent: phrase and samples.
    pub(crate) fn sent(&self) -> Vec<(usize, u64, u64)> {
        let sent = self.log.iter().filter_map(|(_, it)| match it {
            Command::SendAudio {
                phrase, from, to, ..
            } => Some((*phrase, *from, *to)),
            _ => None,
        });
        sent.collect()
    }

    pub(crate) fn transcript(&mut self, text: &str) {
        let job = self.transcribe();
        self.tell(Input::Transcript {
            job,
            text: text.into(),
        });
    }

    pub(crate) fn token(&mut self, text: &str) {
        let (job, _) = self.respond();
        self.tell(Input::Token {
            job,
            text: text.into(),
        });
    }

    pub(crate) fn response_done(&mut self) {
        let (job, _) = self.respond();
        self.tell(Input::ResponseDone { job });
    }

    pub(crate) fn call(&mut self, call: &ToolCall) {
        let (job, _) = self.respond();
        self.tell(Input::ToolCalled {
            job,
            call: call.clone(),
        });
    }

    /// A phrase's audio, all at once.
    pub(crate) fn audio(&mut self, phrase: usize, samples: u64) {
        let job = self.speak(phrase);
        self.tell_all([Input::AudioReady { job, samples }, Input::AudioDone { job }]);
    }

    pub(crate) fn speech(&mut self, at: u64) {
        self.tell(Input::SpeechStarted {
            at: ms(at),
            echo: None,
        });
    }

    pub(crate) fn silence(&mut self, at: u64) {
        self.tell(Input::SpeechPaused { at: ms(at) });
    }

    /// The user asks something by voice from 0 to 1 s; its words are known at 1.5 s.
    pub(crate) fn ask(&mut self, text: &str) {
        self.until(200);
        self.speech(0);
        self.until(1200);
        self.silence(1000);
        self.until(1500);
        self.transcript(text);
    }

    /// … and the bot begins to answer at 2 s, with one phrase of `samples`.
    pub(crate) fn ask_and_hear(&mut self, answer: &str, samples: u64) -> Generation {
        self.ask("How are you?");
        self.until(2000);
        self.token(answer);
        self.response_done();
        self.audio(0, samples);
        let (_, generation) = self.respond();
        generation
    }
}

pub(crate) fn tool(id: &str) -> ToolCall {
    ToolCall {
        id: id.into(),
        name: "demo_balance".into(),
        arguments: "{}".into(),
        by_client: false,
    }
}
