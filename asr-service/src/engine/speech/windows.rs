//! Where speech is, and how it is cut into windows for the model.
//!
//! Silence is left out of what the model sees: it costs time and invites invented sentences.
//! Timestamps are mapped back to the original audio.

use std::borrow::Cow;

use voice_stack_audio::SAMPLE_RATE_HZ;

/// Samples that the voice activity model judges at once (32 ms).
pub(super) const FRAME_SAMPLES: usize = 512;

const RATE: f64 = SAMPLE_RATE_HZ as f64;

/// Speech begins at this probability and ends below the lower one: two thresholds keep a
/// voice that trails off in one piece.
const BEGIN_PROBABILITY: f32 = 0.5;
const END_PROBABILITY: f32 = 0.35;
/// Shorter sounds are clicks and coughs.
const SHORTEST_SPEECH_FRAMES: usize = frames(0.2);
/// A shorter pause belongs to the sentence.
const SHORTEST_PAUSE_FRAMES: usize = frames(0.3);
/// Kept around speech: consonants begin before a voice does.
const PADDING_SAMPLES: usize = SAMPLE_RATE_HZ as usize / 5;
/// Longer silence is taken out of a window.
const LONGEST_KEPT_SILENCE_SAMPLES: usize = SAMPLE_RATE_HZ as usize;
/// The model's window is 30 s; a cut region and its padding must fit.
const LONGEST_WINDOW_SAMPLES: usize = SAMPLE_RATE_HZ as usize * 295 / 10;
const LONGEST_REGION_FRAMES: usize = frames(28.5);
/// Speech without a pause is cut where it is quietest in this last part.
const CUT_SEARCH_FRAMES: usize = frames(10.0);

const fn frames(seconds: f64) -> usize {
    (seconds * RATE / FRAME_SAMPLES as f64) as usize
}

/// A stretch of speech, in samples of the original audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Region {
    start: usize,
    end: usize,
}

/// Finds regions in a stream of probabilities.
#[derive(Debug, Default)]
struct RegionFinder {
    /// Probabilities since the region began; empty outside of a region.
    open: Vec<f32>,
    quiet_frames: usize,
    frame: usize,
}

impl RegionFinder {
    fn push(&mut self, probability: f32) -> Option<Region> {
        self.frame += 1;
        if self.open.is_empty() && probability < BEGIN_PROBABILITY {
            return None;
        }
        self.open.push(probability);
        if probability >= END_PROBABILITY {
            self.quiet_frames = 0;
        } else {
            self.quiet_frames += 1;
            if self.quiet_frames >= SHORTEST_PAUSE_FRAMES {
                return self.finish();
            }
        }
        (self.open.len() >= LONGEST_REGION_FRAMES).then(|| self.cut())
    }

    /// Ends the open region where its speech ended.
    fn finish(&mut self) -> Option<Region> {
        let spoken = self.open.len() - self.quiet_frames;
        let start = self.frame - self.open.len();
        self.open.clear();
        self.quiet_frames = 0;
        (spoken >= SHORTEST_SPEECH_FRAMES).then(|| Region {
            start: start * FRAME_SAMPLES,
            end: (start + spoken) * FRAME_SAMPLES,
        })
    }

    /// Ends a region that is too long at its quietest frame, and begins the next one there.
    fn cut(&mut self) -> Region {
        let from = self.open.len() - CUT_SEARCH_FRAMES;
        let quietest = (from..self.open.len())
            .min_by(|one, other| self.open[*one].total_cmp(&self.open[*other]))
            .expect("the search range is never empty");
        let start = self.frame - self.open.len();
        self.open.drain(..quietest);
        self.quiet_frames = self.quiet_frames.min(self.open.len());
        Region {
            start: start * FRAME_SAMPLES,
            end: (start + quietest) * FRAME_SAMPLES,
        }
    }
}

/// Audio that the model sees at once: one or more pieces of the original, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    pieces: Vec<Region>,
    /// The speech without padding, for judging what a remainder is worth.
    speech: Vec<Region>,
}

impl Window {
    fn len(&self) -> usize {
        self.pieces
            .iter()
            .map(|piece| piece.end - piece.start)
            .sum()
    }

    /// Duration of what the model sees.
    pub(crate) fn seconds(&self) -> f64 {
        self.len() as f64 / RATE
    }

    /// Where the window begins in the original audio.
    pub(crate) fn start_seconds(&self) -> f64 {
        self.pieces
            .first()
            .map_or(0.0, |piece| piece.start as f64 / RATE)
    }

    /// The samples; copied only when silence was taken out.
    pub(crate) fn samples<'a>(&self, audio: &'a [f32]) -> Cow<'a, [f32]> {
        match self.pieces.as_slice() {
            [piece] => Cow::Borrowed(&audio[piece.start..piece.end]),
            pieces => Cow::Owned(
                pieces
                    .iter()
                    .flat_map(|piece| &audio[piece.start..piece.end])
                    .copied()
                    .collect(),
            ),
        }
    }

    /// A time in the window as a time in the original audio. At a joint, an end belongs to
    /// the piece before it and a start to the piece after it.
    fn original_seconds(&self, seconds: f64, is_end: bool) -> f64 {
        let mut sample = (seconds.max(0.0) * RATE).round() as usize;
        for (index, piece) in self.pieces.iter().enumerate() {
            let len = piece.end - piece.start;
            let is_last = index + 1 == self.pieces.len();
            if sample < len || (is_end && sample == len) || is_last {
                return (piece.start + sample.min(len)) as f64 / RATE;
            }
            sample -= len;
        }
        0.0
    }

    /// When something began, in the original audio.
    pub(crate) fn original_start(&self, seconds: f64) -> f64 {
        self.original_seconds(seconds, false)
    }

    /// When something ended, in the original audio.
    pub(crate) fn original_end(&self, seconds: f64) -> f64 {
        self.original_seconds(seconds, true)
    }

    /// Seconds of speech that the window holds after `seconds`.
    pub(crate) fn speech_seconds_after(&self, seconds: f64) -> f64 {
        let from = (self.original_start(seconds) * RATE) as usize;
        let samples: usize = self
            .speech
            .iter()
            .map(|it| it.end.saturating_sub(it.start.max(from)))
            .sum();
        samples as f64 / RATE
    }
}

/// Cuts audio into windows as the probabilities of speech come in.
#[derive(Debug)]
pub(super) struct WindowCutter {
    finder: RegionFinder,
    audio_samples: usize,
    open: Option<Window>,
}

impl WindowCutter {
    /// For audio of `audio_samples` samples.
    pub(super) fn new(audio_samples: usize) -> Self {
        Self {
            finder: RegionFinder::default(),
            audio_samples,
            open: None,
        }
    }

    /// Takes the probability of the next frame; gives a window once it is full.
    pub(super) fn push(&mut self, probability: f32) -> Option<Window> {
        let region = self.finder.push(probability)?;
        self.add(region)
    }

    /// Takes the end of the audio; gives what is left, up to two windows.
    pub(super) fn finish(&mut self) -> Vec<Window> {
        let last_region = self.finder.finish();
        let full = last_region.and_then(|region| self.add(region));
        full.into_iter().chain(self.open.take()).collect()
    }

    fn add(&mut self, region: Region) -> Option<Window> {
        let region = Region {
            end: region.end.min(self.audio_samples),
            ..region
        };
        let mut piece = Region {
            start: region.start.saturating_sub(PADDING_SAMPLES),
            end: (region.end + PADDING_SAMPLES).min(self.audio_samples),
        };
        if let Some(open) = &mut self.open {
            let last = open.pieces.last_mut().expect("an open window has a piece");
            let joins = piece.start <= last.end + LONGEST_KEPT_SILENCE_SAMPLES;
            let from = if joins { last.end } else { piece.start };
            let grown = open
                .pieces
                .iter()
                .map(|it| it.end - it.start)
                .sum::<usize>()
                + piece.end.saturating_sub(from);
            if grown <= LONGEST_WINDOW_SAMPLES {
                let last = open.pieces.last_mut().expect("an open window has a piece");
                if joins {
                    last.end = piece.end;
                } else {
                    open.pieces.push(piece);
                }
                open.speech.push(region);
                return None;
            }
            // Two regions that touch, because one was cut, must not share their padding.
            let end = open.pieces.last().map_or(0, |last| last.end);
            if piece.start < end {
                let middle = region.start.min(end);
                piece.start = middle;
                if let Some(last) = open.pieces.last_mut() {
                    last.end = middle;
                }
            }
        }
        self.open.replace(Window {
            pieces: vec![piece],
            speech: vec![region],
        })
    }
}

#[cfg(test)]
#[path = "windows_tests.rs"]
mod tests;
