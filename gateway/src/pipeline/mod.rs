//! Carries out the orders of conversations: hears, transcribes, asks, speaks, and sends at the right
//! time. Each conversation is one task; what it ordered runs beside it and is dropped, down to its
//! connection, when it is cancelled.
//!
//! ```text
//! client → Line → bounded queue ─┐                          ┌→ Outgoings → client
//!                                ├→ one task a conversation ┤
//!         reports of its jobs  ──┘                          └→ jobs: transcribe, respond, speak, …
//! ```

mod line;
mod opening;
mod outgoing;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::mpsc;

pub use line::{Gone, Line};
pub use opening::{Manner, Opening, Pace};
pub use outgoing::{Outgoing, Outgoings};

/// What all conversations share.
#[derive(Debug, Clone)]
pub struct Pipeline;

impl Pipeline {
    /// Begins a conversation. It runs as a task until it closes, or [`Line`] is dropped. Must be
    /// called on a runtime.
    pub fn converse(&self, opening: Opening) -> (Line, Outgoings) {
        let (queue, mut said) = mpsc::channel(line::WAITING);
        let (_outgoing, outgoings) = mpsc::channel(16);
        let heard = Arc::new(AtomicU64::new(0));
        let line = Line::new(queue, heard, opening.manner.input_rate_hz);
        tokio::spawn(async move {
            drop(opening);
            while said.recv().await.is_some() {}
        });
        (line, Outgoings(outgoings))
    }
}
