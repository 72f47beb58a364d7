//! The phonemes of a text's sentences, for engines whose voices read eSpeak NG's.

use std::sync::Arc;

use unicode_normalization::UnicodeNormalization as _;

use super::library::{Clause, Espeak};
use super::scripts;

/// Makes phonemes of texts.
#[derive(Debug, Clone)]
pub struct Phonemiser {
    espeak: Arc<Espeak>,
}

impl Phonemiser {
    /// One for all voices.
    pub fn new(espeak: Arc<Espeak>) -> Self {
        Self { espeak }
    }

    /// A text's sentences as phonemes, decomposed (NFD): accents are characters of their own.
    /// `language` is eSpeak NG's name of it, such as `en-us`.
    ///
    /// # Errors
    /// eSpeak NG doesn't have the language.
    pub fn sentences(&self, language: &str, text: &str) -> Result<Vec<Vec<char>>, String> {
        Ok(join_clauses(self.clauses(language, text)?))
    }

    /// Whether eSpeak NG has a language of this name.
    pub fn has_language(&self, language: &str) -> bool {
        self.espeak.has_voice(language)
    }

    /// The clauses of all pieces that espeak-ng may read at once.
    fn clauses(&self, voice: &str, text: &str) -> Result<Vec<Clause>, String> {
        let safe = |c| if scripts::is_safe(voice, c) { c } else { ' ' };
        let text: String = text.chars().map(safe).collect();
        let pieces = scripts::pieces(voice, &text);
        let last = pieces.len() - 1;
        let mut clauses = Vec::new();
        for (number, piece) in pieces.into_iter().enumerate() {
            let mut read = self.espeak.clauses(voice, piece)?;
            // A piece that ends in the middle of a sentence doesn't end the sentence.
            if number < last
                && let Some(clause) = read.last_mut()
                && clause.punctuation.is_none()
            {
                clause.ends_sentence = false;
                clause.phonemes.push(' ');
            }
            clauses.append(&mut read);
        }
        Ok(clauses)
    }
}

/// Characters of each sentence, with the punctuation that voices know.
fn join_clauses(clauses: Vec<Clause>) -> Vec<Vec<char>> {
    let mut sentences = Vec::new();
    let mut sentence = Vec::new();
    for clause in clauses {
        let mut text = without_flags(&clause.phonemes);
        text.extend(clause.punctuation);
        if matches!(clause.punctuation, Some(',' | ':' | ';')) {
            text.push(' ');
        }
        // Voices know accents as phonemes of their own.
        sentence.extend(text.nfd());
        if clause.ends_sentence {
            sentences.push(std::mem::take(&mut sentence));
        }
    }
    sentences.push(sentence);
    sentences
}

/// Without the `(de)` around words of another language: brackets with something in them.
fn without_flags(phonemes: &str) -> String {
    let mut kept = String::with_capacity(phonemes.len());
    let mut rest = phonemes;
    while let Some(open) = rest.find('(') {
        let after = &rest[open + 1..];
        match after.find(')') {
            Some(close) if close > 0 => {
                kept.push_str(&rest[..open]);
                rest = &after[close + 1..];
            }
            _ => {
                kept.push_str(&rest[..=open]);
                rest = after;
            }
        }
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
#[path = "phonemiser_tests.rs"]
mod tests;
