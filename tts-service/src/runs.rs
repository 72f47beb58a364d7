//! The runs of the voice for one text: in their order, but begun early where there is room.

use std::collections::VecDeque;
use std::iter::Peekable;
use std::thread::{Builder, Scope, ScopedJoinHandle};

use tokio::runtime::Handle;
use voice_common::ApiError;
use voice_common::admission::Permit;
use voice_common::cancellation::Cancellation;
use voice_common::jobs::stopped_early;

use crate::engine::{EngineError, PhonemeIds, SpeakOptions, Synthesizer};
use crate::text::Pause;

/// Runs that may have begun before the one that is to be sent next has ended. Each keeps a
/// sentence in memory, and what it computed is lost if the client leaves.
const MOST_AHEAD: usize = 4;

/// A run of the voice and what ends with it.
#[derive(Debug)]
pub struct Part {
    /// What is to be spoken.
    pub phonemes: PhonemeIds,
    /// The silence after it.
    pub pause: Pause,
}

/// What a part sounds like.
#[derive(Debug)]
pub struct Spoken {
    /// Mono samples.
    pub samples: Vec<f32>,
    /// The silence after it.
    pub pause: Pause,
}

/// What speaks for a request.
pub struct Speaker<'a> {
    /// The voice.
    pub model: &'a dyn Synthesizer,
    /// The right to compute.
    pub permit: &'a Permit,
    /// How to speak.
    pub options: SpeakOptions,
    /// Stops every run.
    pub cancellation: &'a Cancellation,
}

impl Speaker<'_> {
    fn speak(&self, part: &Part) -> Result<Spoken, ApiError> {
        let made = self
            .model
            .speak(self.permit, &part.phonemes, self.options, self.cancellation);
        Ok(Spoken {
            samples: made.map_err(|error| engine_error(error, self.cancellation))?,
            pause: part.pause,
        })
    }
}

/// What a client gets for an error of the engine.
pub fn engine_error(error: EngineError, cancellation: &Cancellation) -> ApiError {
    match error {
        EngineError::Cancelled => stopped_early(cancellation),
        EngineError::Failed(cause) => ApiError::internal(cause),
    }
}

enum Ahead<'scope> {
    Running(ScopedJoinHandle<'scope, Result<Spoken, ApiError>>),
    /// There is no such part, and why.
    Failed(ApiError),
}

/// Speaks parts one after the other. The threads of runs that have begun early end with
/// `scope`.
pub struct Runs<'scope, 'env, P: Iterator<Item = Result<Part, ApiError>>> {
    scope: &'scope Scope<'scope, 'env>,
    speaker: &'scope Speaker<'env>,
    parts: Peekable<P>,
    ahead: VecDeque<Ahead<'scope>>,
}

impl<'scope, 'env, P: Iterator<Item = Result<Part, ApiError>>> Runs<'scope, 'env, P> {
    /// None has begun yet.
    pub fn new(
        scope: &'scope Scope<'scope, 'env>,
        speaker: &'scope Speaker<'env>,
        parts: P,
    ) -> Self {
        Self {
            scope,
            speaker,
            parts: parts.peekable(),
            ahead: VecDeque::new(),
        }
    }

    /// Begins as many of the next runs as nobody else has to wait for.
    pub fn begin_more(&mut self) {
        let room = MOST_AHEAD.saturating_sub(self.ahead.len());
        for _ in 0..room.min(self.speaker.model.free_runs()) {
            let part = match self.parts.next() {
                Some(Ok(part)) => part,
                Some(Err(error)) => {
                    self.ahead.push_back(Ahead::Failed(error));
                    return;
                }
                None => return,
            };
            let (speaker, runtime) = (self.speaker, Handle::current());
            let span = tracing::Span::current();
            let run = move || {
                let (_runtime, _span) = (runtime.enter(), span.enter());
                speaker.speak(&part)
            };
            let begun = Builder::new()
                .name("run".into())
                .spawn_scoped(self.scope, run);
            self.ahead.push_back(match begun {
                Ok(run) => Ahead::Running(run),
                Err(cause) => Ahead::Failed(ApiError::internal(cause)),
            });
        }
    }

    /// Whether there is another part.
    pub fn has_more(&mut self) -> bool {
        !self.ahead.is_empty() || self.parts.peek().is_some()
    }
}

impl<P: Iterator<Item = Result<Part, ApiError>>> Iterator for Runs<'_, '_, P> {
    type Item = Result<Spoken, ApiError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.ahead.pop_front() {
            Some(Ahead::Running(run)) => Some(
                run.join()
                    .unwrap_or_else(|_| Err(ApiError::internal("a run of the voice panicked"))),
            ),
            Some(Ahead::Failed(error)) => Some(Err(error)),
            None => {
                let part = self.parts.next()?;
                Some(part.and_then(|part| self.speaker.speak(&part)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
