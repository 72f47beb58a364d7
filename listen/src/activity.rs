//! When somebody speaks and when they pause: probabilities of speech in, facts out. Whether a pause is
//! the end of a turn is for others to decide.
//!
//! No input, no output and no clock: time is the number of samples that were heard, and all
//! positions are counted in samples from the beginning of the stream.

use std::time::Duration;

use crate::SAMPLE_RATE_HZ;
use crate::frames::FRAME_SAMPLES;

/// Shorter sounds are clicks and coughs.
const LEAST_SPEECH: u64 = samples(Duration::from_millis(200));

/// Voices pause for less between words; it is also the silence that Smart Turn was trained with.
pub const PAUSE: Duration = Duration::from_millis(200);

/// Speech goes on until its probability is so much lower than where it began: two thresholds keep a
/// voice that trails off in one piece.
const HYSTERESIS: f32 = 0.15;

const fn samples(duration: Duration) -> u64 {
    duration.as_micros() as u64 * SAMPLE_RATE_HZ as u64 / 1_000_000
}

/// What happened in a stream. `Started` and `Paused` take turns, unless a turn was ended in between, and
/// positions never go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Somebody speaks: for 200 ms by now, or again after a pause in what they were saying.
    Started {
        /// Where the voice began.
        at: u64,
    },
    /// Nobody speaks, for [`PAUSE`] by now.
    Paused {
        /// Behind the last voice.
        at: u64,
    },
}

/// Finds speech in one stream.
#[derive(Debug)]
pub struct VoiceActivity {
    threshold: f32,
    /// Samples heard so far.
    position: u64,
    /// Whether the last frame had voice in it.
    is_voiced: bool,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Nobody speaks.
    Silent,
    /// There is a voice, not long enough yet to be speech.
    Sounding {
        start: u64,
        /// Behind the last voice.
        end: u64,
        voiced_samples: u64,
    },
    Speaking {
        /// Behind the last voice.
        end: u64,
    },
    /// A pause in what somebody is saying.
    Paused,
}

impl VoiceActivity {
    /// For a stream of which `position` samples were heard already. From a probability of `threshold`
    /// on, 0 to 1, a frame is speech.
    pub fn new(threshold: f32, position: u64) -> Self {
        Self {
            threshold,
            position,
            is_voiced: false,
            state: State::Silent,
        }
    }

    /// From the next frame on this is the threshold.
    pub fn set_threshold(&mut self, threshold: f32) {
        self.threshold = threshold;
    }

    /// Samples heard so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// What was being said is over: speech begins anew, after 200 ms of it, even if somebody is
    /// speaking now.
    pub fn end_turn(&mut self) {
        if !matches!(self.state, State::Sounding { .. }) {
            self.state = State::Silent;
        }
    }

    /// Takes the probability that there is speech in the next frame.
    pub fn hear(&mut self, probability: f32) -> Option<Activity> {
        let begin = self.position;
        self.position += FRAME_SAMPLES as u64;
        let least = if self.is_voiced {
            (self.threshold - HYSTERESIS).max(0.01)
        } else {
            self.threshold
        };
        self.is_voiced = probability >= least;
        match self.state {
            State::Silent if self.is_voiced => self.sound(begin, 0),
            State::Sounding {
                start,
                voiced_samples,
                ..
            } if self.is_voiced => self.sound(start, voiced_samples),
            State::Sounding { end, .. } => {
                if self.position - end >= samples(PAUSE) {
                    self.state = State::Silent;
                }
                None
            }
            State::Speaking { .. } if self.is_voiced => {
                self.state = State::Speaking { end: self.position };
                None
            }
            State::Speaking { end } if self.position - end >= samples(PAUSE) => {
                self.state = State::Paused;
                Some(Activity::Paused { at: end })
            }
            State::Paused if self.is_voiced => {
                self.state = State::Speaking { end: self.position };
                Some(Activity::Started { at: begin })
            }
            State::Silent | State::Speaking { .. } | State::Paused => None,
        }
    }

    /// One more frame of a voice that began at `start`.
    fn sound(&mut self, start: u64, voiced_samples: u64) -> Option<Activity> {
        let voiced_samples = voiced_samples + FRAME_SAMPLES as u64;
        let end = self.position;
        if voiced_samples < LEAST_SPEECH {
            self.state = State::Sounding {
                start,
                end,
                voiced_samples,
            };
            return None;
        }
        self.state = State::Speaking { end };
        Some(Activity::Started { at: start })
    }
}

#[cfg(test)]
#[path = "activity_tests.rs"]
mod tests;
