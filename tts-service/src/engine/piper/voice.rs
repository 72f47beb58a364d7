//! A loaded voice: text → ids of phonemes → samples.

use std::path::Path;

use voice_common::admission::Permit;
use voice_common::cancellation::Cancellation;

use super::ids::{MAX_RUN_IDS, MAX_RUN_PHONEMES, cut, knows_any, phonemes, to_ids};
use super::model::{self, Values};
use super::voice_config::{PhonemeSource, VoiceConfig};
use crate::engine::espeak::Phonemiser;
use crate::engine::onnx::{Closing, Computation, Model, PoolShape, Runtime, Sessions};
use crate::engine::synthesizer::{Aim, EngineError, Run, SpeakOptions, Synthesizer, VoiceInfo};

/// Speeds that a voice can be asked for; outside of them it makes noise.
const SPEEDS: std::ops::RangeInclusive<f32> = 0.1..=10.0;

/// What an operator sets for all voices; `None` is the voice's own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct NoiseScales {
    /// Variation of the sound.
    pub sound: Option<f32>,
    /// Variation of the rhythm.
    pub rhythm: Option<f32>,
}

/// What all voices use, made once at the start of the service.
#[derive(Debug, Clone)]
pub(super) struct PiperRuntime {
    /// What computes.
    pub runtime: Runtime,
    /// How each voice computes.
    pub shape: PoolShape,
    /// What reads texts.
    pub phonemiser: Phonemiser,
    /// Given to each voice when it is loaded.
    pub noise: NoiseScales,
    /// Tells voices that the service ends.
    pub closing: Closing,
}

/// A voice that is loaded.
#[derive(Debug)]
pub(super) struct PiperVoice {
    info: VoiceInfo,
    config: VoiceConfig,
    noise_scale: f32,
    noise_w_scale: f32,
    sessions: Sessions,
    phonemiser: Phonemiser,
}

/// A sentence, or a part of one, as the voice's model is given it.
#[derive(Debug)]
struct PiperRun<'a> {
    voice: &'a PiperVoice,
    ids: Vec<i64>,
    length_scale: f32,
    speaker: Option<i64>,
}

impl PiperVoice {
    /// Loads a voice from its model and its configuration.
    ///
    /// # Errors
    /// One line that names the file and what is wrong with it.
    pub(super) fn load(
        id: &str,
        model: &Path,
        config: &Path,
        piper: &PiperRuntime,
    ) -> Result<Self, String> {
        let parsed =
            VoiceConfig::read(config).map_err(|it| format!("{}: {it}", config.display()))?;
        if let PhonemeSource::Espeak(language) = &parsed.source
            && !piper.phonemiser.has_language(language)
        {
            return Err(format!(
                "{}: espeak-ng has no voice {language:?}",
                config.display()
            ));
        }
        let sessions =
            sessions(model, &parsed, piper).map_err(|it| format!("{}: {it}", model.display()))?;
        Ok(Self {
            info: parsed.info(id),
            noise_scale: piper.noise.sound.unwrap_or(parsed.noise_scale),
            noise_w_scale: piper.noise.rhythm.unwrap_or(parsed.noise_w_scale),
            config: parsed,
            sessions,
            phonemiser: piper.phonemiser.clone(),
        })
    }

    fn speaker(&self, asked: Option<i64>) -> Result<Option<i64>, EngineError> {
        let count = self.config.speakers.len().max(1) as i64;
        let speaker = asked.unwrap_or(self.config.default_speaker);
        if (0..count).contains(&speaker) {
            Ok((!self.config.speakers.is_empty()).then_some(speaker))
        } else {
            Err(EngineError::Failed(format!(
                "speaker {speaker}, of {count} that there are"
            )))
        }
    }
}

fn sessions(model: &Path, config: &VoiceConfig, piper: &PiperRuntime) -> Result<Sessions, String> {
    let with_speaker = !config.speakers.is_empty();
    let model = Model {
        file: model,
        check: &|session| model::check(session, with_speaker),
        shortest_run: model::shortest_run(with_speaker).map_err(|it| it.to_string())?,
        longest_run: MAX_RUN_IDS,
    };
    Sessions::load(model, &piper.runtime, piper.shape, piper.closing.clone())
}

impl Synthesizer for PiperVoice {
    fn info(&self) -> &VoiceInfo {
        &self.info
    }

    fn prepare(
        &self,
        text: &str,
        options: SpeakOptions,
    ) -> Result<Vec<Box<dyn Run + '_>>, EngineError> {
        if !SPEEDS.contains(&options.speed) {
            return Err(EngineError::Failed(format!(
                "a speed of {}, not within {SPEEDS:?}",
                options.speed
            )));
        }
        let speaker = self.speaker(options.speaker)?;
        let sentences =
            phonemes(&self.phonemiser, &self.config, text).map_err(EngineError::Failed)?;
        // How long phonemes last, as the model knows it: 1 is what it was trained with.
        let length_scale = self.config.length_scale / options.speed;
        // What is spoken slowly is longer, and takes as much more memory.
        let most = (MAX_RUN_PHONEMES as f32 / length_scale.max(1.0)) as usize;
        let run = |phonemes: &[String]| -> Box<dyn Run + '_> {
            Box::new(PiperRun {
                voice: self,
                ids: to_ids(&self.config, phonemes),
                length_scale,
                speaker,
            })
        };
        Ok(sentences
            .iter()
            .flat_map(|it| cut(it, most))
            // A run of nothing but its two ends is noise.
            .filter(|it| knows_any(&self.config, it))
            .map(run)
            .collect())
    }

    fn free_runs(&self) -> usize {
        self.sessions.free()
    }
}

impl Run for PiperRun<'_> {
    /// In ids.
    fn length(&self) -> usize {
        self.ids.len()
    }

    fn speak(
        &self,
        _permit: &Permit,
        aim: Aim,
        cancellation: &Cancellation,
    ) -> Result<Vec<f32>, EngineError> {
        let inputs = model::inputs(&Values {
            ids: &self.ids,
            noise_scale: self.voice.noise_scale,
            length_scale: self.length_scale,
            noise_w_scale: self.voice.noise_w_scale,
            speaker: self.speaker,
        });
        let computation = Computation {
            inputs: inputs.map_err(|it| EngineError::Failed(it.to_string()))?,
            // Memory grows with the length of the sound.
            length: (self.ids.len() as f32 * self.length_scale.max(1.0)) as usize,
            aim,
        };
        self.voice.sessions.run(&computation, cancellation)
    }
}

#[cfg(test)]
#[path = "voice_tests.rs"]
mod tests;
