//! What the user is saying, until it is a turn that has ended.

use std::time::Duration;

use super::answer::Answer;
use super::{Job, Time, Turn};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    /// There is speech since then.
    Speaking { since: Time },
    /// There is none since then.
    Silent { since: Time },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Transcript {
    /// Not asked for.
    None,
    /// Asked for. Somebody waits for it until the deadline, if there is one.
    Asked {
        job: Job,
        deadline: Option<Time>,
    },
    Known(String),
}

#[derive(Debug, Clone)]
pub(super) struct Utterance {
    pub(super) turn: Turn,
    /// The first voiced sample.
    pub(super) from: Time,
    /// Said before the present stretch of speech.
    pub(super) spoken: Duration,
    pub(super) voice: Voice,
    pub(super) transcript: Transcript,
    /// It was asked for before anybody waited for it.
    pub(super) is_guess: bool,
    /// The turn detector was asked, and has not answered.
    pub(super) score: Option<Job>,
    /// The answer that was begun before the turn had ended.
    pub(super) draft: Option<Box<Answer>>,
    /// It began while the bot had the floor, and whether it is more than noise is still open.
    pub(super) is_undecided: bool,
    /// Where the bot's answer was when it began, in samples.
    pub(super) answer_at: u64,
    /// Its end is known, only not yet whether it is more than noise.
    pub(super) has_ended: bool,
}

impl Utterance {
    pub(super) fn new(turn: Turn, from: Time) -> Self {
        Self {
            turn,
            from,
            spoken: Duration::ZERO,
            voice: Voice::Speaking { since: from },
            transcript: Transcript::None,
            is_guess: false,
            score: None,
            draft: None,
            is_undecided: false,
            answer_at: 0,
            has_ended: false,
        }
    }

    pub(super) fn is_speaking(&self) -> bool {
        matches!(self.voice, Voice::Speaking { .. })
    }

    /// Since when there is no speech.
    pub(super) fn silent_since(&self) -> Option<Time> {
        match self.voice {
            Voice::Silent { since } => Some(since),
            Voice::Speaking { .. } => None,
        }
    }

    /// Behind the last voiced sample.
    pub(super) fn end(&self, now: Time) -> Time {
        self.silent_since().unwrap_or(now)
    }

    /// Whether somebody waits for its transcript.
    pub(super) fn has_deadline(&self) -> bool {
        matches!(
            self.transcript,
            Transcript::Asked {
                deadline: Some(_),
                ..
            }
        )
    }

    pub(super) fn awaits(&self, job: Job) -> bool {
        matches!(self.transcript, Transcript::Asked { job: own, .. } if own == job)
    }
}

/// A turn that has ended and is in the history, but for its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Committed {
    pub(super) turn: Turn,
    pub(super) job: Job,
    pub(super) deadline: Time,
    /// What the bot had spoken just before, if this may be it again.
    pub(super) own_words: Vec<String>,
    /// If it has words, an answer is to follow the one that was in progress.
    pub(super) follows: bool,
}

/// The bot is paused, or does not begin, because of what may be a user who speaks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hold {
    pub(super) since: Time,
    /// Whether the client was told: it is not if nothing was sent yet.
    pub(super) is_told: bool,
}
