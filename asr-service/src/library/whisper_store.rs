//! The installed Whisper models.

use voice_stack_models::{Catalogue, Entry, Purpose, Store, Verified};

use super::footprint::{self, States};
use super::{Installed, ModelSource, best_form};
use crate::config::{AsrConfig, AsrOptions};
use crate::engine::Transcriber;
use crate::engine::whisper::{self, Shared};

const VAD_MODEL: &str = "silero-vad";

/// Models in the store, computed with whisper.cpp.
pub struct WhisperStore {
    store: Store,
    shared: Shared,
    verified: Verified,
    /// `None` on a GPU: what a model takes there is not the host's memory.
    states: Option<States>,
}

impl WhisperStore {
    /// Checks what every start needs: the default model and the VAD model.
    ///
    /// # Errors
    /// One line with the command that fetches what is missing.
    pub fn open(config: &AsrConfig, use_gpu: bool) -> Result<Self, String> {
        let (common, options) = (&config.common, &config.asr);
        let dir = match &config.models.models_dir {
            Some(dir) => dir.clone(),
            None => Store::default_dir().map_err(|error| error.to_string())?,
        };
        let store = Store::new(dir);
        let catalogue = Catalogue::embedded();
        let vad = catalogue
            .find(VAD_MODEL)
            .map_err(|error| error.to_string())?;
        let vad_path = store.require(vad).map_err(|error| error.to_string())?;
        store.verify(vad).map_err(|error| error.to_string())?;
        let beam_size = usize::from(options.asr_beam_size);
        let shared = Shared::new(&vad_path, beam_size, use_gpu);
        let states = States {
            count: common.admission.max_concurrent_requests,
            beam_size,
        };
        let source = Self {
            store,
            shared,
            verified: Verified::default(),
            states: (!use_gpu).then_some(states),
        };
        source.require_default(catalogue, options)?;
        Ok(source)
    }

    fn require_default(&self, catalogue: &Catalogue, options: &AsrOptions) -> Result<(), String> {
        let name = &options.asr_model;
        let known: Vec<Installed> = catalogue
            .entries()
            .iter()
            .filter_map(installed_form)
            .collect();
        let Some(wanted) = best_form(&known, name, options.asr_compute_type) else {
            let error = catalogue.find(name).err().map_or_else(
                || {
                    format!(
                        "model '{name}' has no form for ASR_COMPUTE_TYPE={:?}",
                        options.asr_compute_type
                    )
                    .to_lowercase()
                },
                |error| error.to_string(),
            );
            return Err(format!("ASR_MODEL: {error}"));
        };
        if best_form(&self.installed(), name, options.asr_compute_type).is_some() {
            return Ok(());
        }
        let entry = catalogue
            .find(&wanted.id)
            .map_err(|error| error.to_string())?;
        self.store
            .require(entry)
            .map(drop)
            .map_err(|error| format!("ASR_MODEL: {error}"))
    }
}

fn installed_form(entry: &Entry) -> Option<Installed> {
    (entry.purpose == Purpose::Recognise && entry.engine == "whisper").then(|| Installed {
        id: entry.name.clone(),
        base_model: entry.base_model.clone(),
        form: entry.form,
    })
}

impl ModelSource for WhisperStore {
    fn installed(&self) -> Vec<Installed> {
        self.store
            .installed(Catalogue::embedded())
            .into_iter()
            .filter_map(installed_form)
            .collect()
    }

    fn load(&self, id: &str) -> Result<Box<dyn Transcriber>, String> {
        let entry = Catalogue::embedded()
            .find(id)
            .map_err(|error| error.to_string())?;
        let path = self
            .store
            .require(entry)
            .map_err(|_| "its file is gone".to_string())?;
        self.verified
            .check(&path, || self.store.verify(entry))
            .map_err(|error| {
                tracing::error!(model = id, %error, "a model file is not what it should be");
                "its file is damaged; `voice-stack-models verify` tells more".to_string()
            })?;
        whisper::load(id, &path, &self.shared)
    }

    fn footprint_bytes(&self, id: &str) -> Option<u64> {
        let states = self.states?;
        let catalogue = Catalogue::embedded();
        let entry = catalogue.find(id).ok()?;
        // States are as large for the smaller forms of a model.
        let full = catalogue.find(&entry.base_model).unwrap_or(entry);
        Some(footprint::bytes(entry.size_bytes, full.size_bytes, states))
    }
}
