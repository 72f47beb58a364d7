//! The client's side of a conversation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use super::opening::Manner;
use crate::conversation::{Input, Settings, Time};

/// Audio is taken in pieces of at most so many milliseconds …
const PIECE_MS: u32 = 100;
/// … of which so many wait for the conversation, beside anything else that does. Whoever sends more
/// has to wait.
pub(super) const WAITING: usize = 64;

/// What the client said or asked for.
#[derive(Debug)]
pub(super) enum Said {
    Audio {
        samples: Vec<i16>,
        rate_hz: u32,
    },
    /// The client says that the user speaks, from what is heard next on.
    SpeechStarted,
    /// The client says that the user has finished, before what is heard next.
    SpeechEnded,
    /// What was heard since the last commitment is a turn.
    Commit {
        respond: bool,
    },
    Input(Input),
    Configure(Box<Settings>, Box<Manner>),
}

/// The conversation is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the conversation is over")]
pub struct Gone;

/// The client's side of a conversation. When it is dropped, the client has gone. All calls keep their
/// order, and wait while too much was said that the conversation has not heard yet: somebody else must
/// take from [`Outgoings`](super::Outgoings) meanwhile.
#[derive(Debug)]
pub struct Line {
    queue: mpsc::Sender<Said>,
    heard: Arc<AtomicU64>,
    rate_hz: u32,
}

impl Line {
    pub(super) fn new(queue: mpsc::Sender<Said>, heard: Arc<AtomicU64>, rate_hz: u32) -> Self {
        Self {
            queue,
            heard,
            rate_hz,
        }
    }

    /// Audio, mono, at the rate of the [`Manner`]. What comes faster than it was spoken is heard as
    /// fast while nobody waits for anything, and as it was spoken otherwise.
    ///
    /// # Errors
    /// The conversation is over.
    pub async fn hear(&self, samples: &[i16]) -> Result<(), Gone> {
        let piece = (self.rate_hz / 1000 * PIECE_MS) as usize;
        for samples in samples.chunks(piece.max(1)) {
            self.say(Said::Audio {
                samples: samples.to_vec(),
                rate_hz: self.rate_hz,
            })
            .await?;
        }
        Ok(())
    }

    /// The client says that the user speaks from here on: behind all audio so far.
    ///
    /// # Errors
    /// The conversation is over.
    pub async fn speech_started(&self) -> Result<(), Gone> {
        self.say(Said::SpeechStarted).await
    }

    /// The client says that the user has finished here: behind all audio so far.
    ///
    /// # Errors
    /// The conversation is over.
    pub async fn speech_ended(&self) -> Result<(), Gone> {
        self.say(Said::SpeechEnded).await
    }

    /// All audio since the last commitment, or since [`Input::ClearInput`], is a turn.
    ///
    /// # Errors
    /// The conversation is over.
    pub async fn commit(&self, respond: bool) -> Result<(), Gone> {
        self.say(Said::Commit { respond }).await
    }

    /// Anything else that the client tells.
    ///
    /// # Errors
    /// The conversation is over.
    pub async fn tell(&self, input: Input) -> Result<(), Gone> {
        self.say(Said::Input(input)).await
    }

    /// From here on these hold.
    ///
    /// # Errors
    /// The conversation is over.
    pub async fn configure(&mut self, settings: Settings, manner: Manner) -> Result<(), Gone> {
        self.rate_hz = manner.input_rate_hz;
        self.say(Said::Configure(Box::new(settings), Box::new(manner)))
            .await
    }

    /// What the conversation has heard so far, on its clock. What is still on the way to it does not
    /// count.
    pub fn heard(&self) -> Time {
        Time::from_micros(self.heard.load(Ordering::Relaxed))
    }

    async fn say(&self, said: Said) -> Result<(), Gone> {
        self.queue.send(said).await.map_err(|_| Gone)
    }
}
