//! The index of published Piper voices, which names hundreds of them.
//!
//! What it says is foreign: only sizes and MD5 digests of two files a voice are used, within
//! limits, and paths of the form that all voices have. Where the files go follows from the
//! voice's name alone.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Instant;

use serde::Deserialize;
use url::Url;

use super::connection::{Connection, Event, Loss};
use super::{Puller, address};
use crate::catalogue::{Catalogue, Content, Entry, FileSpec, Languages, Origin, Purpose, Source};
use crate::error::Error;
use crate::form::Quantisation;
use crate::names;
use crate::piper;

/// Where the repository of voices publishes its files.
const REPOSITORY: &str = "https://huggingface.co/rhasspy/piper-voices/resolve/main/";

/// Ten times what the index has today.
const MAX_INDEX_BYTES: usize = 8 << 20;

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
#[derive(Debug)]
pub(super) struct Index(BTreeMap<String, Voice>);

impl Puller<'_> {
    /// What `name` stands for: an entry of `catalogue`, a voice that was pulled and is intact,
    /// or one in the index of published voices. Only the last one asks the network.
    ///
    /// # Errors
    ///
    /// Those of [`Catalogue::find`] for what does not look like a voice's name, else
    /// [`Error::UnknownVoice`], [`Error::Index`] or [`Error::Interrupted`].
    pub fn find<'c>(&self, catalogue: &'c Catalogue, name: &str) -> Result<Cow<'c, Entry>, Error> {
        if catalogue.get(name).is_some() || names::voice_locale(name).is_none() {
            return catalogue.find(name).map(Cow::Borrowed);
        }
        if let Ok(Some(entry)) = self.store.record(name)
            && self.wanted(&entry)?.is_none()
        {
            return Ok(Cow::Owned(entry));
        }
        let index = self.index().map_err(|source| match source {
            Error::Interrupted => Error::Interrupted,
            source => Error::Index {
                name: name.to_owned(),
                source: Box::new(source),
            },
        })?;
        index.entry(name).map(Cow::Owned)
    }

    /// The index, fetched once.
    fn index(&self) -> Result<&Index, Error> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let index = self.fetch_index()?;
        Ok(self.index.get_or_init(|| index))
    }

    fn fetch_index(&self) -> Result<Index, Error> {
        let url = format!("{REPOSITORY}voices.json");
        let url = address::resolve(&url, self.options.hub_endpoint.as_deref())?;
        let text = self.fetch_document(&url, MAX_INDEX_BYTES)?;
        let index = serde_json::from_slice(&text)
            .map_err(|error| wrong(&url, format!("it can't be read: {error}")))?;
        Ok(Index(index))
    }

    /// Reads the whole answer of `url`, which may have `limit` bytes.
    fn fetch_document(&self, url: &Url, limit: usize) -> Result<Vec<u8>, Error> {
        let lost = |why: &str| Error::Network {
            url: url.to_string(),
            why: why.to_owned(),
            advice: "run the same command again, or set HF_ENDPOINT to a mirror",
        };
        let connection = Connection::open(self, url, 0);
        let begun = Instant::now();
        let mut text = Vec::new();
        loop {
            let event = connection.next().map_err(|loss| match loss {
                Loss::Interrupted => Error::Interrupted,
                Loss::Silence(how) => lost(how),
            })?;
            match event {
                Event::Head(200, _) => {}
                Event::Head(status, _) => {
                    return Err(Error::Status {
                        url: url.to_string(),
                        status,
                    });
                }
                Event::Data(bytes) if text.len() + bytes.len() > limit => {
                    drop(bytes);
                    return Err(wrong(url, format!("it is longer than {limit} bytes")));
                }
                Event::Data(bytes) => text.extend(bytes),
                Event::End => return Ok(text),
                Event::Failed(error) => return Err(error),
            }
            // A byte now and then would never count as silence.
            if begun.elapsed() > 5 * self.options.stall_timeout {
                return Err(lost("the server is too slow"));
            }
        }
    }
}

impl Index {
    /// What the index says about the voice of that name.
    fn entry(&self, name: &str) -> Result<Entry, Error> {
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
            quantisation: Quantisation::None,
            base_model: name.to_owned(),
            sources: vec![Source::Folder {
                url: format!("{REPOSITORY}{folder}"),
            }],
            origin: Origin::Index,
        };
        entry.check().map_err(unusable)?;
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

fn wrong(url: &Url, found: String) -> Error {
    Error::WrongContent {
        what: "the index".to_owned(),
        origin: url.to_string(),
        found,
    }
}
