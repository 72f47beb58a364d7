//! Which models there are, what they are called, and how one is loaded.

use std::collections::HashSet;
use std::sync::Arc;

use voice_common::ApiError;
use voice_common::model_slots::{LoadError, ModelLoader};
use voice_common::models_api::NamedModels;

use crate::engine::{ModelSource, Transcriber};

/// Names under which clients of OpenAI ask for the default model.
const DEFAULT_ALIASES: [&str; 5] = [
    "whisper-1",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "whisper",
    "default",
];

/// The models of a service by name.
pub struct Library {
    sources: Vec<Arc<dyn ModelSource>>,
    default_id: String,
}

impl Library {
    /// A library whose default is what `default_model` means.
    ///
    /// # Errors
    /// It is not installed.
    pub fn new(sources: Vec<Arc<dyn ModelSource>>, default_model: &str) -> Result<Self, String> {
        let default_id = find(&sources, default_model)
            .ok_or_else(|| format!("model '{default_model}' is not installed"))?;
        Ok(Self {
            sources,
            default_id,
        })
    }

    /// The name of the default model.
    pub fn default_id(&self) -> &str {
        &self.default_id
    }

    /// The name of the model that a client means; without a name, the default.
    ///
    /// # Errors
    /// [`ApiError::ModelNotFound`], naming what is installed.
    pub fn resolve(&self, name: Option<&str>) -> Result<String, ApiError> {
        let name = name
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .unwrap_or("default");
        let wanted = if DEFAULT_ALIASES.contains(&name) {
            &self.default_id
        } else {
            name
        };
        find(&self.sources, wanted).ok_or_else(|| {
            ApiError::model_not_installed(
                name,
                self.installed_ids(),
                DEFAULT_ALIASES[0],
                &self.default_id,
            )
        })
    }

    /// Where the model of a name comes from.
    fn source(&self, id: &str) -> Option<&dyn ModelSource> {
        let mut sources = self.sources.iter().map(|it| &**it);
        sources.find(|it| it.installed().iter().any(|installed| installed == id))
    }
}

/// What the first of the sources that knows the name means by it.
fn find(sources: &[Arc<dyn ModelSource>], name: &str) -> Option<String> {
    sources.iter().find_map(|source| source.find(name))
}

impl NamedModels for Library {
    /// What is installed now; a model that was pulled after the start is there. Names are
    /// unique: of two models of the same name only that of the first source is there.
    fn installed_ids(&self) -> Vec<String> {
        let mut names = HashSet::new();
        let models = self.sources.iter().flat_map(|it| it.installed());
        models.filter(|id| names.insert(id.clone())).collect()
    }

    fn resolve_id(&self, name: &str) -> Result<String, ApiError> {
        self.resolve(Some(name))
    }
}

impl ModelLoader for Library {
    type Model = Box<dyn Transcriber>;

    fn load(&self, id: &str) -> Result<Self::Model, LoadError> {
        let source = self
            .source(id)
            .ok_or_else(|| LoadError("its file is gone".into()))?;
        source.load(id).map_err(LoadError)
    }

    fn footprint_bytes(&self, id: &str) -> Option<u64> {
        self.source(id)?.footprint_bytes(id)
    }
}

#[cfg(test)]
mod tests;
