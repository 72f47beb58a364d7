//! Which models there are, what they are called, and how one is loaded.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use parking_lot::Mutex;

use voice_common::ApiError;
use voice_common::model_slots::{LoadError, ModelLoader};
use voice_stack_models::{Catalogue, Entry, Kind, Quantisation, Store};

use crate::config::{AsrOptions, ComputeType};
use crate::engine::Transcriber;
use crate::engine::whisper::{Shared, WhisperModel};

/// Names under which clients of OpenAI ask for the default model.
const DEFAULT_ALIASES: [&str; 5] = [
    "whisper-1",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "whisper",
    "default",
];
const VAD_MODEL: &str = "silero-vad";

/// A model that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Its name, such as `base-q8_0`.
    pub id: String,
    /// The model that it is a form of, such as `base`.
    pub base_model: String,
    /// How its weights are stored.
    pub quantisation: Quantisation,
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
        let mut installed = self.installed();
        if let Some(found) = best_form(&installed, wanted, self.compute_type) {
            return Ok(found.clone());
        }
        installed.sort_by(|one, other| one.id.cmp(&other.id));
        let names: Vec<&str> = installed.iter().map(|model| model.id.as_str()).collect();
        Err(ApiError::ModelNotFound {
            message: format!(
                "The model '{}' is not installed. Installed: {}. '{}' means the default, '{}'.",
                name.chars().take(100).collect::<String>(),
                names.join(", "),
                DEFAULT_ALIASES[0],
                self.default_id
            ),
        })
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
        .quantisations()
        .iter()
        .find_map(|wanted| {
            installed
                .iter()
                .find(|it| it.base_model == name && it.quantisation == *wanted)
        })
        .or(exact.filter(|_| compute_type == ComputeType::Auto))
}

impl ModelLoader for Library {
    type Model = Box<dyn Transcriber>;

    fn load(&self, id: &str) -> Result<Self::Model, LoadError> {
        self.source.load(id).map_err(LoadError)
    }
}

/// Models in the store, computed with whisper.cpp.
pub struct WhisperStore {
    store: Store,
    shared: Shared,
    verified: Verified,
}

/// Files whose digest was checked, with their time of change. whisper.cpp trusts the sizes
/// in a model file, so a damaged one must not reach it; reading a file once more is cheap
/// against loading it, but not for each load of an idle model.
#[derive(Default)]
struct Verified(Mutex<HashMap<PathBuf, SystemTime>>);

impl Verified {
    fn check(&self, store: &Store, entry: &Entry, path: &Path) -> Result<(), String> {
        let changed = std::fs::metadata(path).and_then(|file| file.modified());
        let changed = changed.map_err(|_| "its file is gone".to_string())?;
        if self.0.lock().get(path) == Some(&changed) {
            return Ok(());
        }
        store.verify(entry).map_err(|error| {
            tracing::error!(model = entry.name, %error, "a model file is not what it should be");
            "its file is damaged; `voice-stack-models verify` tells more".to_string()
        })?;
        self.0.lock().insert(path.to_path_buf(), changed);
        Ok(())
    }
}

impl WhisperStore {
    /// Checks what every start needs: the default model and the VAD model.
    ///
    /// # Errors
    /// One line with the command that fetches what is missing.
    pub fn open(
        models_dir: Option<PathBuf>,
        options: &AsrOptions,
        use_gpu: bool,
    ) -> Result<Self, String> {
        let dir = match models_dir {
            Some(dir) => dir,
            None => Store::default_dir().map_err(|error| error.to_string())?,
        };
        let store = Store::new(dir);
        let catalogue = Catalogue::embedded();
        let vad = catalogue
            .find(VAD_MODEL)
            .map_err(|error| error.to_string())?;
        let vad_path = store.require(vad).map_err(|error| error.to_string())?;
        store.verify(vad).map_err(|error| error.to_string())?;
        let shared = Shared::new(&vad_path, usize::from(options.asr_beam_size), use_gpu);
        let source = Self {
            store,
            shared,
            verified: Verified::default(),
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
    (entry.kind == Kind::Whisper).then(|| Installed {
        id: entry.name.clone(),
        base_model: entry.base_model.clone(),
        quantisation: entry.quantisation,
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
        self.verified.check(&self.store, entry, &path)?;
        WhisperModel::load(id, &path, &self.shared)
            .map(|model| Box::new(model) as Box<dyn Transcriber>)
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
