//! The runs of the voice for one text: in their order, but begun early where there is room.

use std::collections::VecDeque;
use std::thread::{Builder, Scope, ScopedJoinHandle};

use tokio::runtime::Handle;
use voice_common::ApiError;
use voice_common::admission::Permit;
use voice_common::cancellation::Cancellation;
use voice_common::jobs::stopped_early;

use crate::engine::{Aim, EngineError, Run, Synthesizer};
use crate::text::Pause;

/// Runs that may have begun before the one that is to be sent next has ended. Each keeps a
/// sentence in memory, and what it computed is lost if the client leaves.
const MOST_AHEAD: usize = 4;

/// A run of the voice and what ends with it.
pub(crate) struct Part<'a> {
    /// What is to be spoken.
    pub run: Box<dyn Run + 'a>,
    /// The silence after it.
    pub pause: Pause,
}

/// What a part sounds like.
#[derive(Debug)]
pub(crate) struct Spoken {
    /// Mono samples.
    pub samples: Vec<f32>,
    /// The silence after it.
    pub pause: Pause,
}

/// What speaks for a request.
pub(crate) struct Speaker<'a> {
    /// The voice.
    pub model: &'a dyn Synthesizer,
    /// The right to compute.
    pub permit: &'a Permit,
    /// Stops every run.
    pub cancellation: &'a Cancellation,
}

impl Speaker<'_> {
    fn speak(&self, part: &Part<'_>, aim: Aim) -> Result<Spoken, ApiError> {
        let made = part.run.speak(self.permit, aim, self.cancellation);
        Ok(Spoken {
            samples: made.map_err(|error| engine_error(error, self.cancellation))?,
            pause: part.pause,
        })
    }
}

/// What a client gets for an error of the engine.
pub(crate) fn engine_error(error: EngineError, cancellation: &Cancellation) -> ApiError {
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
pub(crate) struct Runs<'scope, 'env, P: Iterator<Item = Result<Part<'env>, ApiError>>> {
    scope: &'scope Scope<'scope, 'env>,
    speaker: &'scope Speaker<'env>,
    parts: P,
    /// Parts whose turn has not come.
    upcoming: VecDeque<Result<Part<'env>, ApiError>>,
    ahead: VecDeque<Ahead<'scope>>,
}

impl<'scope, 'env, P: Iterator<Item = Result<Part<'env>, ApiError>>> Runs<'scope, 'env, P> {
    /// None has begun yet.
    pub(crate) fn new(
        scope: &'scope Scope<'scope, 'env>,
        speaker: &'scope Speaker<'env>,
        parts: P,
    ) -> Self {
        Self {
            scope,
            speaker,
            parts,
            upcoming: VecDeque::new(),
            ahead: VecDeque::new(),
        }
    }

    /// Begins as many of the next runs as no other request has to wait for.
    pub(crate) fn begin_more(&mut self) {
        let room = MOST_AHEAD.saturating_sub(self.ahead.len());
        let room = room.min(self.speaker.model.free_runs());
        // One more than may begin, to know whether the text goes on.
        self.look_ahead(room + 1);
        let mut next = room.min(self.upcoming.len());
        if self.ahead.is_empty() && !worth_beginning_together(&self.upcoming) {
            next = next.min(1);
        }
        let aim = if self.ahead.len() + next > 1 {
            Aim::Throughput
        } else {
            Aim::Latency
        };
        for part in self.upcoming.drain(..next) {
            let begun = match part {
                Ok(part) => begin(self.scope, self.speaker, part, aim),
                Err(error) => Ahead::Failed(error),
            };
            self.ahead.push_back(begun);
        }
    }

    /// Whether there is another part.
    pub(crate) fn has_more(&mut self) -> bool {
        self.look_ahead(1);
        !self.ahead.is_empty() || !self.upcoming.is_empty()
    }

    fn look_ahead(&mut self, parts: usize) {
        let missing = parts.saturating_sub(self.upcoming.len());
        self.upcoming.extend(self.parts.by_ref().take(missing));
    }
}

fn begin<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    speaker: &'scope Speaker<'env>,
    part: Part<'env>,
    aim: Aim,
) -> Ahead<'scope> {
    let (runtime, span) = (Handle::current(), tracing::Span::current());
    let run = move || {
        let (_runtime, _span) = (runtime.enter(), span.enter());
        speaker.speak(&part, aim)
    };
    match Builder::new().name("run".into()).spawn_scoped(scope, run) {
        Ok(run) => Ahead::Running(run),
        Err(cause) => Ahead::Failed(ApiError::internal(cause)),
    }
}

/// Two runs beside each other cost less than one after the other with all threads, but where
/// they are the last ones, half of the threads are idle while the longer one ends.
fn worth_beginning_together(upcoming: &VecDeque<Result<Part<'_>, ApiError>>) -> bool {
    let length = |it: &Result<Part<'_>, ApiError>| it.as_ref().map_or(0, |it| it.run.length());
    match (upcoming.len(), upcoming.front(), upcoming.back()) {
        (2, Some(one), Some(other)) => {
            let (one, other) = (length(one), length(other));
            one.min(other) * 5 >= one.max(other) * 4
        }
        _ => true,
    }
}

impl<'env, P: Iterator<Item = Result<Part<'env>, ApiError>>> Iterator for Runs<'_, 'env, P> {
    type Item = Result<Spoken, ApiError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.ahead.pop_front() {
            Some(Ahead::Running(run)) => Some(
                run.join()
                    .unwrap_or_else(|_| Err(ApiError::internal("a run of the voice panicked"))),
            ),
            Some(Ahead::Failed(error)) => Some(Err(error)),
            None => {
                self.look_ahead(1);
                let part = self.upcoming.pop_front()?;
                Some(part.and_then(|part| self.speaker.speak(&part, Aim::Latency)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
