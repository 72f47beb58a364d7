//! The installed voices, those that an operator put there by hand included, and what they
//! need to be computed.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::catalogue::{Catalogue, Companion, Entry, Kind, Languages, Quantisation, Source, plain};
use crate::error::Error;
use crate::store::Store;

/// Folder of the models directory that holds voices.
const FOLDER: &str = "voices";

/// A voice in the models directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledVoice {
    /// Its name, such as `en_US-joe-medium`.
    pub name: String,
    /// The network.
    pub model: PathBuf,
    /// What the network was trained with: phonemes, rate, speakers.
    pub config: PathBuf,
}

/// What the index said of a voice that was pulled by it, to verify the voice later.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    model_bytes: u64,
    model_md5: String,
    config_bytes: u64,
    config_md5: String,
}

impl Store {
    /// All voices of which both files are there, by name; digests are not looked at.
    pub fn voices(&self) -> Vec<InstalledVoice> {
        let Ok(items) = fs::read_dir(self.dir().join(FOLDER)) else {
            return Vec::new();
        };
        let names: BTreeSet<String> = items
            .filter_map(|item| item.ok()?.file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".onnx").map(String::from))
            .collect();
        names
            .into_iter()
            .filter_map(|name| self.installed_voice(&name))
            .collect()
    }

    fn installed_voice(&self, name: &str) -> Option<InstalledVoice> {
        plain("name", name).ok()?;
        let file = |end: &str| self.dir().join(FOLDER).join(format!("{name}{end}"));
        let (model, config) = (file(".onnx"), file(".onnx.json"));
        (model.is_file() && config.is_file()).then(|| InstalledVoice {
            name: name.to_owned(),
            model,
            config,
        })
    }

    /// The voice of that name.
    ///
    /// # Errors
    ///
    /// [`Error::NotInstalled`] with the command that fetches it.
    pub fn require_voice(&self, name: &str) -> Result<InstalledVoice, Error> {
        self.installed_voice(name)
            .ok_or_else(|| self.not_installed(name))
    }

    /// Reads the files of a voice and compares them with what is known of them: from the
    /// catalogue, or from the index by which it was pulled. Of one that was put there by hand
    /// nothing is known, and it passes.
    ///
    /// # Errors
    ///
    /// [`Error::NotInstalled`], [`Error::Damaged`], or [`Error::Io`].
    pub fn verify_voice(&self, name: &str) -> Result<(), Error> {
        let known = Catalogue::embedded()
            .get(name)
            .filter(|it| it.kind == Kind::Voice);
        match known.cloned().or_else(|| self.recorded_voice(name)) {
            Some(entry) => self.verify(&entry),
            None => self.require_voice(name).map(drop),
        }
    }

    /// ONNX Runtime's library, for the CPU or for NVIDIA's GPUs.
    ///
    /// # Errors
    ///
    /// [`Error::NotInstalled`] with the command that fetches it.
    pub fn require_runtime(&self, gpu: bool) -> Result<PathBuf, Error> {
        let name = if gpu {
            "onnxruntime-gpu"
        } else {
            "onnxruntime"
        };
        self.require(Catalogue::embedded().find(name)?)
    }

    /// The folder `espeak-ng-data`.
    ///
    /// # Errors
    ///
    /// [`Error::NotInstalled`] with the command that fetches it.
    pub fn require_espeak_data(&self) -> Result<PathBuf, Error> {
        let entry = Catalogue::embedded().find("espeak-ng-data")?;
        if self.is_installed(entry) {
            Ok(self.path_of(entry))
        } else {
            Err(self.not_installed(&entry.name))
        }
    }

    pub(crate) fn record_path(&self, name: &str) -> PathBuf {
        self.dir()
            .join(FOLDER)
            .join(format!(".{name}.digests.json"))
    }

    /// Keeps what is known of a voice that isn't in the catalogue.
    pub(crate) fn record_voice(&self, entry: &Entry) -> Result<(), Error> {
        let [config] = entry.companions.as_slice() else {
            return Ok(());
        };
        let record = Record {
            model_bytes: entry.size_bytes,
            model_md5: entry.md5.clone().unwrap_or_default(),
            config_bytes: config.size_bytes,
            config_md5: config.md5.clone().unwrap_or_default(),
        };
        let text = serde_json::to_vec_pretty(&record).expect("numbers and text can be written");
        let path = self.record_path(&entry.name);
        fs::write(&path, text).map_err(Error::io(&path))
    }

    /// A voice that was pulled by the index, as an entry that can be verified and removed.
    pub(crate) fn recorded_voice(&self, name: &str) -> Option<Entry> {
        plain("name", name).ok()?;
        let text = fs::read(self.record_path(name)).ok()?;
        let record: Record = serde_json::from_slice(&text).ok()?;
        Some(Entry {
            name: name.to_owned(),
            kind: Kind::Voice,
            file_name: format!("{FOLDER}/{name}.onnx"),
            size_bytes: record.model_bytes,
            sha256: None,
            sha1: None,
            md5: Some(record.model_md5),
            companions: vec![Companion {
                file_name: format!("{FOLDER}/{name}.onnx.json"),
                size_bytes: record.config_bytes,
                sha256: None,
                md5: Some(record.config_md5),
            }],
            arch: None,
            licence: "see MODEL_CARD".into(),
            languages: Languages::OfItsName,
            quantisation: Quantisation::None,
            base_model: name.to_owned(),
            sources: Vec::<Source>::new(),
        })
    }
}
