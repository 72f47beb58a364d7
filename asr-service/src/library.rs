//! Which models there are, what they are called, and how one is loaded.

mod footprint;
mod whisper_store;

use voice_common::ApiError;
use voice_common::model_slots::{LoadError, ModelLoader};
use voice_common::models_api::NamedModels;
use voice_stack_models::ModelForm;

pub use self::whisper_store::WhisperStore;

use crate::config::ComputeType;
use crate::engine::Transcriber;

/// Names under which clients of OpenAI ask for the default model.
const DEFAULT_ALIASES: [&str; 5] = [
    "whisper-1",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "whisper",
    "default",
];

/// A model that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Its name, such as `base-q8_0`.
    pub id: String,
    /// The model that it is a form of, such as `base`.
    pub base_model: String,
    /// How its weights are stored.
    pub form: ModelForm,
}

/// Where models come from: the store on disk, or a script in tests.
pub trait ModelSource: Send + Sync + 'static {
    /// What is installed now.
    fn installed(&self) -> Vec<Installed>;

    /// Brings one into memory.
    ///
    /// # Errors
    /// Why not, in words for clients.
    fn load(&self, id: &str) -> Result<Box<dyn Transcriber>, String>;

    /// Bytes of memory that it takes with all that requests need to compute with it; `None`
    /// where that is unknown.
    fn footprint_bytes(&self, _id: &str) -> Option<u64> {
        None
    }
}

/// The models of a service by name.
pub struct Library {
    source: Box<dyn ModelSource>,
    compute_type: ComputeType,
    default_id: String,
}

impl Library {
    /// A library whose default is the best form of `default_model`.
    ///
    /// # Errors
    /// No fitting form is installed.
    pub fn new(
        source: Box<dyn ModelSource>,
        default_model: &str,
        compute_type: ComputeType,
    ) -> Result<Self, String> {
        let installed = source.installed();
        let default_id = best_form(&installed, default_model, compute_type)
            .map(|model| model.id.clone())
            .ok_or_else(|| format!("model '{default_model}' is not installed"))?;
        Ok(Self {
            source,
            compute_type,
            default_id,
        })
    }

    /// The name of the default model.
    pub fn default_id(&self) -> &str {
        &self.default_id
    }

    /// What is installed now; a model that was pulled after the start is there.
    pub fn installed(&self) -> Vec<Installed> {
        self.source.installed()
    }

    /// The model that a client means; without a name, the default.
    ///
    /// # Errors
    /// [`ApiError::ModelNotFound`], naming what is installed.
    pub fn resolve(&self, name: Option<&str>) -> Result<Installed, ApiError> {
        let name = name
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .unwrap_or("default");
        let wanted = if DEFAULT_ALIASES.contains(&name) {
            &self.default_id
        } else {
            name
        };
        let installed = self.installed();
        if let Some(found) = best_form(&installed, wanted, self.compute_type) {
            return Ok(found.clone());
        }
        Err(ApiError::model_not_installed(
            name,
            installed.into_iter().map(|model| model.id).collect(),
            DEFAULT_ALIASES[0],
            &self.default_id,
        ))
    }
}

/// The installed model of exactly that name, or the form of it that the compute type wants.
fn best_form<'a>(
    installed: &'a [Installed],
    name: &str,
    compute_type: ComputeType,
) -> Option<&'a Installed> {
    let exact = installed.iter().find(|model| model.id == name);
    // "base-q8_0" says what it is; "base" leaves the form to the compute type.
    if exact.is_some_and(|model| model.id != model.base_model) {
        return exact;
    }
    compute_type
        .forms()
        .iter()
        .find_map(|wanted| {
            installed
                .iter()
                .find(|it| it.base_model == name && it.form == *wanted)
        })
        .or(exact.filter(|_| compute_type == ComputeType::Auto))
}

impl NamedModels for Library {
    fn installed_ids(&self) -> Vec<String> {
        self.installed().into_iter().map(|model| model.id).collect()
    }

    fn resolve_id(&self, name: &str) -> Result<String, ApiError> {
        self.resolve(Some(name)).map(|model| model.id)
    }
}

impl ModelLoader for Library {
    type Model = Box<dyn Transcriber>;

    fn load(&self, id: &str) -> Result<Self::Model, LoadError> {
        self.source.load(id).map_err(LoadError)
    }

    fn footprint_bytes(&self, id: &str) -> Option<u64> {
        self.source.footprint_bytes(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::scripted::ScriptedSource;

    fn library(installed: &[&str], default: &str, compute: ComputeType) -> Result<Library, String> {
        Library::new(
            Box::new(ScriptedSource::with_models(installed)),
            default,
            compute,
        )
    }

    #[test]
    fn openais_names_mean_the_default() {
        let library = library(&["base", "tiny.en"], "base", ComputeType::Auto).unwrap();
        for name in [None, Some(""), Some("whisper-1"), Some("gpt-4o-transcribe")] {
            assert_eq!(library.resolve(name).unwrap().id, "base", "{name:?}");
        }
        assert_eq!(library.resolve(Some("tiny.en")).unwrap().id, "tiny.en");
    }

    #[test]
    fn an_unknown_name_says_what_is_there() {
        let library = library(&["base", "tiny.en"], "base", ComputeType::Auto).unwrap();
        let error = library.resolve(Some("large")).unwrap_err();
        assert_eq!(error.code(), "model_not_found");
        assert!(
            error.to_string().contains("Installed: base, tiny.en."),
            "{error}"
        );
    }

    #[test]
    fn the_compute_type_picks_among_the_forms_of_a_model() {
        let both = ["base", "base-q8_0"];
        for (installed, name, compute, expected) in [
            (&both[..], "base", ComputeType::Auto, Some("base")),
            (&both[..], "base", ComputeType::Int8, Some("base-q8_0")),
            (
                &both[..],
                "base",
                ComputeType::Int8Float16,
                Some("base-q8_0"),
            ),
            (&both[..], "base", ComputeType::Float16, Some("base")),
            (
                &both[..],
                "base-q8_0",
                ComputeType::Float16,
                Some("base-q8_0"),
            ),
            (&["base-q8_0"], "base", ComputeType::Auto, Some("base-q8_0")),
            (&["base"], "base", ComputeType::Int8, None),
            (&["base"], "tiny", ComputeType::Auto, None),
        ] {
            let library = library(installed, name, compute);
            let id = library.as_ref().ok().map(Library::default_id);
            assert_eq!(id, expected, "{installed:?} {name} {compute:?}");
        }
    }
}
