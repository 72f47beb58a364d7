//! Hears: from the client's samples to facts about speech.

use voice_listen::{Activity, VoiceActivity, VoiceModel, VoiceStream};
use voice_resample::Resampler;

use super::heard::{Heard, RATE_HZ, time_of};
use crate::conversation::{Input, Time};

/// Silence that voice activity hears of a gap, so that a voice before it has ended.
const GAP_HEARD: u64 = RATE_HZ as u64;
const SCALE: f32 = 32_768.0;

/// What hears one conversation.
pub(super) struct Ear {
    model: VoiceModel,
    /// `None` while the client alone says when somebody speaks.
    voice: Option<Voice>,
    resampler: Option<(u32, Resampler)>,
    pub(super) heard: Heard,
}

struct Voice {
    stream: VoiceStream,
    activity: VoiceActivity,
    /// Where the first sample of the stream is, in those of the conversation.
    zero: u64,
}

impl Ear {
    pub(super) fn new(model: VoiceModel, heard: Heard) -> Self {
        Self {
            model,
            voice: None,
            resampler: None,
            heard,
        }
    }

    /// Whether speech is found here, and from which probability on.
    pub(super) fn listen(&mut self, threshold: Option<f32>) {
        match (threshold, &mut self.voice) {
            (Some(threshold), Some(voice)) => voice.activity.set_threshold(threshold),
            (Some(threshold), None) => {
                self.voice = Some(Voice {
                    stream: self.model.stream(),
                    activity: VoiceActivity::new(threshold, 0),
                    zero: self.heard.end(),
                });
            }
            (None, _) => self.voice = None,
        }
    }

    /// Samples as they are heard: at [`RATE_HZ`].
    pub(super) fn resample(&mut self, samples: Vec<i16>, rate_hz: u32) -> Vec<i16> {
        if rate_hz == RATE_HZ {
            self.resampler = None;
            return samples;
        }
        let resampler = match &mut self.resampler {
            Some((rate, it)) if *rate == rate_hz => it,
            other => {
                let it = Resampler::new(rate_hz.max(1), RATE_HZ);
                &mut other.insert((rate_hz, it)).1
            }
        };
        let samples: Vec<f32> = samples.into_iter().map(f32::from).collect();
        let mut out = Vec::new();
        resampler.push(&samples, &mut out);
        out.into_iter().map(|it| it as i16).collect()
    }

    /// Hears samples that begin at `from`, behind a gap of silence if there is one.
    pub(super) fn hear(&mut self, from: u64, samples: &[i16]) -> Vec<Input> {
        let gap = from.saturating_sub(self.heard.end());
        self.heard.push(from, samples);
        let mut facts = Vec::new();
        if gap > 0 {
            let silence = vec![0.0; gap.min(GAP_HEARD) as usize];
            self.judge(&silence, &mut facts);
            // What of it voice activity did not hear.
            if let Some(voice) = self.voice.as_mut().filter(|_| gap > GAP_HEARD) {
                voice.zero += gap - GAP_HEARD;
            }
        }
        let samples: Vec<f32> = samples.iter().map(|it| f32::from(*it) / SCALE).collect();
        self.judge(&samples, &mut facts);
        facts
    }

    fn judge(&mut self, samples: &[f32], facts: &mut Vec<Input>) {
        let Some(voice) = &mut self.voice else { return };
        let probabilities = match voice.stream.push(samples) {
            Ok(probabilities) => probabilities,
            Err(error) => {
                tracing::error!(%error, "voice activity is lost, and begins anew");
                voice.stream = self.model.stream();
                return;
            }
        };
        for probability in probabilities {
            let at = |it: u64| time_of(voice.zero + it);
            facts.extend(voice.activity.hear(probability).map(|it| match it {
                Activity::Started { at: it } => Input::SpeechStarted {
                    at: at(it),
                    echo: None,
                },
                Activity::Paused { at: it } => Input::SpeechPaused { at: at(it) },
            }));
        }
    }

    /// What was being said is over: speech begins anew.
    pub(super) fn end_turn(&mut self) {
        if let Some(voice) = &mut self.voice {
            voice.activity.end_turn();
        }
    }

    /// Where what was heard ends.
    pub(super) fn time(&self) -> Time {
        time_of(self.heard.end())
    }
}
