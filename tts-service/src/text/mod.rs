//! What is spoken, in which pieces: input text → utterances.

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
