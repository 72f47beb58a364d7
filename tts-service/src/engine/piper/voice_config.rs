//! The `NAME.onnx.json` beside a voice: how it wants its phonemes and how it speaks.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use crate::engine::synthesizer::VoiceInfo;

/// A configuration larger than this is none.
const MAX_CONFIG_BYTES: u64 = 4 << 20;

/// Piper's own defaults where a voice names none.
const NOISE_SCALE: f32 = 0.667;
const LENGTH_SCALE: f32 = 1.0;
const NOISE_W_SCALE: f32 = 0.8;

/// The pieces that every run of a voice is made of.
const START: &str = "^";
const END: &str = "$";
const PAD: &str = "_";

/// How a voice's phonemes are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhonemeSource {
    /// By espeak-ng, with the voice (the language's rules) of this name.
    Espeak(String),
    /// The characters of the text are its phonemes.
    Text,
}

/// A voice's configuration, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceConfig {
    /// Samples per second.
    pub sample_rate_hz: u32,
    /// As a BCP 47 tag.
    pub language: String,
    /// Where its phonemes come from.
    pub source: PhonemeSource,
    /// Ids of each phoneme; a phoneme is one character, or a cluster of several.
    pub ids: HashMap<String, Vec<i64>>,
    /// Characters that are one phoneme where they follow each other.
    pub clusters: HashSet<Vec<char>>,
    /// Variation of the sound.
    pub noise_scale: f32,
    /// Length of the phonemes: 2 is half the speed.
    pub length_scale: f32,
    /// Variation of the rhythm.
    pub noise_w_scale: f32,
    /// Names by number, where it has more than one speaker.
    pub speakers: Vec<String>,
    /// The number of the speaker for requests that name none.
    pub default_speaker: i64,
}

#[derive(Deserialize)]
struct Raw {
    audio: RawAudio,
    espeak: Option<RawEspeak>,
    language: Option<RawLanguage>,
    #[serde(default)]
    inference: RawInference,
    phoneme_type: Option<String>,
    phoneme_id_map: HashMap<String, Vec<i64>>,
    num_symbols: Option<i64>,
    num_speakers: Option<u32>,
    #[serde(default)]
    speaker_id_map: BTreeMap<String, i64>,
    default_speaker_id: Option<i64>,
    vowel_clusters: Option<Vec<Vec<String>>>,
}

#[derive(Deserialize)]
struct RawAudio {
    sample_rate: u32,
}

#[derive(Deserialize)]
struct RawEspeak {
    voice: String,
}

#[derive(Deserialize)]
struct RawLanguage {
    code: String,
}

#[derive(Deserialize, Default)]
struct RawInference {
    noise_scale: Option<f32>,
    length_scale: Option<f32>,
    noise_w: Option<f32>,
}

impl VoiceConfig {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// One line that says what is wrong with it, without its path.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::metadata(path).map_err(|it| it.to_string())?.len();
        if bytes > MAX_CONFIG_BYTES {
            return Err(format!("{bytes} bytes are too many for a configuration"));
        }
        let json = std::fs::read(path).map_err(|it| it.to_string())?;
        Self::parse(&json)
    }

    /// What the voice of the name `id` is.
    pub(super) fn info(&self, id: &str) -> VoiceInfo {
        VoiceInfo {
            id: id.to_owned(),
            language: self.language.clone(),
            sample_rate_hz: self.sample_rate_hz,
            speakers: self.speakers.clone(),
        }
    }

    /// Reads and checks the JSON.
    ///
    /// # Errors
    /// One line that says what is wrong with it.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let raw: Raw = serde_json::from_slice(json).map_err(|it| it.to_string())?;
        let espeak_voice = raw.espeak.map(|it| it.voice);
        let source = match raw.phoneme_type.as_deref().unwrap_or("espeak") {
            "espeak" => PhonemeSource::Espeak(
                espeak_voice
                    .clone()
                    .ok_or("espeak.voice is missing, which phonemes of type espeak need")?,
            ),
            "text" => PhonemeSource::Text,
            other => {
                return Err(format!(
                    "phoneme_type is {other:?}; only \"espeak\" and \"text\" are supported"
                ));
            }
        };
        if !(1_000..=384_000).contains(&raw.audio.sample_rate) {
            return Err(format!(
                "audio.sample_rate is {}, not a rate of speech",
                raw.audio.sample_rate
            ));
        }
        check_ids(&raw.phoneme_id_map, raw.num_symbols)?;
        let speakers = speakers(raw.num_speakers.unwrap_or(1), raw.speaker_id_map)?;
        let default_speaker = raw.default_speaker_id.unwrap_or(0);
        if default_speaker < 0 || default_speaker >= speakers.len().max(1) as i64 {
            return Err(format!(
                "default_speaker_id is {default_speaker}, which the voice doesn't have"
            ));
        }
        let language = raw.language.map(|it| it.code).or(espeak_voice);
        let inference = raw.inference;
        Ok(Self {
            sample_rate_hz: raw.audio.sample_rate,
            language: language.map_or_else(|| "und".to_owned(), |it| it.replace('_', "-")),
            source,
            ids: raw.phoneme_id_map,
            clusters: (raw.vowel_clusters.unwrap_or_default().iter())
                .map(|it| it.concat().chars().collect::<Vec<char>>())
                .filter(|it| it.len() > 1)
                .collect(),
            noise_scale: scale("noise_scale", inference.noise_scale, NOISE_SCALE, 0.0)?,
            length_scale: scale("length_scale", inference.length_scale, LENGTH_SCALE, 0.05)?,
            noise_w_scale: scale("noise_w", inference.noise_w, NOISE_W_SCALE, 0.0)?,
            speakers,
            default_speaker,
        })
    }

    /// Ids that begin every run.
    pub(super) fn start(&self) -> &[i64] {
        &self.ids[START]
    }

    /// Ids that end every run.
    pub(super) fn end(&self) -> &[i64] {
        &self.ids[END]
    }

    /// Ids that follow the start and each phoneme.
    pub(super) fn pad(&self) -> &[i64] {
        &self.ids[PAD]
    }
}

fn check_ids(ids: &HashMap<String, Vec<i64>>, symbols: Option<i64>) -> Result<(), String> {
    for needed in [START, END, PAD] {
        if !ids.contains_key(needed) {
            return Err(format!("phoneme_id_map has no {needed:?}"));
        }
    }
    // The model looks ids up in a table of that many rows.
    let symbols = symbols.unwrap_or(i64::from(u16::MAX));
    let bad = ids
        .iter()
        .find(|(_, ids)| ids.iter().any(|it| !(0..symbols).contains(it)));
    match bad {
        Some((phoneme, ids)) => Err(format!(
            "phoneme_id_map gives {phoneme:?} the ids {ids:?}, not all below num_symbols ({symbols})"
        )),
        None => Ok(()),
    }
}

/// Names by number; numbers without a name are called by it.
fn speakers(count: u32, names: BTreeMap<String, i64>) -> Result<Vec<String>, String> {
    const MOST: u32 = 10_000;
    if count > MOST {
        return Err(format!(
            "num_speakers is {count}; at most {MOST} are supported"
        ));
    }
    if count <= 1 {
        return Ok(Vec::new());
    }
    let mut speakers: Vec<String> = (0..count).map(|it| it.to_string()).collect();
    for (name, number) in names {
        let Some(speaker) = usize::try_from(number)
            .ok()
            .and_then(|it| speakers.get_mut(it))
        else {
            return Err(format!(
                "speaker_id_map gives {name:?} the number {number}, but num_speakers is {count}"
            ));
        };
        *speaker = name;
    }
    Ok(speakers)
}

fn scale(name: &str, value: Option<f32>, default: f32, least: f32) -> Result<f32, String> {
    let value = value.unwrap_or(default);
    if value.is_finite() && (least..=20.0).contains(&value) {
        Ok(value)
    } else {
        Err(format!(
            "inference.{name} is {value}, not between {least} and 20"
        ))
    }
}

#[cfg(test)]
#[path = "voice_config_tests.rs"]
mod tests;
