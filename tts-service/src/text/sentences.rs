//! Sentences of a block.

use super::is_speakable;

/// The sentences of a block that have something to speak, in order.
pub(super) fn sentences(block: &str, language: &str) -> Vec<String> {
    let language = match language.split(['-', '_']).next().unwrap_or_default() {
        "cmn" | "yue" => "zh",
        "nb" | "nn" => "no",
        language => language,
    };
    let mut sentences: Vec<String> = Vec::new();
    let mut goes_on = false;
    for piece in sentencex::segment(language, block) {
        let piece = piece.trim();
        if piece.is_empty() {
            continue;
        }
        match sentences.last_mut() {
            // "M. Dupont", "J. R. R. Tolkien"; and what can't be spoken goes with its neighbour.
            Some(last) if goes_on || !is_speakable(piece) => {
                last.push(' ');
                last.push_str(piece);
            }
            _ => sentences.push(piece.to_string()),
        }
        goes_on =
            ends_with_an_initial(piece) || sentences.last().is_some_and(|it| !is_speakable(it));
    }
    sentences.retain(|it| is_speakable(it));
    sentences
}

fn ends_with_an_initial(sentence: &str) -> bool {
    let last = sentence.rsplit(' ').next().unwrap_or_default();
    let mut chars = last.chars();
    // "I." ends more sentences than it begins names.
    matches!((chars.next(), chars.next(), chars.next()), (Some(c), Some('.'), None)
        if c.is_uppercase() && c != 'I')
}
