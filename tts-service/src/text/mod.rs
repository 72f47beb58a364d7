//! What is spoken, in which pieces: input text → characters that can be spoken → blocks
//! without markup → sentences → utterances.

mod chunks;
mod clean;
mod markup;
mod sentences;

/// How long the silence after an utterance is, by what ends there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// Nothing ends: a long sentence was cut in the middle of a phrase.
    None,
    /// A clause.
    Clause,
    /// A sentence.
    Sentence,
    /// A paragraph, a heading, or an item of a list.
    Paragraph,
}

/// A piece of text that is synthesised at once: a sentence, or a part of a long one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    /// The text, cleaned of what can't be spoken.
    pub text: String,
    /// What ends with it.
    pub pause: Pause,
}

/// The utterances of a text in `language` (a BCP 47 tag such as `en-US`), in order; none if
/// it has nothing to speak. The first one is short, so that the first audio is there soon.
/// Takes time in proportion to the text.
pub fn utterances(input: &str, language: &str) -> Vec<Utterance> {
    let text = clean::clean(input);
    let mut utterances: Vec<Utterance> = Vec::new();
    for block in markup::blocks(&text) {
        let before = utterances.len();
        for sentence in sentences::sentences(&block, language) {
            chunks::append(&mut utterances, sentence);
        }
        if utterances.len() > before
            && let Some(last) = utterances.last_mut()
        {
            last.pause = Pause::Paragraph;
        }
    }
    utterances
}

/// Whether a voice has anything to say for `text`: a letter, a digit, or a symbol with a name.
fn is_speakable(text: &str) -> bool {
    text.chars()
        .any(|c| c.is_alphanumeric() || clean::has_a_name(c))
}

#[cfg(test)]
mod tests;
