//! Piper's voices: VITS models in ONNX, fed with phonemes.

use std::path::{Path, PathBuf};

use voice_common::admission::Permit;
use voice_common::cancellation::Cancellation;
use voice_common::config::Device;

use super::espeak::Espeak;
use super::phonemes::{MAX_RUN_PHONEMES, Phonemiser, cut, knows_any, to_ids};
use super::pool_shape::PoolShape;
use super::runtime::Runtime;
use super::sessions::{Run, Sessions};
use super::voice_config::{PhonemeSource, VoiceConfig};
use super::{EngineError, PhonemeIds, SpeakOptions, Synthesizer, VoiceInfo};

/// Speeds that a voice can be asked for; outside of them it makes noise.
const SPEEDS: std::ops::RangeInclusive<f32> = 0.1..=10.0;

/// What all voices use, made once at the start of the service.
#[derive(Debug, Clone)]
pub struct Shared {
    runtime: Runtime,
    phonemiser: Phonemiser,
    espeak: std::sync::Arc<Espeak>,
    shape: PoolShape,
}

/// Where the parts of the engine are, and how it computes.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The file of ONNX Runtime's library.
    pub runtime_library: PathBuf,
    /// The directory of espeak-ng's data, that with `phontab` in it.
    pub espeak_data: PathBuf,
    /// What to compute on.
    pub device: Device,
    /// How a voice computes on a CPU.
    pub shape: PoolShape,
}

impl Shared {
    /// Loads ONNX Runtime and espeak-ng. Both stay for the life of the process.
    ///
    /// # Errors
    /// One line that says which part can't be used and why.
    pub fn start(config: &EngineConfig) -> Result<Self, String> {
        let runtime = Runtime::start(&config.runtime_library, config.device)?;
        let espeak = Espeak::start(&config.espeak_data)?;
        Ok(Self {
            phonemiser: Phonemiser::new(std::sync::Arc::clone(&espeak)),
            espeak,
            shape: if runtime.uses_gpu() {
                PoolShape::on_gpu()
            } else {
                config.shape
            },
            runtime,
        })
    }

    /// How each voice computes.
    pub fn shape(&self) -> PoolShape {
        self.shape
    }

    /// What computes.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }
}

/// A voice that is loaded.
#[derive(Debug)]
pub struct PiperVoice {
    info: VoiceInfo,
    config: VoiceConfig,
    sessions: Sessions,
    phonemiser: Phonemiser,
}

impl PiperVoice {
    /// Loads a voice from its model and its configuration.
    ///
    /// # Errors
    /// One line that names the file and what is wrong with it.
    pub fn load(id: &str, model: &Path, config: &Path, shared: &Shared) -> Result<Self, String> {
        let parsed =
            VoiceConfig::read(config).map_err(|it| format!("{}: {it}", config.display()))?;
        if let PhonemeSource::Espeak(voice) = &parsed.source
            && !shared.espeak.has_voice(voice)
        {
            return Err(format!(
                "{}: espeak-ng has no voice {voice:?}",
                config.display()
            ));
        }
        let with_speaker = !parsed.speakers.is_empty();
        let sessions = Sessions::load(model, &shared.runtime, shared.shape, with_speaker)
            .map_err(|it| format!("{}: {it}", model.display()))?;
        Ok(Self {
            info: parsed.info(id),
            config: parsed,
            sessions,
            phonemiser: shared.phonemiser.clone(),
        })
    }

    /// How long phonemes last, as the model knows it: 1 is what it was trained with.
    fn length_scale(&self, speed: f32) -> f32 {
        self.config.length_scale / speed
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

impl Synthesizer for PiperVoice {
    fn info(&self) -> &VoiceInfo {
        &self.info
    }

    fn prepare(&self, text: &str, speed: f32) -> Result<Vec<PhonemeIds>, EngineError> {
        let sentences = self
            .phonemiser
            .sentences(&self.config, text)
            .map_err(EngineError::Failed)?;
        // What is spoken slowly is longer, and takes as much more memory.
        let slowness = self.length_scale(speed).max(1.0);
        let most = (MAX_RUN_PHONEMES as f32 / slowness) as usize;
        Ok(sentences
            .iter()
            .flat_map(|it| cut(it, most))
            // A run of nothing but its two ends is noise.
            .filter(|it| knows_any(&self.config, it))
            .map(|it| to_ids(&self.config, it))
            .collect())
    }

    fn free_runs(&self) -> usize {
        self.sessions.free()
    }

    fn speak(
        &self,
        _permit: &Permit,
        phonemes: &PhonemeIds,
        options: SpeakOptions,
        cancellation: &Cancellation,
    ) -> Result<Vec<f32>, EngineError> {
        if !SPEEDS.contains(&options.speed) {
            return Err(EngineError::Failed(format!(
                "a speed of {}, not within {SPEEDS:?}",
                options.speed
            )));
        }
        let config = &self.config;
        let run = Run {
            ids: &phonemes.0,
            noise_scale: options.noise_scale.unwrap_or(config.noise_scale),
            length_scale: self.length_scale(options.speed),
            noise_w_scale: options.noise_w_scale.unwrap_or(config.noise_w_scale),
            speaker: self.speaker(options.speaker)?,
            is_accompanied: options.is_accompanied,
        };
        self.sessions.run(&run, cancellation)
    }
}

#[cfg(test)]
#[path = "piper_tests.rs"]
mod tests;
