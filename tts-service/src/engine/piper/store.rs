//! The installed Piper voices.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use voice_stack_models::{InstalledVoice, Store, Verified};

use super::voice::{NoiseScales, PiperRuntime, PiperVoice};
use super::voice_config::VoiceConfig;
use crate::config::TtsConfig;
use crate::engine::espeak::{Espeak, Phonemiser};
use crate::engine::onnx::{Closing, PoolShape, Runtime, footprint_bytes, installed};
use crate::engine::synthesizer::{Computes, Synthesizer, VoiceInfo, VoiceSource};

/// Memory that the longest run of a voice takes. Measured with `en_US-joe-medium`: 1.03 MiB a
/// phoneme.
const LONGEST_RUN_BYTES: u64 = 256 << 20;

/// The engine's name in the catalogue of models.
const ENGINE: &str = "piper";

/// Voices in the store, computed with ONNX Runtime.
struct PiperStore {
    store: Store,
    piper: PiperRuntime,
    verified: Verified,
    /// What the configurations of voices say, by their files and times of change.
    known: Mutex<HashMap<PathBuf, (SystemTime, Option<VoiceInfo>)>>,
}

/// Loads ONNX Runtime and eSpeak NG, which stay for the life of the process. A default voice
/// that is Piper's is looked at.
///
/// # Errors
/// One line that says which part can't be used and why, with the command that fetches what is
/// missing.
pub(crate) fn open(store: &Store, config: &TtsConfig) -> Result<Arc<dyn VoiceSource>, String> {
    let (common, tts) = (&config.common, &config.tts);
    let espeak_data = store
        .require_named("espeak-ng-data")
        .map_err(|error| error.to_string())?;
    let (library, device) = installed(store, tts.tts_device)?;
    let runtime = Runtime::start(&library, device)?;
    let espeak = Espeak::start(&espeak_data)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let opened = PiperStore {
        store: store.clone(),
        piper: PiperRuntime {
            shape: if runtime.uses_gpu() {
                PoolShape::on_gpu()
            } else {
                PoolShape::choose(cores, common.admission.max_concurrent_requests)
            },
            runtime,
            phonemiser: Phonemiser::new(espeak),
            noise: NoiseScales {
                sound: tts.tts_noise_scale,
                rhythm: tts.tts_noise_w_scale,
            },
            closing: Closing::default(),
        },
        verified: Verified::default(),
        known: Mutex::default(),
    };
    // A configuration that can't be read is told at the start, not by the first request.
    if let Some(default) = opened.voice(&tts.tts_voice)
        && opened.info(&default).is_none()
    {
        return Err(format!(
            "TTS_VOICE: {} is not the configuration of a Piper voice that can be spoken; \
             the log says why",
            default.config.display()
        ));
    }
    Ok(Arc::new(opened))
}

impl PiperStore {
    /// An installed voice, if it is Piper's.
    fn voice(&self, id: &str) -> Option<InstalledVoice> {
        let installed = self.store.require_voice(id).ok();
        installed.filter(|voice| voice.engine == ENGINE)
    }

    /// What a voice is, by its configuration; `None` if that can't be used, which is logged
    /// once.
    fn info(&self, voice: &InstalledVoice) -> Option<VoiceInfo> {
        let changed = std::fs::metadata(&voice.config)
            .and_then(|file| file.modified())
            .ok()?;
        if let Some((known, info)) = self.known.lock().get(&voice.config)
            && *known == changed
        {
            return info.clone();
        }
        let info = match VoiceConfig::read(&voice.config) {
            Ok(config) => Some(config.info(&voice.name)),
            Err(error) => {
                tracing::warn!(voice = voice.name, %error, "a voice is left out");
                None
            }
        };
        self.known
            .lock()
            .insert(voice.config.clone(), (changed, info.clone()));
        info
    }
}

impl VoiceSource for PiperStore {
    fn installed(&self) -> Vec<VoiceInfo> {
        let voices = self.store.voices();
        let own = voices.iter().filter(|it| it.engine == ENGINE);
        own.filter_map(|it| self.info(it)).collect()
    }

    fn has(&self, id: &str) -> bool {
        self.voice(id).is_some()
    }

    fn revision(&self, id: &str) -> u64 {
        let changed = |path: &PathBuf| {
            let changed = std::fs::metadata(path).and_then(|file| file.modified());
            let since = changed.ok()?.duration_since(UNIX_EPOCH).ok()?;
            Some(since.as_nanos() as u64)
        };
        self.voice(id).map_or(0, |voice| {
            let files = [&voice.model, &voice.config];
            files
                .into_iter()
                .filter_map(changed)
                .fold(0, u64::wrapping_add)
        })
    }

    fn load(&self, id: &str) -> Result<Box<dyn Synthesizer>, String> {
        let voice = self
            .voice(id)
            .ok_or_else(|| "its files are gone".to_string())?;
        self.verified
            .check(&voice.model, || self.store.verify_voice(id))
            .map_err(|error| {
                tracing::error!(voice = id, %error, "a voice's files are not what they should be");
                "its files are damaged; `voice-stack-models verify` tells more".to_string()
            })?;
        match PiperVoice::load(id, &voice.model, &voice.config, &self.piper) {
            Ok(voice) => Ok(Box::new(voice)),
            Err(error) => {
                tracing::error!(voice = id, %error, "a voice can't be loaded");
                Err("its files can't be used; the log says why".into())
            }
        }
    }

    fn footprint_bytes(&self, id: &str) -> Option<u64> {
        if self.piper.runtime.uses_gpu() {
            // What a voice takes there is not the host's memory.
            return None;
        }
        let voice = self.store.require_voice(id).ok()?;
        let file_bytes = std::fs::metadata(voice.model).ok()?.len();
        Some(footprint_bytes(
            file_bytes,
            LONGEST_RUN_BYTES,
            self.piper.shape,
        ))
    }

    fn computes(&self) -> Computes {
        let PiperRuntime { runtime, shape, .. } = &self.piper;
        let on_gpu = runtime.uses_gpu();
        let description = format!(
            "{}: ONNX Runtime {}, {} sentences of a voice at a time",
            if on_gpu { "cuda" } else { "cpu" },
            runtime.version(),
            shape.runs()
        );
        Computes {
            on_gpu,
            description,
        }
    }

    fn shutdown(&self) {
        self.piper.closing.close();
    }
}
