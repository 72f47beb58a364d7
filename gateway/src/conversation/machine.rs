//! The conversation itself: takes a fact, and time, and gives orders.

use super::answer::{Answer, Past, Thought};
use super::history::History;
use super::ids::Ids;
use super::settings::Settings;
use super::utterance::{Committed, Hold, Utterance};
use super::{Closing, Command, Event, Input, Job, Time};

/// Who has the floor, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody speaks; the user may.
    Listening,
    /// The user speaks and the bot has nothing to say.
    UserSpeaks,
    /// The user has paused; whether the turn has ended is open.
    UserPauses,
    /// The turn has ended and its words are awaited.
    Transcribing,
    /// The responder is asked, and nothing can be heard yet.
    Thinking,
    /// Tools run, and nothing can be heard.
    UsingTools,
    /// The bot speaks.
    BotSpeaks,
    /// The bot is paused, or does not begin, because the user may be speaking.
    Held,
    /// It is over.
    Closed,
}

/// A conversation. See the [module](super).
#[derive(Debug, Clone)]
pub struct Conversation {
    pub(super) settings: Settings,
    pub(super) now: Time,
    pub(super) ids: Ids,
    pub(super) utterance: Option<Utterance>,
    /// Since when there is speech that is taken for the bot's own.
    pub(super) echo_since: Option<Time>,
    pub(super) committed: Vec<Committed>,
    pub(super) answer: Option<Answer>,
    pub(super) hold: Option<Hold>,
    /// An answer is to follow the one in progress, or what the user is saying.
    pub(super) wish: bool,
    pub(super) history: History,
    pub(super) past: Option<Past>,
    /// When something happened last.
    pub(super) active: Time,
    pub(super) closed: bool,
    out: Vec<Command>,
}

impl Conversation {
    /// A conversation in which nothing was said. Times are since any moment that `now` is also of.
    pub fn new(settings: Settings, now: Time) -> Self {
        Self {
            history: History::new(settings.history_turns, settings.history_bytes),
            settings,
            now,
            ids: Ids::default(),
            utterance: None,
            echo_since: None,
            committed: Vec::new(),
            answer: None,
            hold: None,
            wish: false,
            past: None,
            active: now,
            closed: false,
            out: Vec::new(),
        }
    }

    /// What is to be done because of this fact, and because of the time that has passed. Time that
    /// goes backwards stands still.
    pub fn handle(&mut self, input: Input, now: Time) -> Vec<Command> {
        self.now = self.now.max(now);
        self.meet_deadlines();
        if !self.closed {
            if input != Input::Timer {
                self.active = self.now;
            }
            self.take(input);
            self.settle();
            // A fact about the past can have a deadline that is over.
            self.meet_deadlines();
        }
        std::mem::take(&mut self.out)
    }

    fn meet_deadlines(&mut self) {
        while let Some((time, due)) = self.next_due()
            && time <= self.now
        {
            self.fire(due);
            self.settle();
            assert_ne!(
                self.next_due(),
                Some((time, due)),
                "a deadline that was met is over"
            );
        }
    }

    /// Who has the floor.
    pub fn state(&self) -> State {
        if self.closed {
            return State::Closed;
        }
        if self.hold.is_some() {
            return State::Held;
        }
        match (&self.answer, &self.utterance) {
            (Some(answer), _) => self.state_of(answer),
            (None, Some(it)) if it.is_speaking() => State::UserSpeaks,
            (None, Some(_)) => State::UserPauses,
            (None, None) if !self.committed.is_empty() => State::Transcribing,
            (None, None) => State::Listening,
        }
    }

    /// Whether somebody else than the user is waited for, or the bot speaks: time is the wall's then,
    /// however fast the client sends audio.
    pub fn is_waiting(&self) -> bool {
        let asked = |it: &Utterance| it.has_deadline() || it.score.is_some();
        self.answer.is_some()
            || !self.committed.is_empty()
            || self.utterance.as_ref().is_some_and(asked)
    }

    /// Whether the user's turn goes on: speech that comes is part of it.
    pub fn has_utterance(&self) -> bool {
        self.utterance.is_some()
    }

    /// From where on the pipeline may still be asked for audio; `None`: of what was said so far, none.
    pub fn needs_audio_from(&self) -> Option<Time> {
        let origin = self.answer.as_ref().and_then(|it| it.origin);
        let reopens = origin.filter(|it| it.reopens.is_some());
        let utterance = self.utterance.as_ref().map(|it| it.from);
        utterance.or(reopens.map(|it| it.from))
    }

    /// All that the responder would be told now.
    pub fn history(&self) -> Vec<super::Message> {
        self.history.messages(&self.settings.instructions, &[])
    }

    /// The settings that hold.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn state_of(&self, answer: &Answer) -> State {
        let sent = answer
            .playout
            .as_ref()
            .map_or(0, super::playout::Playout::sent);
        if answer.position(self.now) < sent {
            return State::BotSpeaks;
        }
        match answer.thought {
            Thought::Hearing => State::Transcribing,
            Thought::UsingTools => State::UsingTools,
            Thought::Responding { .. } | Thought::Done => State::Thinking,
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Timer => {}
            Input::SpeechStarted { at, echo } => self.speech_started(at, echo),
            Input::SpeechPaused { at } => self.speech_paused(at),
            Input::SpeechEnded { at } => self.speech_ended(at),
            Input::EchoCorrelation(echo) => self.echo_correlation(echo),
            Input::EchoCancelled(is_cancelled) => self.echo_cancelled(is_cancelled),
            Input::TurnScore { job, complete } => self.turn_score(job, complete),
            Input::PartialTranscript { turn, text } => self.partial_transcript(turn, text),
            Input::Transcript { job, text } => self.transcript(job, &text),
            Input::TranscriptFailed { job } => self.transcript_failed(job),
            Input::Token { job, text } => self.token(job, &text),
            Input::ToolCalled { job, call } => self.tool_called(job, call),
            Input::ResponseDone { job } => self.response_done(job),
            Input::ResponseFailed { job } => self.response_failed(job),
            Input::ToolDone { job, output } => self.tool_done(job, output),
            Input::AudioReady { job, samples } => self.audio_ready(job, samples),
            Input::AudioDone { job } => self.audio_done(job),
            Input::AudioFailed { job } => self.audio_failed(job),
            Input::Playback { generation, played } => self.playback(generation, played),
            Input::Text(text) => self.text(text),
            Input::AddItem { message, after } => self.add_item(message, after),
            Input::DeleteItem(item) => self.delete_item(item),
            Input::Commit { from, to, respond } => self.commit(from, to, respond),
            Input::ClearInput => self.clear_input(),
            Input::CreateResponse => self.create_response(),
            Input::Cancel => self.cancel(),
            Input::Truncate { generation, played } => self.truncate(generation, played),
            Input::Configure(settings) => self.configure(*settings),
            Input::HungUp => self.close(Closing::HungUp),
        }
    }

    pub(super) fn order(&mut self, command: Command) {
        self.out.push(command);
    }

    pub(super) fn emit(&mut self, event: Event) {
        self.out.push(Command::Emit(event));
    }

    /// The answer, or the one that was begun before the turn had ended, of this responder's job.
    pub(super) fn answer_of(&mut self, job: Job) -> Option<&mut Answer> {
        let draft = self
            .utterance
            .as_mut()
            .and_then(|it| it.draft.as_deref_mut());
        self.answer
            .as_mut()
            .into_iter()
            .chain(draft)
            .find(|it| it.responding() == Some(job))
    }

    pub(super) fn close(&mut self, why: Closing) {
        self.drop_utterance();
        for it in std::mem::take(&mut self.committed) {
            self.order(Command::DropTranscription(it.job));
        }
        if self.answer.is_some() {
            self.end_answer(super::Outcome::Cancelled);
        }
        self.closed = true;
        self.order(Command::Close(why));
    }
}
