//! Which voices there are, what they are called, and how one is loaded.

use std::collections::HashSet;
use std::sync::Arc;

use voice_common::ApiError;
use voice_common::model_slots::{LoadError, ModelLoader};
use voice_common::models_api::NamedModels;

use crate::engine::{Synthesizer, VoiceInfo, VoiceSource};

/// Models of OpenAI: any of them means the default voice.
const MODEL_ALIASES: [&str; 5] = ["tts-1", "tts-1-hd", "gpt-4o-mini-tts", "tts", "default"];

/// Voices of OpenAI: any of them means the default voice, or that of the model.
const VOICE_ALIASES: [&str; 14] = [
    "alloy", "ash", "ballad", "cedar", "coral", "default", "echo", "fable", "marin", "nova",
    "onyx", "sage", "shimmer", "verse",
];

/// The voices of a service by name.
pub(crate) struct Library {
    sources: Vec<Arc<dyn VoiceSource>>,
    default_id: String,
}

impl Library {
    /// A library whose default is `default_voice`.
    ///
    /// # Errors
    /// It is not installed.
    pub(crate) fn new(
        sources: Vec<Arc<dyn VoiceSource>>,
        default_voice: &str,
    ) -> Result<Self, String> {
        let is_default = |voice: &VoiceInfo| voice.id == default_voice;
        if !sources
            .iter()
            .any(|it| it.installed().iter().any(is_default))
        {
            return Err(format!("voice '{default_voice}' is not installed"));
        }
        Ok(Self {
            sources,
            default_id: default_voice.to_string(),
        })
    }

    /// The name of the default voice.
    pub(crate) fn default_id(&self) -> &str {
        &self.default_id
    }

    /// What is installed now; a voice that was pulled after the start is there. Names are
    /// unique: of two voices of the same name only that of the first source is there.
    pub(crate) fn installed(&self) -> Vec<VoiceInfo> {
        let mut names = HashSet::new();
        let voices = self.sources.iter().flat_map(|it| it.installed());
        voices.filter(|it| names.insert(it.id.clone())).collect()
    }

    /// Where the voice of a name comes from.
    fn source(&self, id: &str) -> Option<&dyn VoiceSource> {
        let mut sources = self.sources.iter().map(|it| &**it);
        sources.find(|it| it.has(id))
    }

    /// See [`VoiceSource::revision`].
    pub(crate) fn revision(&self, id: &str) -> u64 {
        self.source(id).map_or(0, |it| it.revision(id))
    }

    /// The voice that a client means by `model` and `voice`. A voice's name stands in either;
    /// OpenAI's names leave the choice to the other, and at last to the default.
    ///
    /// # Errors
    /// [`ApiError::ModelNotFound`] for an unknown model, a bad `voice` for an unknown voice
    /// or for one that contradicts the model.
    pub(crate) fn resolve(
        &self,
        model: Option<&str>,
        voice: Option<&str>,
    ) -> Result<VoiceInfo, ApiError> {
        let installed = self.installed();
        let find = |name: &str| installed.iter().find(|it| it.id == name);
        let names = || installed.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
        let by_model = match model.filter(|name| !MODEL_ALIASES.contains(name)) {
            None => None,
            Some(name) => Some(find(name).ok_or_else(|| {
                ApiError::model_not_installed(name, names(), MODEL_ALIASES[0], &self.default_id)
            })?),
        };
        let by_voice = match voice.filter(|name| !VOICE_ALIASES.contains(name)) {
            None => None,
            Some(name) => Some(find(name).ok_or_else(|| {
                let shown = shown(name);
                let message = format!(
                    "The voice '{shown}' is not installed. Installed: {}. OpenAI's voice names \
                     and 'default' mean '{}'.",
                    names().join(", "),
                    self.default_id
                );
                ApiError::invalid("voice", message)
            })?),
        };
        match (by_model, by_voice) {
            (Some(model), Some(voice)) if model.id != voice.id => Err(ApiError::invalid(
                "voice",
                format!(
                    "voice '{}' is not the voice that model '{}' names; send one of them, or \
                     'tts-1' as the model.",
                    voice.id, model.id
                ),
            )),
            (Some(found), _) | (None, Some(found)) => Ok(found.clone()),
            (None, None) => find(&self.default_id).cloned().ok_or_else(|| {
                ApiError::model_not_installed(
                    &self.default_id,
                    names(),
                    MODEL_ALIASES[0],
                    &self.default_id,
                )
            }),
        }
    }
}

/// The beginning of a name that a client sent, on one line.
fn shown(name: &str) -> String {
    let mut shown = String::new();
    for c in name.chars().take(100) {
        if c.is_control() {
            shown.extend(c.escape_debug());
        } else {
            shown.push(c);
        }
    }
    shown
}

impl NamedModels for Library {
    fn installed_ids(&self) -> Vec<String> {
        self.installed().into_iter().map(|voice| voice.id).collect()
    }

    fn resolve_id(&self, name: &str) -> Result<String, ApiError> {
        self.resolve(Some(name), None).map(|voice| voice.id)
    }
}

impl ModelLoader for Library {
    type Model = Box<dyn Synthesizer>;

    fn load(&self, id: &str) -> Result<Self::Model, LoadError> {
        let source = self
            .source(id)
            .ok_or_else(|| LoadError("its files are gone".into()))?;
        source.load(id).map_err(LoadError)
    }

    fn footprint_bytes(&self, id: &str) -> Option<u64> {
        self.source(id)?.footprint_bytes(id)
    }
}

#[cfg(test)]
mod tests;
