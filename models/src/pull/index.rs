//! What the index of published Piper voices says, which names hundreds of them.
//!
//! It is foreign: only sizes and MD5 digests of two files a voice are used, within
//! limits, and paths of the form that all voices have. Where the files go follows from the
//! voice's name alone.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::catalogue::{self, Content, Entry, FileSpec, Languages, Origin, Purpose, Source};
use crate::error::Error;
use crate::form::ModelForm;
use crate::names;
use crate::piper;

/// Where the repository of voices publishes its files.
pub(super) const REPOSITORY: &str = "https://huggingface.co/rhasspy/piper-voices/resolve/main/";

/// Far above the largest voices (130 MB) and their configurations (some kB).
const MAX_MODEL_BYTES: u64 = 2 << 30;
const MAX_CONFIG_BYTES: u64 = 16 << 20;

/// The index does not state licences; each voice has a file `MODEL_CARD` that does.
const LICENCE: &str = "LicenseRef-model-card";

/// What the index has under a voice's name. It has more that is not needed here.
#[derive(Debug, Deserialize)]
struct Voice {
    files: BTreeMap<String, Published>,
}

/// A file in the repository, under its path.
#[derive(Debug, Deserialize)]
struct Published {
    size_bytes: u64,
    md5_digest: String,
}

/// The whole index.
#[derive(Debug, Deserialize)]
pub(super) struct Index(BTreeMap<String, Voice>);

impl Index {
    /// What the index says about the voice of that name.
    pub(super) fn entry(&self, name: &str) -> Result<Entry, Error> {
        let unusable = |why: String| Error::Index {
            name: name.to_owned(),
            source: Box::new(Error::WrongContent {
                what: name.escape_debug().to_string(),
                origin: "the index".to_owned(),
                found: why,
            }),
        };
        let voice = self.0.get(name).ok_or_else(|| Error::UnknownVoice {
            name: name.to_owned(),
            near: names::near(name, self.known()),
        })?;
        let (folder, published) = voice.locate(name).map_err(unusable)?;
        let files = names::voice_paths(name)
            .into_iter()
            .zip(published)
            .map(|(path, published)| FileSpec {
                path,
                size_bytes: published.size_bytes,
                sha256: None,
                sha1: None,
                md5: Some(published.md5_digest.to_lowercase()),
            })
            .collect();
        let locale = names::voice_locale(name).unwrap_or_default();
        let entry = Entry {
            name: name.to_owned(),
            purpose: Purpose::Speak,
            engine: piper::ENGINE.to_owned(),
            requires: piper::requirements(),
            provides: Vec::new(),
            default_for: Vec::new(),
            arch: None,
            size_bytes: published.iter().map(|file| file.size_bytes).sum(),
            content: Content::Files(files),
            licence: LICENCE.to_owned(),
            languages: Languages::Locale(locale.to_owned()),
            form: ModelForm::None,
            base_model: name.to_owned(),
            sources: vec![Source::Folder {
                url: format!("{REPOSITORY}{folder}"),
            }],
            origin: Origin::Index,
        };
        catalogue::check_one(&entry).map_err(unusable)?;
        Ok(entry)
    }

    /// Names in the index that are fit to be shown.
    fn known(&self) -> impl Iterator<Item = &str> {
        self.0
            .keys()
            .map(String::as_str)
            .filter(|name| names::voice_locale(name).is_some())
    }
}

impl Voice {
    /// The folder that has the model and the configuration, with a slash at the end, and what
    /// the index says about these two.
    fn locate(&self, name: &str) -> Result<(&str, [&Published; 2]), String> {
        let model_name = format!("{name}.onnx");
        let mut found = self.files.iter().filter_map(|(path, model)| {
            let folder = path.strip_suffix(&model_name)?;
            folder.ends_with('/').then_some((folder, model))
        });
        let (Some((folder, model)), None) = (found.next(), found.next()) else {
            return Err("not one model".into());
        };
        if !folder
            .split_terminator('/')
            .all(names::is_plain_in_any_script)
        {
            return Err(format!("{folder:?} is not a plain path"));
        }
        let Some(config) = self.files.get(&format!("{folder}{model_name}.json")) else {
            return Err("no configuration".into());
        };
        for (file, limit) in [(model, MAX_MODEL_BYTES), (config, MAX_CONFIG_BYTES)] {
            if file.size_bytes > limit {
                return Err(format!("{} bytes are too many", file.size_bytes));
            }
        }
        Ok((folder, [model, config]))
    }
}
