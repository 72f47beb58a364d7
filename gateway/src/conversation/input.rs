//! Facts that a conversation is told.

use super::{Generation, Item, Job, Message, Settings, Time, ToolCall, Turn};

/// A fact. Times of speech are on the conversation's clock; the ones that lie ahead count as now.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Only time has passed.
    Timer,

    /// There is speech since `at`: so says voice activity detection once it is sure, or the client.
    /// Within a pause it must come with the first voiced samples: until then silence is counted.
    SpeechStarted {
        /// The first voiced sample.
        at: Time,
        /// Correlation of its envelope with that of what is being played, 0 to 1, if measured.
        echo: Option<f32>,
    },
    /// There was no speech since `at`; whether the turn has ended is still open.
    SpeechPaused {
        /// Behind the last voiced sample.
        at: Time,
    },
    /// The turn has ended: so says the client.
    SpeechEnded {
        /// Behind the last voiced sample.
        at: Time,
    },
    /// Correlation of speech that goes on with what is being played.
    EchoCorrelation(f32),
    /// Whether the client removes the bot's voice from what it sends.
    EchoCancelled(bool),
    /// What the turn detector says of a pause: the probability that the turn is complete.
    TurnScore {
        /// Of [`Command::ScoreTurn`](super::Command::ScoreTurn).
        job: Job,
        /// 0 to 1.
        complete: f32,
    },

    /// What was understood of a turn so far; a later one may read differently.
    PartialTranscript {
        /// Of [`Event::SpeechStarted`](super::Event::SpeechStarted).
        turn: Turn,
        /// All of it, not only what is new.
        text: String,
    },
    /// What was said. Empty if nothing was.
    Transcript {
        /// Of [`Command::Transcribe`](super::Command::Transcribe).
        job: Job,
        /// The words.
        text: String,
    },
    /// There will be no transcript.
    TranscriptFailed {
        /// Of [`Command::Transcribe`](super::Command::Transcribe).
        job: Job,
    },

    /// The responder says more.
    Token {
        /// Of [`Command::Respond`](super::Command::Respond).
        job: Job,
        /// As it came, with its spaces.
        text: String,
    },
    /// The responder calls a tool.
    ToolCalled {
        /// Of [`Command::Respond`](super::Command::Respond).
        job: Job,
        /// Complete.
        call: ToolCall,
    },
    /// The responder has said all.
    ResponseDone {
        /// Of [`Command::Respond`](super::Command::Respond).
        job: Job,
    },
    /// The responder failed or broke off.
    ResponseFailed {
        /// Of [`Command::Respond`](super::Command::Respond).
        job: Job,
    },
    /// A tool is done.
    ToolDone {
        /// Of [`Command::RunTool`](super::Command::RunTool).
        job: Job,
        /// What the responder is told; `None` if the tool failed.
        output: Option<String>,
    },

    /// So many more samples of a phrase can be sent.
    AudioReady {
        /// Of [`Command::Speak`](super::Command::Speak).
        job: Job,
        /// Samples beyond those that were ready before.
        samples: u64,
    },
    /// The phrase is complete.
    AudioDone {
        /// Of [`Command::Speak`](super::Command::Speak).
        job: Job,
    },
    /// There will be no more audio of the phrase.
    AudioFailed {
        /// Of [`Command::Speak`](super::Command::Speak).
        job: Job,
    },
    /// So much of an answer was heard, says the client's player. Less than it said before is
    /// ignored, as is all beyond what was sent.
    Playback {
        /// The answer.
        generation: Generation,
        /// Samples from the answer's beginning; what was flushed does not count.
        played: u64,
    },

    /// The client writes instead of speaking. It supersedes the answer in progress.
    Text(String),
    /// An entry of the history that asks for no answer, such as a tool's result.
    AddItem {
        /// The entry.
        message: Message,
        /// The entry that it follows; `None`: the last one; [`Item::NONE`]: it comes first.
        after: Option<Item>,
    },
    /// Takes an entry out of the history.
    DeleteItem(Item),
    /// The audio between these times is a turn: so says the client. If it asks for an answer, it
    /// supersedes the one in progress.
    Commit {
        /// Where it begins, unless voice activity already knows.
        from: Time,
        /// Where it ends.
        to: Time,
        /// Whether an answer is asked for.
        respond: bool,
    },
    /// What was said and not committed is to be forgotten.
    ClearInput,
    /// Asks for an answer to what is in the history.
    CreateResponse,
    /// Ends the answer in progress.
    Cancel,
    /// The client has stopped playing an answer here, for good. Of a client that stops whenever
    /// somebody speaks, this is to be told as [`Playback`](Self::Playback) while the bot is
    /// [held](super::State::Held): whether the answer is over is not decided then.
    Truncate {
        /// The answer in progress or the one before.
        generation: Generation,
        /// Samples that were heard.
        played: u64,
    },
    /// From now on these settings hold. Orders keep the deadlines, and answers the kind of output,
    /// that they were begun with.
    Configure(Box<Settings>),
    /// The client has gone.
    HungUp,
}
