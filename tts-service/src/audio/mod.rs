//! Utterances to speech: what the voice made of each, joined as a speaker would.
//!
//! The voice leaves 0 to 120 ms of silence before an utterance and 60 to 210 ms after it, as its
//! noise has it, and speaks some sentences twice as loud as others. So each utterance is cut to
//! its speech, brought to one level, and followed by the silence that its end calls for.

mod level;
mod limiter;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::text::Pause;

/// Silence from the end of one utterance's speech to the beginning of the next one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PauseLengths {
    /// After a clause.
    pub clause: Duration,
    /// After a sentence.
    pub sentence: Duration,
    /// After a paragraph, a heading, or an item of a list.
    pub paragraph: Duration,
}

impl Default for PauseLengths {
    fn default() -> Self {
        Self {
            clause: Duration::from_millis(180),
            sentence: Duration::from_millis(400),
            paragraph: Duration::from_millis(800),
        }
    }
}

impl PauseLengths {
    fn of(&self, pause: Pause) -> Duration {
        match pause {
            Pause::None => Duration::ZERO,
            Pause::Clause => self.clause,
            Pause::Sentence => self.sentence,
            Pause::Paragraph => self.paragraph,
        }
    }
}

/// What is kept around speech: quiet beginnings and ends of words are below any threshold.
const LEAD: Duration = Duration::from_millis(20);
const TAIL: Duration = Duration::from_millis(40);
/// The same where a phrase goes on.
const JOINED_LEAD: Duration = Duration::from_millis(5);
const JOINED_TAIL: Duration = Duration::from_millis(15);

/// Short, as some utterances begin with a consonant at their first sample.
const FADE_IN: Duration = Duration::from_millis(3);
const FADE_OUT: Duration = Duration::from_millis(8);

/// How much of a pause is given at once. It pushes the utterance's end out of the codec, which
/// holds back about that much; the rest comes with the next utterance, if there is one.
const PROMPT_SILENCE: Duration = Duration::from_millis(150);

/// Joins the utterances of one response.
#[derive(Debug)]
pub struct SpeechAssembler {
    sample_rate_hz: u32,
    pauses: PauseLengths,
    /// Silence still to be given before the next utterance.
    owed_samples: usize,
    /// Silence that ends what was given.
    given_samples: usize,
    /// The next utterance goes on in the middle of a phrase.
    joins: bool,
}

impl SpeechAssembler {
    /// For a voice of `sample_rate_hz`.
    pub fn new(sample_rate_hz: u32, pauses: PauseLengths) -> Self {
        Self {
            sample_rate_hz,
            pauses,
            owed_samples: 0,
            given_samples: 0,
            joins: false,
        }
    }

    /// What is to be heard next: the speech in `samples` (mono, about -1 to 1) at the level of all
    /// speech, within -1 to 1, and the beginning of the pause after it. An utterance without any
    /// speech gives no more than a pause.
    pub fn push(&mut self, samples: Vec<f32>, pause: Pause) -> Vec<f32> {
        let mut speech = self.speech_of(samples, pause);
        let tail = if pause == Pause::None {
            JOINED_TAIL
        } else {
            TAIL
        };
        // The silence around the speech is part of the pause.
        let pause_samples = self
            .samples_in(self.pauses.of(pause))
            .saturating_sub(self.samples_in(tail) + self.samples_in(LEAD));
        self.joins = pause == Pause::None;
        if speech.is_empty() {
            // The longer of both pauses, not both.
            self.owed_samples = self
                .owed_samples
                .max(pause_samples.saturating_sub(self.given_samples));
            return Vec::new();
        }
        speech.splice(0..0, std::iter::repeat_n(0.0, self.owed_samples));
        self.given_samples = pause_samples.min(self.samples_in(PROMPT_SILENCE));
        self.owed_samples = pause_samples - self.given_samples;
        speech.resize(speech.len() + self.given_samples, 0.0);
        speech
    }

    /// The silence that ends the response: however it ends, it is equally long.
    pub fn finish(self) -> Vec<f32> {
        let wanted = self.samples_in(PROMPT_SILENCE);
        vec![0.0; wanted.saturating_sub(self.given_samples)]
    }

    fn speech_of(&self, mut samples: Vec<f32>, pause: Pause) -> Vec<f32> {
        level::make_finite(&mut samples);
        level::remove_offset(&mut samples);
        let Some(speech) = level::speech(&samples, self.sample_rate_hz) else {
            return Vec::new();
        };
        let gain = level::gain(&samples[speech.clone()], self.sample_rate_hz);
        let (lead, tail) = (
            if self.joins { JOINED_LEAD } else { LEAD },
            if pause == Pause::None {
                JOINED_TAIL
            } else {
                TAIL
            },
        );
        let end = (speech.end + self.samples_in(tail)).min(samples.len());
        let start = speech.start.saturating_sub(self.samples_in(lead));
        samples.truncate(end);
        samples.drain(..start);
        for sample in &mut samples {
            *sample *= gain;
        }
        limiter::limit(&mut samples, self.sample_rate_hz);
        self.fade(&mut samples);
        samples
    }

    /// Both ends come from and go to nothing, so that they don't click beside silence.
    fn fade(&self, samples: &mut [f32]) {
        let half = samples.len() / 2;
        let fade_in = self.samples_in(FADE_IN).min(half);
        let fade_out = self.samples_in(FADE_OUT).min(half);
        for (index, sample) in samples.iter_mut().take(fade_in).enumerate() {
            *sample *= raised_cosine(index, fade_in);
        }
        for (index, sample) in samples.iter_mut().rev().take(fade_out).enumerate() {
            *sample *= raised_cosine(index, fade_out);
        }
    }

    fn samples_in(&self, duration: Duration) -> usize {
        (duration.as_secs_f64() * f64::from(self.sample_rate_hz)).round() as usize
    }
}

/// From 0 to 1 over `length` samples.
fn raised_cosine(index: usize, length: usize) -> f32 {
    let share = index as f32 / length as f32;
    0.5 - 0.5 * (std::f32::consts::PI * share).cos()
}
