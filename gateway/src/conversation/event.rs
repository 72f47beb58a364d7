//! What the client and the metrics are told.

use super::{Generation, Item, Stage, Time, ToolCall, Turn};

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All of it was heard.
    Completed,
    /// The user spoke.
    Interrupted,
    /// The client asked for its end.
    Cancelled,
    /// Something newer was asked.
    Superseded,
    /// The user went on with the turn it answers.
    Reopened,
    /// A stage failed; what was said before was heard.
    Failed(Stage),
}

/// Why an input was refused. The conversation goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is an answer in progress already.
    AnswerInProgress,
    /// There is no answer to end or to shorten.
    NoAnswer,
    /// No entry of the history has this name.
    NoSuchItem,
}

/// What an entry of the history is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// What the user said in this turn.
    Turn(Turn),
    /// What was heard of this answer; one that used tools can have several.
    Answer(Generation),
    /// A call of a tool, by its id.
    Call(String),
}

/// Something to tell the client or to count.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The user speaks.
    SpeechStarted {
        /// From here on this turn.
        turn: Turn,
        /// The first voiced sample.
        at: Time,
    },
    /// What was understood so far.
    PartialTranscript {
        /// Of this turn.
        turn: Turn,
        /// All of it.
        text: String,
    },
    /// The user's turn has ended.
    TurnEnded {
        /// This turn.
        turn: Turn,
        /// The first voiced sample.
        from: Time,
        /// Behind the last voiced sample.
        to: Time,
    },
    /// The user goes on with a turn that had ended: what was told of its end is void.
    TurnReopened {
        /// This turn.
        turn: Turn,
    },
    /// What was said. Empty: nothing was, and nothing of it is in the history.
    Transcript {
        /// In this turn.
        turn: Turn,
        /// The words.
        text: String,
    },
    /// Speech that was none: noise, a backchannel or the bot's own voice.
    FalseAlarm {
        /// The turn that it would have been; nothing more comes of it.
        turn: Turn,
        /// Whether the bot had been paused by it, and goes on.
        resumed: bool,
    },
    /// Nobody said anything in this turn, and nobody answers.
    NothingUnderstood {
        /// This turn.
        turn: Turn,
    },
    /// An answer begins.
    AnswerStarted {
        /// This answer.
        generation: Generation,
        /// The turn that it answers; `None` if the client asked for it.
        turn: Option<Turn>,
    },
    /// The answer's next words.
    AnswerText {
        /// This answer.
        generation: Generation,
        /// Only what is new.
        text: String,
    },
    /// The responder calls a tool.
    ToolCalled {
        /// In this answer.
        generation: Generation,
        /// The call.
        call: ToolCall,
    },
    /// A tool is done.
    ToolDone {
        /// In this answer.
        generation: Generation,
        /// The call's name.
        call_id: String,
        /// What the responder is told; `None` if the tool failed.
        output: Option<String>,
    },
    /// All of the answer was sent; the client still plays it.
    AnswerSent {
        /// This answer.
        generation: Generation,
    },
    /// The answer is over: nothing of it follows.
    AnswerEnded {
        /// This answer.
        generation: Generation,
        /// How.
        outcome: Outcome,
        /// What was heard of it, as the history has it.
        heard: String,
    },
    /// What was said has an entry in the history; a turn's may go again, if there were no words.
    Recorded {
        /// Its name.
        item: Item,
        /// What it is of.
        said: Said,
    },
    /// An entry was added to the history, as the client wished.
    ItemAdded {
        /// Its name.
        item: Item,
    },
    /// An entry was taken out of the history.
    ItemDeleted {
        /// Its name.
        item: Item,
    },
    /// A part of the pipeline failed. The conversation goes on.
    Failed {
        /// Which.
        stage: Stage,
    },
    /// An input was refused.
    Refused(Refusal),
    /// Something was asked before the turn had ended.
    Speculated {
        /// Whether it was of use.
        used: bool,
    },
}
