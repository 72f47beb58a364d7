//! When turns begin and end: probabilities of speech in, events out.
//!
//! No input, no output and no clock: time is the number of samples that were heard, and all
//! positions are counted in samples from the beginning of the stream.

use std::time::Duration;

use crate::frames::FRAME_SAMPLES;
use crate::settings::{EndOfTurn, TurnSettings, samples};

/// After so long a silence a turn may have ended. Voices pause for less between words; it is also the
/// silence that Smart Turn was trained with.
const PAUSE: Duration = Duration::from_millis(200);

/// A turn for which its score is higher is complete.
const COMPLETE: f32 = 0.5;

/// A pause in a turn. No two of a detector are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pause(u64);

/// What happened in a stream. Of each turn: `Started`, then any number of times `MayHaveEnded` and
/// `GoesOn`, at last `Ended`, before which there is a `MayHaveEnded` unless the silence that ends a turn
/// is no longer than a pause. Positions never go back from one event to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnEvent {
    /// Somebody speaks, for `min_speech` by now.
    Started {
        /// Where the voice began.
        speech_start: u64,
        /// Where the audio of the turn begins: earlier by the padding, but never within the turn
        /// before.
        audio_start: u64,
    },
    /// 200 ms of silence: the moment to ask for a score of the turn, and to prepare an answer.
    MayHaveEnded {
        /// Goes with the score.
        pause: Pause,
        /// Behind the last voice.
        speech_end: u64,
        /// All that was heard so far.
        audio_end: u64,
    },
    /// The speaker goes on: what was prepared for this pause is to be dropped.
    GoesOn {
        /// The pause that is over.
        pause: Pause,
        /// Where the voice is back.
        speech_start: u64,
    },
    /// The turn has ended.
    Ended {
        /// Behind the last voice.
        speech_end: u64,
        /// All that was heard so far; the next turn begins here at the earliest.
        audio_end: u64,
    },
}

/// Finds turns in one stream.
#[derive(Debug)]
pub struct TurnDetector {
    settings: TurnSettings,
    /// Samples heard so far.
    position: u64,
    /// Where the last turn ended: the next one begins there at the earliest.
    earliest: u64,
    /// Whether the last frame had voice in it.
    is_voiced: bool,
    state: State,
    pauses: u64,
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
    /// A turn.
    Turn {
        /// Behind the last voice.
        speech_end: u64,
        /// The pause that goes on.
        pause: Option<Pause>,
    },
}

impl TurnDetector {
    /// For a stream of which `position` samples were heard already.
    pub fn new(settings: TurnSettings, position: u64) -> Self {
        Self {
            settings,
            position,
            earliest: position,
            is_voiced: false,
            state: State::Silent,
            pauses: 0,
        }
    }

    /// From the next frame on turns are found this way, the current one included.
    pub fn set(&mut self, settings: TurnSettings) {
        self.settings = settings;
    }

    /// Samples heard so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Takes the probability that there is speech in the next frame.
    pub fn hear(&mut self, probability: f32) -> Option<TurnEvent> {
        let begin = self.position;
        self.position += FRAME_SAMPLES as u64;
        self.is_voiced = probability >= self.settings.threshold
            || (self.is_voiced && probability >= self.settings.end_threshold());
        match self.state {
            State::Silent if self.is_voiced => self.sound(begin, 0),
            State::Silent => None,
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
            State::Turn { pause, .. } if self.is_voiced => {
                self.state = State::Turn {
                    speech_end: self.position,
                    pause: None,
                };
                pause.map(|pause| TurnEvent::GoesOn {
                    pause,
                    speech_start: begin,
                })
            }
            State::Turn { speech_end, pause } => self.wait(speech_end, pause),
        }
    }

    /// Takes the probability that the turn is complete, as a [`TurnModel`](crate::TurnModel) scored
    /// it for this pause. What comes after the pause is over is ignored, and so is a score where
    /// silence alone decides.
    pub fn score(&mut self, pause: Pause, complete: f32) -> Option<TurnEvent> {
        match self.state {
            State::Turn {
                speech_end,
                pause: Some(current),
            } if current == pause
                && complete > COMPLETE
                && matches!(self.settings.end, EndOfTurn::Semantic(_)) =>
            {
                Some(self.end(speech_end))
            }
            _ => None,
        }
    }

    /// One more frame of a voice that began at `start`.
    fn sound(&mut self, start: u64, voiced_samples: u64) -> Option<TurnEvent> {
        let voiced_samples = voiced_samples + FRAME_SAMPLES as u64;
        if voiced_samples < samples(self.settings.min_speech) {
            self.state = State::Sounding {
                start,
                end: self.position,
                voiced_samples,
            };
            return None;
        }
        self.state = State::Turn {
            speech_end: self.position,
            pause: None,
        };
        let padded = start.saturating_sub(samples(self.settings.prefix_padding));
        Some(TurnEvent::Started {
            speech_start: start,
            audio_start: padded.max(self.earliest),
        })
    }

    /// One more frame of silence in a turn.
    fn wait(&mut self, speech_end: u64, pause: Option<Pause>) -> Option<TurnEvent> {
        let silence = self.position - speech_end;
        if silence >= samples(self.settings.end.longest_silence()) {
            return Some(self.end(speech_end));
        }
        if pause.is_some() || silence < samples(PAUSE) {
            return None;
        }
        self.pauses += 1;
        let pause = Pause(self.pauses);
        self.state = State::Turn {
            speech_end,
            pause: Some(pause),
        };
        Some(TurnEvent::MayHaveEnded {
            pause,
            speech_end,
            audio_end: self.position,
        })
    }

    fn end(&mut self, speech_end: u64) -> TurnEvent {
        self.state = State::Silent;
        self.earliest = self.position;
        TurnEvent::Ended {
            speech_end,
            audio_end: self.position,
        }
    }
}

#[cfg(test)]
#[path = "detector_tests.rs"]
mod tests;
