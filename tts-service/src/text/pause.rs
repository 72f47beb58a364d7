//! What ends with a piece of text.

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
