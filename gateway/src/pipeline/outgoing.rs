//! What a client is to be told and to play.

use tokio::sync::mpsc;

use crate::conversation::{Closing, Event, Generation};

/// Something for the client.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// Audio to be played, mono at [`SPOKEN_RATE_HZ`](crate::speech::SPOKEN_RATE_HZ), of at most
    /// 100 ms.
    Audio {
        /// The answer it is part of.
        generation: Generation,
        /// Which phrase of it.
        phrase: usize,
        /// The first sample, counted from the answer's beginning.
        from: u64,
        /// At least one.
        samples: Vec<i16>,
    },
    /// A phrase's audio begins with what follows. Told once, however often it is sent.
    PhraseBegins {
        /// The answer it is part of.
        generation: Generation,
        /// Which phrase of it.
        phrase: usize,
        /// Its words.
        text: String,
    },
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
    /// Something that it can be told.
    Event(Event),
    /// The conversation is over; nothing follows.
    Closed(Closing),
}

/// What a client is to be told and to play, in order. What waits here is bounded; while it is full
/// the conversation goes on, and one whose client takes nothing for too long ends.
#[derive(Debug)]
pub struct Outgoings(pub(super) mpsc::Receiver<Outgoing>);

impl Outgoings {
    /// The next one; `None` behind [`Outgoing::Closed`], or if the conversation broke down. A call
    /// that is dropped loses nothing.
    pub async fn next(&mut self) -> Option<Outgoing> {
        self.0.recv().await
    }
}
