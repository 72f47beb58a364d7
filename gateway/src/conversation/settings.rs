//! What can be set of a conversation, with the defaults that are documented.

use std::time::Duration;

use super::Stage;

/// Who says that the user's turn has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detection {
    /// So much silence ends the turn (`server_vad`).
    Silence(Duration),
    /// The turn detector looks at each pause; what it takes for incomplete is waited for
    /// (`semantic_vad`).
    Semantic(Eagerness),
    /// The client alone, by [`Input::Commit`](super::Input::Commit) or
    /// [`Input::SpeechEnded`](super::Input::SpeechEnded) (`none`, push to talk).
    Manual,
}

/// How long a pause may last that does not sound like the end of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eagerness {
    /// 8 s.
    Low,
    /// 4 s.
    Medium,
    /// 2 s.
    High,
}

impl Eagerness {
    /// The longest pause within a turn.
    pub fn longest_pause(self) -> Duration {
        Duration::from_secs(match self {
            Self::Low => 8,
            Self::Medium => 4,
            Self::High => 2,
        })
    }
}

/// What is asked for before the turn has ended, in the hope that it will have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speculation {
    /// Nothing.
    Off,
    /// The transcript.
    Transcript,
    /// The transcript, and the responder's answer to it.
    Response,
}

/// How the bot answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Spoken, in samples at this rate. Every count of samples in inputs and commands is at it.
    Speech {
        /// Samples a second.
        rate_hz: u32,
    },
    /// Written only.
    Text,
}

/// Time and size limits. Each state of a conversation ends by one of them, if by nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// From the order to the transcript, once somebody waits for it.
    pub transcript: Duration,
    /// From the order to the responder's first token, and from each token to the next.
    pub token: Duration,
    /// From the order to the first audio of a phrase, and from each piece to the next.
    pub audio: Duration,
    /// From the end of the turn to the first sound of the answer, and from the end of each sound to
    /// the next; to its last word if it is written. That a tool takes long is no answer.
    pub turn: Duration,
    /// A conversation in which nothing happens for so long is closed.
    pub expiry: Duration,
    /// A turn that is longer ends: voice activity that never stops is no reason to wait for ever.
    pub utterance: Duration,
    /// A tool that runs longer has failed.
    pub tool: Duration,
    /// How often the responder may call tools within one answer.
    pub tool_rounds: usize,
    /// Text of one answer; the rest is not asked for.
    pub answer_bytes: usize,
    /// Audio of one phrase; the rest is not sent.
    pub phrase_audio: Duration,
    /// Ended turns whose transcripts are still to come; the oldest makes room.
    pub transcriptions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            transcript: Duration::from_secs(5),
            token: Duration::from_secs(10),
            audio: Duration::from_secs(5),
            turn: Duration::from_secs(25),
            expiry: Duration::from_mins(5),
            utterance: Duration::from_mins(1),
            tool: Duration::from_secs(15),
            tool_rounds: 5,
            answer_bytes: 32 << 10,
            phrase_audio: Duration::from_mins(1),
            transcriptions: 8,
        }
    }
}

/// What the bot says of itself, in the conversation's language. An empty one is not said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentences {
    /// Once, while a tool runs for long.
    pub tool_takes_long: String,
    /// What was said could not be understood.
    pub transcript_failed: String,
    /// No answer came, or not in time.
    pub response_failed: String,
    /// The answer could not be spoken. The pipeline should have it ready: it can hardly be made now.
    pub speech_failed: String,
}

impl Sentences {
    pub(super) fn failure(&self, stage: Stage) -> &str {
        match stage {
            Stage::Transcript => &self.transcript_failed,
            Stage::Response | Stage::Tool | Stage::Turn => &self.response_failed,
            Stage::Speech => &self.speech_failed,
        }
    }
}

impl Default for Sentences {
    fn default() -> Self {
        Self {
            tool_takes_long: "One moment, please.".into(),
            transcript_failed: "Sorry, I could not hear that.".into(),
            response_failed: "Sorry, I have no answer right now.".into(),
            speech_failed: "Sorry, I can't speak right now.".into(),
        }
    }
}

/// All that can be set of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Who says that the user's turn has ended.
    pub detection: Detection,
    /// Whether the end of a turn asks for an answer.
    pub create_response: bool,
    /// Whether speech interrupts the bot. If not, it is answered when the bot has finished.
    pub interrupt_response: bool,
    /// The silence after which the voice activity detector reports a pause: what is not reported
    /// yet may be over for so long.
    pub pause_silence: Duration,
    /// What is asked for before the turn has ended.
    pub speculation: Speculation,
    /// How long after its end a turn can be continued, if nothing of the answer was sent.
    pub reopen: Duration,
    /// So much speech interrupts the bot, whatever was said.
    pub interrupt_after: Duration,
    /// The bot goes on at the latest so long after the noise that paused it.
    pub resume_after: Duration,
    /// The longest pause of the bot, however many noises there were.
    pub longest_hold: Duration,
    /// If less is left of an answer, and something was said, that is answered instead.
    pub least_rest: Duration,
    /// Whether the client removes the bot's voice from what it sends.
    pub echo_cancelled: bool,
    /// From this correlation on, speech counts as the bot's own.
    pub echo_correlation: f32,
    /// BCP 47, such as `en` or `hi-IN`; decides which words are backchannels.
    pub language: String,
    /// How the bot answers.
    pub output: Output,
    /// The first phrase is cut after so many words …
    pub first_phrase_words: usize,
    /// … if its first word came so long ago.
    pub first_phrase_after: Duration,
    /// How many phrases are made of which nothing was heard yet. `usize::MAX` for a client that takes
    /// whole answers: it is to be told to have played all when all was sent.
    pub phrases_ahead: usize,
    /// Turns of the user that the responder is told (`MAX_HISTORY_TURNS`).
    pub history_turns: usize,
    /// Bytes of text that the responder is told.
    pub history_bytes: usize,
    /// The system prompt; never dropped. Empty: none.
    pub instructions: String,
    /// While a tool runs longer, the bot says so once.
    pub tool_notice: Duration,
    /// Time and size limits.
    pub limits: Limits,
    /// What the bot says of itself.
    pub sentences: Sentences,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            detection: Detection::Silence(Duration::from_millis(500)),
            create_response: true,
            interrupt_response: true,
            pause_silence: Duration::from_millis(200),
            speculation: Speculation::Transcript,
            reopen: Duration::from_millis(800),
            interrupt_after: Duration::from_millis(500),
            resume_after: Duration::from_secs(1),
            longest_hold: Duration::from_secs(5),
            least_rest: Duration::from_millis(500),
            echo_cancelled: false,
            echo_correlation: 0.7,
            language: "en".into(),
            output: Output::Speech { rate_hz: 24_000 },
            first_phrase_words: 6,
            first_phrase_after: Duration::from_millis(250),
            phrases_ahead: 2,
            history_turns: 20,
            history_bytes: 64 << 10,
            instructions: String::new(),
            tool_notice: Duration::from_secs(1),
            limits: Limits::default(),
            sentences: Sentences::default(),
        }
    }
}
