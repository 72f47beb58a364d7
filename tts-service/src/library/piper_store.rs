//! The installed Piper voices.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use voice_common::config::Device;
use voice_stack_models::{InstalledVoice, Store, Verified};

use super::VoiceSource;
use crate::config::TtsConfig;
use crate::engine::{
    EngineConfig, PiperVoice, PoolShape, Shared, Synthesizer, VoiceConfig, VoiceInfo,
    footprint_bytes,
};

/// Voices in the store, computed with ONNX Runtime.
pub struct PiperStore {
    store: Store,
    shared: Shared,
    verified: Verified,
    /// What the configurations of voices say, by their files and times of change.
    known: Mutex<HashMap<PathBuf, (SystemTime, Option<VoiceInfo>)>>,
}

impl PiperStore {
    /// Checks what every start needs: the default voice, ONNX Runtime, espeak-ng's data.
    ///
    /// # Errors
    /// One line with the command that fetches what is missing.
    pub fn open(config: &TtsConfig) -> Result<Self, String> {
        let (common, tts) = (&config.common, &config.tts);
        let dir = match &common.models_dir {
            Some(dir) => dir.clone(),
            None => Store::default_dir().map_err(|error| error.to_string())?,
        };
        let store = Store::new(dir);
        let default = store
            .require_voice(&tts.tts_voice)
            .map_err(|error| format!("TTS_VOICE: {error}"))?;
        let espeak_data = store
            .require_espeak_data()
            .map_err(|error| error.to_string())?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let engine = |runtime_library, device| EngineConfig {
            runtime_library,
            espeak_data: espeak_data.clone(),
            device,
            shape: PoolShape::choose(cores, common.max_concurrent_requests),
        };
        let gpu_library = store.require_runtime(true);
        let cpu_library = || store.require_runtime(false).map_err(|it| it.to_string());
        let engine = match (tts.tts_device, gpu_library) {
            (Device::Cuda, Err(error)) => return Err(format!("TTS_DEVICE=cuda: {error}")),
            // The library for GPUs computes on the CPU as well, where there is no GPU.
            (device @ (Device::Cuda | Device::Auto), Ok(library)) => engine(library, device),
            (Device::Cpu | Device::Auto, _) => engine(cpu_library()?, Device::Cpu),
        };
        let shared = Shared::start(&engine)?;
        let opened = Self {
            store,
            shared,
            verified: Verified::default(),
            known: Mutex::default(),
        };
        // A configuration that can't be read is told at the start, not by the first request.
        if opened.info(&default).is_none() {
            return Err(format!(
                "TTS_VOICE: {} is not the configuration of a Piper voice that can be spoken; \
                 the log says why",
                default.config.display()
            ));
        }
        Ok(opened)
    }

    /// Whether voices are computed on a GPU, and that in words for the log.
    pub fn device(&self) -> (bool, String) {
        let runtime = self.shared.runtime();
        let device = if runtime.uses_gpu() { "cuda" } else { "cpu" };
        let shape = self.shared.shape();
        let words = format!(
            "{device}: ONNX Runtime {}, {} sentences of a voice at a time",
            runtime.version(),
            shape.runs()
        );
        (runtime.uses_gpu(), words)
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
        voices.iter().filter_map(|it| self.info(it)).collect()
    }

    fn revision(&self, id: &str) -> u64 {
        let changed = |path: &PathBuf| {
            let changed = std::fs::metadata(path).and_then(|file| file.modified());
            let since = changed.ok()?.duration_since(UNIX_EPOCH).ok()?;
            Some(since.as_nanos() as u64)
        };
        self.store.require_voice(id).map_or(0, |voice| {
            let files = [&voice.model, &voice.config];
            files
                .into_iter()
                .filter_map(changed)
                .fold(0, u64::wrapping_add)
        })
    }

    fn load(&self, id: &str) -> Result<Box<dyn Synthesizer>, String> {
        let voice = self
            .store
            .require_voice(id)
            .map_err(|_| "its files are gone".to_string())?;
        self.verified
            .check(&voice.model, || self.store.verify_voice(id))
            .map_err(|error| {
                tracing::error!(voice = id, %error, "a voice's files are not what they should be");
                "its files are damaged; `voice-stack-models verify` tells more".to_string()
            })?;
        match PiperVoice::load(id, &voice.model, &voice.config, &self.shared) {
            Ok(voice) => Ok(Box::new(voice)),
            Err(error) => {
                tracing::error!(voice = id, %error, "a voice can't be loaded");
                Err("its files can't be used; the log says why".into())
            }
        }
    }

    fn footprint_bytes(&self, id: &str) -> Option<u64> {
        if self.shared.runtime().uses_gpu() {
            // What a voice takes there is not the host's memory.
            return None;
        }
        let voice = self.store.require_voice(id).ok()?;
        let file_bytes = std::fs::metadata(voice.model).ok()?.len();
        Some(footprint_bytes(file_bytes, self.shared.shape()))
    }
}
