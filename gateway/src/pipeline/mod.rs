//! Carries out the orders of conversations: hears, transcribes, asks, speaks, and sends at the right
//! time. Each conversation is one task; what it ordered runs beside it and is dropped, down to its
//! connection, when it is cancelled.
//!
//! ```text
//! client → Line → bounded queue → Ear ─┐                       ┌→ Sending → Outgoings → client
//!                                      ├→ Talk ↔ Conversation ─┤
//!               reports of its jobs  ──┘                       └→ jobs: transcribe, respond, speak, …
//! ```

mod ear;
mod guesses;
mod heard;
mod jobs;
mod kept;
mod line;
mod measure;
mod metrics;
mod opening;
mod orders;
mod outgoing;
mod sending;
mod shared;
mod talk;
mod timeline;
mod transcribing;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::mpsc;
use tracing::Instrument as _;

pub use line::{Gone, Line};
pub use metrics::ConversationMetrics;
pub use opening::{Manner, Opening, Pace};
pub use outgoing::{Outgoing, Outgoings};
pub use shared::Parts;

use crate::failure::Failure;
use crate::speech::Transcript;
use shared::Shared;
use talk::Talk;

/// Of what the client says, so much is kept at most until it is a turn that has ended: a longer turn
/// loses its beginning.
pub const MOST_HEARD: Duration = Duration::from_mins(2);

/// Of what the client is told, so much waits for it in the queue.
const OUTGOING: usize = 16;

/// Holds conversations. Clones share all that is shared.
#[derive(Debug, Clone)]
pub struct Pipeline(Arc<Shared>);

impl Pipeline {
    /// One that holds them with these parts.
    pub fn new(parts: Parts) -> Self {
        Self(Shared::new(parts))
    }

    /// What conversations are held with, for who asks without a conversation.
    pub(crate) fn parts(&self) -> &Parts {
        &self.0.parts
    }

    /// Transcribes for somebody who waits: guesses about turns that have not ended make room.
    pub(crate) async fn transcribe(
        &self,
        samples: &[i16],
        language: &str,
    ) -> Result<Transcript, Failure> {
        let _slot = self.0.slots.awaited();
        self.0.parts.recogniser.recognise(samples, language).await
    }

    /// Begins a conversation. It runs as a task until it closes, or [`Line`] is dropped. Must be
    /// called on a runtime.
    pub fn converse(&self, opening: Opening) -> (Line, Outgoings) {
        let (queue, said) = mpsc::channel(line::WAITING);
        let (outgoing, outgoings) = mpsc::channel(OUTGOING);
        let heard = Arc::new(AtomicU64::new(0));
        let line = Line::new(queue, Arc::clone(&heard), opening.manner.input_rate_hz);
        let talk = Talk::new(Arc::clone(&self.0), opening, heard);
        tokio::spawn(talk.run(said, outgoing).in_current_span());
        (line, Outgoings(outgoings))
    }
}
