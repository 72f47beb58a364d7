//! A text's phonemes as the ids that a voice was trained with.
//!
//! The same as Piper's own for each sentence. Not supported is its `[[ ]]` notation for
//! phonemes in a text: text is text.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization as _;

use super::voice_config::{PhonemeSource, VoiceConfig};
use crate::engine::espeak::Phonemiser;

/// The longest run of a voice, in phonemes: ten seconds and more of speech. Memory grows with
/// a run, and so does the time that others wait for their turn. Longer sentences are cut where
/// they pause.
pub(super) const MAX_RUN_PHONEMES: usize = 240;

/// About as many ids as that: one a phoneme with a pad after each, and both ends.
pub(super) const MAX_RUN_IDS: usize = 2 * MAX_RUN_PHONEMES + 3;

/// A text's sentences as phonemes: single characters, or clusters of the voice.
///
/// # Errors
/// eSpeak NG doesn't have the voice's language.
pub fn phonemes(
    phonemiser: &Phonemiser,
    config: &VoiceConfig,
    text: &str,
) -> Result<Vec<Vec<String>>, String> {
    let sentences = match &config.source {
        PhonemeSource::Espeak(language) => phonemiser.sentences(language, text)?,
        PhonemeSource::Text => vec![text.nfd().collect()],
    };
    Ok(sentences
        .into_iter()
        .filter(|it: &Vec<char>| !it.is_empty())
        .map(|it| merge_clusters(&it, &config.clusters))
        .collect())
}

/// The longest cluster wins where several begin at one place.
fn merge_clusters(phonemes: &[char], clusters: &HashSet<Vec<char>>) -> Vec<String> {
    let longest = clusters.iter().map(Vec::len).max().unwrap_or(1);
    let mut merged = Vec::with_capacity(phonemes.len());
    let mut rest = phonemes;
    while !rest.is_empty() {
        let length = (2..=longest.min(rest.len()))
            .rev()
            .find(|it| clusters.contains(&rest[..*it]))
            .unwrap_or(1);
        merged.push(rest[..length].iter().collect());
        rest = &rest[length..];
    }
    merged
}

/// The ids of one sentence: start and pad, each phoneme that the voice knows with a pad after
/// it, end.
pub fn to_ids(config: &VoiceConfig, phonemes: &[String]) -> Vec<i64> {
    let mut ids = [config.start(), config.pad()].concat();
    for known in phonemes.iter().filter_map(|it| config.ids.get(it)) {
        ids.extend(known);
        ids.extend(config.pad());
    }
    ids.extend(config.end());
    ids
}

/// Whether the voice has a sound for any of the phonemes: a blank or punctuation alone is none.
pub(super) fn knows_any(config: &VoiceConfig, phonemes: &[String]) -> bool {
    let is_sound = |it: &String| it.chars().any(char::is_alphanumeric);
    phonemes
        .iter()
        .any(|it| is_sound(it) && config.ids.contains_key(it))
}

/// Parts of at most `most` phonemes. Cut where a listener minds least: after the last
/// punctuation of the second half, else between words, else anywhere.
pub(super) fn cut(phonemes: &[String], most: usize) -> Vec<&[String]> {
    let most = most.max(1);
    let mut parts = Vec::new();
    let mut rest = phonemes;
    while rest.len() > most {
        let window = &rest[..most];
        let last = |ends: fn(&str) -> bool| {
            window
                .iter()
                .rposition(|it| ends(it))
                .filter(|it| *it >= most / 2)
        };
        let mut at = last(|it| matches!(it, "," | ";" | ":"))
            .or_else(|| last(|it| it == " "))
            .map_or(most, |it| it + 1);
        // The space after punctuation belongs to it.
        if at < most && rest[at] == " " {
            at += 1;
        }
        let (part, after) = rest.split_at(at);
        parts.push(part);
        rest = after;
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(rest);
    }
    parts
}

#[cfg(test)]
mod tests;
