//! What the guards' tests must know of a service: how to start it, how to put it under load,
//! and what is a good answer. Everything in which the services differ is here, so that a test
//! of what both promise is written once.

mod asr;
mod gateway;
mod tts;

pub use asr::{ASR, transcription};
pub use gateway::GATEWAY;
pub use tts::TTS;

use std::net::TcpStream;
use std::ops::Deref;

use crate::answer::Answer;
use crate::client::Then;
use crate::request::Request;

/// How one of the services is started.
pub struct Program {
    /// Its name in metrics and for its socket.
    pub name: &'static str,
    /// Its program.
    pub binary: &'static str,
    /// In front of the names of settings that are for it alone.
    pub prefix: &'static str,
    /// Settings that every test needs.
    pub settings: &'static [(&'static str, &'static str)],
}

impl Program {
    /// The full name of a setting that is for this service alone.
    pub fn own(&self, setting: &str) -> String {
        format!("{}{setting}", self.prefix)
    }
}

/// What can be started.
pub trait Startable: 'static {
    /// How.
    fn program(&self) -> &Program;
}

impl Startable for Program {
    fn program(&self) -> &Program {
        self
    }
}

impl Startable for Kind {
    fn program(&self) -> &Program {
        &self.program
    }
}

/// One of the services that compute.
pub struct Kind {
    /// How it is started.
    pub program: Program,
    /// The endpoint that does the work.
    pub endpoint: &'static str,
    /// What it computes with unless told otherwise.
    pub model: Model,
    /// A request that costs next to nothing once the model is there.
    pub quick: fn() -> Request,
    /// A request that takes a slot for a noticeable moment.
    pub ordinary: fn() -> Request,
    /// A request that takes a slot for longer than any test needs, and whose answer fits into
    /// the buffers of a connection for at least that long.
    pub long: fn() -> Request,
    /// A request whose answer tells a sound service from a harmed one.
    pub telling: fn() -> Request,
    /// How the body of a good request may begin.
    pub beginning: &'static [u8],
    /// What becomes of an answer whose work is cut short.
    pub cut_short: CutShort,
    /// How often to try the race between a request and the idle unload, in an ordinary run and in
    /// a thorough one.
    pub idle_races: (u32, u32),
    /// What must keep it from starting.
    pub bad_starts: BadStarts,
    /// What hostile clients send to it.
    pub hostility: Hostility,
}

impl Deref for Kind {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

/// The default model of a service.
pub struct Model {
    /// Its name.
    pub id: &'static str,
    /// Its largest file.
    pub file: &'static str,
    /// Whatever else a service needs in its models directory: files and folders.
    pub others: &'static [&'static str],
    /// Memory that it takes at least, in bytes.
    pub least_bytes: u64,
}

/// What a client sees of work that is cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutShort {
    /// Nothing was said yet: an error, if there is time for one.
    Unanswered,
    /// The answer has begun: it ends without its end.
    MidAnswer,
}

impl CutShort {
    /// Waits until work that goes on has come to where it answers for [`Self::assert_told`].
    ///
    /// # Panics
    /// The answer doesn't begin.
    pub fn wait_for_beginning(self, stream: &TcpStream) {
        if self == Self::MidAnswer {
            let peeked = stream.peek(&mut [0]);
            assert!(matches!(peeked, Ok(1)), "{peeked:?}");
        }
    }

    /// Checks what a client got whose work was cancelled by a service that drains.
    ///
    /// # Panics
    /// It wasn't told.
    pub fn assert_told(self, answer: Option<&Answer>) {
        let answer = answer.expect("an answer, or its beginning");
        match self {
            Self::Unanswered => {
                assert_eq!(answer.status, 503, "{}", answer.text);
                assert_eq!(answer.code(), "draining");
            }
            Self::MidAnswer => assert!(answer.status == 200 && !answer.is_whole),
        }
    }

    /// Checks what a client got whose service ended at once.
    ///
    /// # Panics
    /// It must take what it got for an answer.
    pub fn assert_nothing_whole(self, answer: Option<&Answer>) {
        match self {
            Self::Unanswered => assert!(answer.is_none(), "{answer:?}"),
            Self::MidAnswer => assert!(answer.is_none_or(|it| !it.is_whole)),
        }
    }
}

/// Settings with which a service doesn't start, each with what its only line must hold.
pub struct BadStarts {
    /// Its own settings with values that can't be; the line names the setting.
    pub values: &'static [(&'static str, &'static str)],
    /// With a models directory without a file.
    pub nothing_installed: &'static str,
    /// With a known model that is not installed.
    pub not_installed: ((&'static str, &'static str), &'static str),
    /// On a GPU that isn't there.
    pub no_cuda: &'static str,
    /// In the log where the device was left to the service.
    pub auto_picked: &'static str,
}

/// Requests that mean no good.
pub struct Hostility {
    /// Settings that keep those cheap that turn out to be good.
    pub settings: &'static [(&'static str, &'static str)],
    /// The request that, under these settings, takes the most memory.
    pub largest: fn() -> Request,
    /// Makes [`Mutator`]s.
    pub mutator: fn() -> Mutator,
    /// HTTP that is hardly a request for this service.
    pub odd: fn() -> Vec<Odd>,
    /// Whether an answer of 200 to any of them is one.
    pub fault: fn(&Answer) -> Option<String>,
}

/// Gives the broken request of a seed and a number; the same one each time.
pub type Mutator = Box<dyn Fn(u64, u64) -> Mutated + Sync>;

/// A request that was broken on purpose.
pub struct Mutated {
    /// What was done to which request.
    pub what: String,
    /// As it goes over the wire.
    pub bytes: Vec<u8>,
}

/// A request that no well-meaning client sends.
pub struct Odd {
    /// What is special about it.
    pub name: String,
    /// All its bytes.
    pub bytes: Vec<u8>,
    /// What the client does next. One that hangs up can't expect an answer.
    pub then: Then,
}

/// The name of an odd request, and its bytes.
pub(crate) type Case = (&'static str, Vec<u8>);

impl Odd {
    /// Requests whose answer the client waits for, and those after which it hangs up.
    pub(crate) fn all(answered: Vec<Case>, hung_up: Vec<Case>) -> Vec<Self> {
        let requests = |cases: Vec<Case>, then| {
            cases.into_iter().map(move |(name, bytes)| Self {
                name: name.to_string(),
                bytes,
                then,
            })
        };
        let answered = requests(answered, Then::Wait);
        answered.chain(requests(hung_up, Then::HangUp)).collect()
    }
}
