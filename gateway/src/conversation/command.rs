//! Orders that a conversation gives.

use super::{Event, Generation, Job, Message, Time, ToolCall, Turn};

/// A part of the pipeline that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Speech recognition.
    Transcript,
    /// The responder.
    Response,
    /// A tool.
    Tool,
    /// Speech synthesis.
    Speech,
    /// All of them together took too long.
    Turn,
}

/// Why a phrase is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saying {
    /// It is part of the answer.
    Answer,
    /// A tool runs for long.
    ToolTakesLong,
    /// The answer failed. If this phrase fails too, nothing is said.
    Failure(Stage),
}

impl Saying {
    /// Whether it belongs into the history: what the bot says of itself does not.
    pub(super) fn is_answer(self) -> bool {
        self == Self::Answer
    }
}

/// Why a conversation is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// Nothing happened for too long.
    Expired,
    /// The client has gone.
    HungUp,
}

/// An order. They are to be carried out in their order; what is cancelled must be stopped down to
/// its connection, and may still be reported, which is ignored.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Transcribe what was said between these times.
    Transcribe {
        /// To be answered under.
        job: Job,
        /// Whose turn it is part of.
        turn: Turn,
        /// The first voiced sample; padding is the pipeline's.
        from: Time,
        /// Behind the last voiced sample.
        to: Time,
        /// Whether nobody waits for it yet: it must not take a slot that somebody waits for.
        speculative: bool,
    },
    /// Somebody waits now for what was asked speculatively.
    AwaitTranscription(Job),
    /// The transcript is not wanted any more.
    DropTranscription(Job),
    /// Ask the turn detector whether the turn is complete.
    ScoreTurn {
        /// To be answered under.
        job: Job,
        /// Where the turn began.
        from: Time,
        /// Where the pause began.
        to: Time,
    },

    /// Ask the responder.
    Respond {
        /// To be answered under.
        job: Job,
        /// The answer it is part of.
        generation: Generation,
        /// All that it is told.
        messages: Vec<Message>,
        /// Whether it may have been asked in vain.
        speculative: bool,
    },
    /// Close the responder's connection.
    CancelResponse(Job),
    /// Run a tool.
    RunTool {
        /// To be answered under.
        job: Job,
        /// The answer it is part of.
        generation: Generation,
        /// The call.
        call: ToolCall,
    },
    /// Stop a tool.
    CancelTool(Job),

    /// Make a phrase's audio. It is kept until it is forgotten: it may be sent more than once.
    Speak {
        /// To be answered under.
        job: Job,
        /// The answer it is part of.
        generation: Generation,
        /// Counted from 0 within the answer.
        phrase: usize,
        /// The words.
        text: String,
        /// Why.
        saying: Saying,
    },
    /// Stop making a phrase. What was sent of it stays.
    CancelSpeech(Job),
    /// Send these samples of a phrase to the client.
    SendAudio {
        /// The answer it is part of.
        generation: Generation,
        /// Which phrase.
        phrase: usize,
        /// The first sample.
        from: u64,
        /// Behind the last sample.
        to: u64,
    },
    /// The phrase's audio won't be sent again.
    ForgetPhrase {
        /// The answer it is part of.
        generation: Generation,
        /// Which phrase.
        phrase: usize,
    },
    /// Stop making the answer's audio and forget what there is.
    ForgetSpeech(Generation),
    /// The client is to stop playing at once and to drop what it has not played.
    Pause {
        /// The answer that is paused.
        generation: Generation,
        /// Where, in samples from the answer's beginning.
        at: u64,
    },
    /// The answer goes on; its audio follows.
    Resume {
        /// The answer.
        generation: Generation,
        /// Where, in samples from the answer's beginning.
        at: u64,
    },
    /// The client is to stop playing at once: the answer is over.
    Flush {
        /// The answer.
        generation: Generation,
        /// What was heard of it, in samples.
        at: u64,
    },

    /// Tell the client, and the metrics.
    Emit(Event),
    /// The conversation is over; it gives no more orders.
    Close(Closing),
}
