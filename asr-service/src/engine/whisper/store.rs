//! The installed Whisper models.

use std::sync::Arc;

use clap::ValueEnum as _;
use voice_stack_models::{Catalogue, Entry, Store, Verified};

use super::cpp::log_to_tracing;
use super::footprint::{self, States};
use super::model::{self, WhisperRuntime};
use super::{device, forms};
use crate::config::ComputeType;
use crate::engine::{Computes, ModelSource, Setup, Transcriber};

/// Models in the store, computed with whisper.cpp.
struct WhisperStore {
    store: Store,
    compute_type: ComputeType,
    runtime: WhisperRuntime,
    verified: Verified,
    computes: Computes,
    /// Of each model: as many as there are permits.
    states: States,
}

/// Chooses what to compute on.
///
/// # Errors
/// One line that says why there is no GPU where one was asked for, or how to fetch the model for
/// voice activity.
pub(crate) fn open(setup: &Setup<'_>) -> Result<Arc<dyn ModelSource>, String> {
    log_to_tracing();
    let options = &setup.config.asr;
    let computes = device::choose(options.asr_device)?;
    let beam_size = usize::from(options.asr_beam_size);
    Ok(Arc::new(WhisperStore {
        store: setup.store.clone(),
        compute_type: options.asr_compute_type,
        runtime: WhisperRuntime {
            windows: setup.windows.clone()?,
            beam_size,
            use_gpu: computes.on_gpu,
        },
        verified: Verified::default(),
        computes,
        states: States {
            count: setup.config.common.admission.max_concurrent_requests,
            beam_size,
        },
    }))
}

impl WhisperStore {
    fn entries(&self) -> Vec<&'static Entry> {
        let mut installed = self.store.installed(Catalogue::embedded());
        installed.retain(|entry| forms::is_whisper(entry));
        installed
    }
}

impl ModelSource for WhisperStore {
    fn installed(&self) -> Vec<String> {
        let entries = self.entries().into_iter();
        entries.map(|entry| entry.name.clone()).collect()
    }

    fn find(&self, name: &str) -> Option<String> {
        forms::best(&self.entries(), name, self.compute_type).map(|entry| entry.name.clone())
    }

    fn missing(&self, name: &str) -> Option<String> {
        let known = forms::known();
        if !known
            .iter()
            .any(|it| it.name == name || it.base_model == name)
        {
            return None;
        }
        let Some(wanted) = forms::best(&known, name, self.compute_type) else {
            let value = self.compute_type.to_possible_value();
            return Some(format!(
                "model '{name}' has no form for ASR_COMPUTE_TYPE={}",
                value.as_ref().map_or("", |it| it.get_name())
            ));
        };
        let missing = self.store.require(wanted).err()?;
        Some(missing.to_string())
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
        model::load(&path, &self.runtime)
    }

    fn footprint_bytes(&self, id: &str) -> Option<u64> {
        if self.computes.on_gpu {
            // What a model takes there is not the host's memory.
            return None;
        }
        let catalogue = Catalogue::embedded();
        let entry = catalogue.find(id).ok()?;
        // States are as large for the smaller forms of a model.
        let full = catalogue.find(&entry.base_model).unwrap_or(entry);
        Some(footprint::bytes(
            entry.size_bytes,
            full.size_bytes,
            self.states,
        ))
    }

    fn computes(&self) -> Computes {
        self.computes.clone()
    }
}
