//! What is spoken, in which pieces: input text → utterances.
//!
//! ```text
//! characters → markup (→ punctuation) → sentences → pieces
//! ```
//!
//! It is written for voices that are fed by eSpeak NG: `punctuation` writes pauses so that eSpeak NG
//! hears them, and `characters` leaves out what it spells instead of reading. Another reader of
//! text would want the same sentences and pieces, and marks of its own.
//!
//! Text is text: neither SSML (`<break/>`) nor phonemes in `[[ ]]` nor any other notation is
//! obeyed. Every step is bounded and takes linear time, whatever comes.

mod characters;
mod markup;
mod pause;
mod pieces;
mod punctuation;
mod sentences;
#[cfg(test)]
mod tests;

pub use pause::Pause;
pub use pieces::MAX_LENGTH;

/// A piece of text that is synthesised at once: a sentence, or a part of a long one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    /// The text, cleaned of what can't be spoken. Never longer than [`MAX_LENGTH`] characters,
    /// and never without a character that is heard.
    pub text: String,
    /// What ends with it.
    pub pause: Pause,
}

/// The utterances of a text, in order; none where there is nothing to speak.
///
/// `language` is a BCP 47 tag such as `en-US`; the rules for English stand in for unknown ones.
/// The first utterance is a short one, so that there soon is something to hear. Short sentences
/// are not joined: the phonemiser would part them again.
pub fn utterances(input: &str, language: &str) -> Vec<Utterance> {
    let mut utterances: Vec<Utterance> = Vec::new();
    for block in markup::blocks(&characters::clean(input)) {
        let sentences = sentences::sentences(&block.text, language);
        let last = sentences.len().saturating_sub(1);
        for (index, sentence) in sentences.into_iter().enumerate() {
            let end = if index == last {
                block.end
            } else {
                Pause::Sentence
            };
            for (text, pause) in pieces::pieces(sentence, utterances.is_empty(), end) {
                if text.contains(characters::is_spoken) {
                    utterances.push(Utterance {
                        text: text.to_owned(),
                        pause,
                    });
                } else if let Some(before) = utterances.last_mut() {
                    // A closing mark of its own: what ends with it ends before it.
                    before.pause = pause;
                }
            }
        }
    }
    utterances
}
