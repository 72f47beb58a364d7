//! What the client is told, in order: events at once, audio a little ahead of the ear.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::kept::{Kept, Key};
use super::opening::Pace;
use super::outgoing::Outgoing;
use crate::conversation::{Event, Generation};
use crate::speech::SPOKEN_RATE_HZ;

/// Of one message: 100 ms.
const MESSAGE: u64 = SPOKEN_RATE_HZ as u64 / 10;
/// A client that lets so many events wait takes none.
const MOST_WAITING: usize = 1024;

/// When something can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Now,
    At(Instant),
    Nothing,
}

#[derive(Debug)]
struct Range {
    key: Key,
    /// Of the first sample, from the answer's beginning.
    at: u64,
    from: u64,
    to: u64,
}

/// What waits for being sent.
#[derive(Debug)]
pub(super) struct Sending {
    pace: Pace,
    /// Goes before all audio, unless the answer is over and the client has to catch up.
    events: VecDeque<Outgoing>,
    audio: VecDeque<Range>,
    /// Told when all audio was sent.
    after_audio: VecDeque<Event>,
    is_paused: bool,
    /// The answer is over, yet not all of it was sent: the client was slow. That goes first.
    is_late: bool,
    /// The answer of which audio was ordered last, and where that ended.
    position: Option<(Generation, u64)>,
    /// The ear was there then, if it has moved in time since.
    ear: Option<(Instant, u64)>,
    /// Where what was sent ends.
    sent: u64,
}

impl Sending {
    pub(super) fn new(pace: Pace) -> Self {
        Self {
            pace,
            events: VecDeque::new(),
            audio: VecDeque::new(),
            after_audio: VecDeque::new(),
            is_paused: false,
            is_late: false,
            position: None,
            ear: None,
            sent: 0,
        }
    }

    /// Whether the client takes nothing.
    pub(super) fn is_stuck(&self) -> bool {
        self.events.len() > MOST_WAITING
    }

    pub(super) fn event(&mut self, event: Event) {
        let waits = !self.audio.is_empty() || self.is_paused;
        match event {
            Event::AnswerSent { .. } if waits => self.after_audio.push_back(event),
            Event::AnswerEnded { .. } => {
                self.is_paused = false;
                if self.audio.is_empty() {
                    self.after_audio.clear();
                    self.events.push_back(Outgoing::Event(event));
                } else {
                    self.is_late = true;
                    self.after_audio.push_back(event);
                }
            }
            _ => self.events.push_back(Outgoing::Event(event)),
        }
    }

    pub(super) fn closed(&mut self, why: crate::conversation::Closing) {
        self.events.push_back(Outgoing::Closed(why));
    }

    pub(super) fn audio(&mut self, key: Key, from: u64, to: u64) {
        let at = match self.position {
            Some((generation, at)) if generation == key.0 => at,
            _ => 0,
        };
        self.position = Some((key.0, at + to.saturating_sub(from)));
        self.audio.push_back(Range { key, at, from, to });
    }

    pub(super) fn pause(&mut self, generation: Generation, at: u64) {
        self.audio.retain(|it| it.key.0 != generation);
        self.is_paused = true;
        self.events.push_back(Outgoing::Pause { generation, at });
    }

    pub(super) fn resume(&mut self, generation: Generation, at: u64) {
        self.is_paused = false;
        self.position = Some((generation, at));
        self.ear = None;
        self.events.push_back(Outgoing::Resume { generation, at });
    }

    pub(super) fn flush(&mut self, generation: Generation, at: u64) {
        self.audio.retain(|it| it.key.0 != generation);
        self.after_audio.clear();
        self.is_paused = false;
        self.events.push_back(Outgoing::Flush { generation, at });
    }

    /// Whether audio of this phrase waits.
    pub(super) fn holds(&self, key: Key) -> bool {
        self.audio.iter().any(|it| it.key == key)
    }

    pub(super) fn next(&self, now: Instant) -> Next {
        if !self.events.is_empty() || self.is_late {
            return Next::Now;
        }
        let Some(range) = self.audio.front() else {
            let is_told = self.after_audio.is_empty() || self.is_paused;
            return if is_told { Next::Nothing } else { Next::Now };
        };
        let (Pace::Ahead(ahead), Some((since, from))) = (self.pace, self.ear) else {
            return Next::Now;
        };
        let when = since + duration(range.at.saturating_sub(from)).saturating_sub(ahead);
        if when <= now {
            Next::Now
        } else {
            Next::At(when)
        }
    }

    /// What is to be sent now, if [`Self::next`] says so.
    pub(super) fn take(&mut self, kept: &mut Kept, now: Instant) -> Option<Outgoing> {
        if !self.is_late
            && let Some(event) = self.events.pop_front()
        {
            return Some(event);
        }
        while let Some(range) = self.audio.front_mut() {
            let key = range.key;
            let (generation, phrase) = key;
            if range.from == 0
                && let Some(text) = kept.first_words(key)
            {
                return Some(Outgoing::PhraseBegins {
                    generation,
                    phrase,
                    text,
                });
            }
            let to = range.to.min(range.from + MESSAGE);
            let samples = kept.samples(key, range.from, to);
            let from = range.at;
            range.at += to - range.from;
            range.from = to;
            let end = range.at;
            if range.from >= range.to {
                self.audio.pop_front();
            }
            if !samples.is_empty() {
                self.sound(from, end, now);
                return Some(Outgoing::Audio {
                    generation,
                    phrase,
                    from,
                    samples,
                });
            }
        }
        self.is_late = false;
        self.after_audio.pop_front().map(Outgoing::Event)
    }

    /// The ear goes on with what was sent, or waits for it if it has heard all.
    fn sound(&mut self, from: u64, to: u64, now: Instant) {
        let heard_all = match self.ear {
            Some((since, at)) if from >= at && from == self.sent => {
                now >= since + duration(self.sent - at)
            }
            _ => true,
        };
        if heard_all {
            self.ear = Some((now, from));
        }
        self.sent = to;
    }
}

fn duration(samples: u64) -> Duration {
    Duration::from_micros(samples * 1_000_000 / u64::from(SPOKEN_RATE_HZ))
}

#[cfg(test)]
#[path = "sending_tests.rs"]
mod tests;
