//! The published Piper voices: an index on the hub names them, with sizes and digests.

use std::collections::HashMap;

use serde::Deserialize;

use super::{Puller, address, http};
use crate::catalogue::{Companion, Entry, Kind, Languages, Quantisation, Source};
use crate::catalogue::{nearest, plain};
use crate::error::Error;

const VOICES: &str = "https://huggingface.co/rhasspy/piper-voices/resolve/main";
/// The index of some 150 voices has 300 kB.
const MOST_INDEX_BYTES: usize = 16 << 20;
/// Above the largest voices (120 MB), with room to grow.
const MOST_VOICE_BYTES: u64 = 2 << 30;

#[derive(Deserialize)]
struct Published {
    files: HashMap<String, PublishedFile>,
}

#[derive(Deserialize)]
struct PublishedFile {
    size_bytes: u64,
    md5_digest: String,
}

/// Whether `name` is formed as those of Piper voices are: `de_DE-thorsten-medium`.
pub(crate) fn is_voice_name(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let [language, _, .., quality] = parts.as_slice() else {
        return false;
    };
    let is_language = language.split_once('_').is_some_and(|(language, region)| {
        (2..=3).contains(&language.len()) && (2..=4).contains(&region.len())
    });
    is_language
        && matches!(*quality, "x_low" | "low" | "medium" | "high")
        && plain("name", name).is_ok()
}

impl Puller<'_> {
    /// The published voice of that name, as an entry like those of the catalogue.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownModel`] with names like it; the index can't be had or can't be read.
    pub fn find_published_voice(&self, name: &str) -> Result<Entry, Error> {
        let address = format!("{VOICES}/voices.json");
        let url = address::resolve(&address, self.options.hub_endpoint.as_deref())?;
        let shown = url.to_string();
        let index = http::read_small(self, url, MOST_INDEX_BYTES)?;
        let wrong = |found: String| Error::WrongContent {
            what: "voices.json".into(),
            origin: shown.clone(),
            found,
        };
        let mut index: HashMap<String, Published> =
            serde_json::from_slice(&index).map_err(|error| wrong(error.to_string()))?;
        match index.remove(name) {
            Some(voice) => entry(name, &voice).map_err(wrong),
            None => Err(Error::UnknownModel {
                name: name.to_owned(),
                near: nearest(name, index.keys().map(String::as_str)),
            }),
        }
    }
}

/// Of all that the index says only what is checked here is used: two file names that follow
/// from the voice's own, plain folders, sizes, digests.
fn entry(name: &str, voice: &Published) -> Result<Entry, String> {
    let find = |file_name: &str| {
        let path = voice
            .files
            .keys()
            .find(|path| path.rsplit('/').next() == Some(file_name));
        let path = path.ok_or_else(|| format!("{name} has no file {file_name}"))?;
        path.split('/').try_for_each(|part| plain("folder", part))?;
        let file = &voice.files[path];
        if !(1..=MOST_VOICE_BYTES).contains(&file.size_bytes) {
            return Err(format!(
                "{path}: {} bytes is no sensible size",
                file.size_bytes
            ));
        }
        let is_digest = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if file.md5_digest.len() != 32 || !file.md5_digest.chars().all(is_digest) {
            return Err(format!("{path} has no digest"));
        }
        Ok((path.clone(), file))
    };
    let (model_path, model) = find(&format!("{name}.onnx"))?;
    let (config_path, config) = find(&format!("{name}.onnx.json"))?;
    if config_path != format!("{model_path}.json") {
        return Err(format!("{name} has its files in two places"));
    }
    Ok(Entry {
        name: name.to_owned(),
        kind: Kind::Voice,
        file_name: format!("voices/{name}.onnx"),
        size_bytes: model.size_bytes,
        sha256: None,
        sha1: None,
        md5: Some(model.md5_digest.clone()),
        companions: vec![Companion {
            file_name: format!("voices/{name}.onnx.json"),
            size_bytes: config.size_bytes,
            sha256: None,
            md5: Some(config.md5_digest.clone()),
        }],
        arch: None,
        licence: "see MODEL_CARD".into(),
        languages: Languages::OfItsName,
        quantisation: Quantisation::None,
        base_model: name.to_owned(),
        sources: vec![Source::Url {
            url: format!("{VOICES}/{model_path}"),
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(files: &[(&str, u64, &str)]) -> Published {
        let file = |(path, size_bytes, digest): &(&str, u64, &str)| {
            let file = PublishedFile {
                size_bytes: *size_bytes,
                md5_digest: (*digest).into(),
            };
            ((*path).to_string(), file)
        };
        Published {
            files: files.iter().map(file).collect(),
        }
    }

    const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

    #[test]
    fn names_of_voices_are_told_from_others() {
        for name in [
            "de_DE-thorsten-medium",
            "en_GB-alan-x_low",
            "sr_RS-serbski_institut-low",
        ] {
            assert!(is_voice_name(name), "{name}");
        }
        for name in [
            "tiny.en",
            "large-v3-turbo",
            "de_DE-thorsten",
            "de_DE-../x-low",
            "",
            "a-b-low",
        ] {
            assert!(!is_voice_name(name), "{name}");
        }
    }

    #[test]
    fn only_what_was_expected_is_taken_from_the_index() {
        let (model, config) = (
            "de/de_DE/a/low/de_DE-a-low.onnx",
            "de/de_DE/a/low/de_DE-a-low.onnx.json",
        );
        let good = published(&[(model, 5, MD5), (config, 3, MD5), ("x/MODEL_CARD", 1, MD5)]);
        let entry = super::entry("de_DE-a-low", &good).unwrap();
        assert_eq!(entry.total_bytes(), 8);
        for bad in [
            published(&[(model, 5, MD5)]),
            published(&[(model, 0, MD5), (config, 3, MD5)]),
            published(&[(model, u64::MAX, MD5), (config, 3, MD5)]),
            published(&[(model, 5, ""), (config, 3, MD5)]),
            published(&[
                ("../de_DE-a-low.onnx", 5, MD5),
                ("../de_DE-a-low.onnx.json", 3, MD5),
            ]),
            published(&[
                ("a?b/de_DE-a-low.onnx", 5, MD5),
                ("a?b/de_DE-a-low.onnx.json", 3, MD5),
            ]),
            published(&[(model, 5, MD5), ("other/de_DE-a-low.onnx.json", 3, MD5)]),
        ] {
            assert!(super::entry("de_DE-a-low", &bad).is_err());
        }
    }
}
