//! Utterances of a sentence: one, unless it is long.

use unicode_segmentation::UnicodeSegmentation as _;

use super::{Pause, Utterance, is_speakable};

/// Longest utterance, in characters. Time and memory of a run grow with it, and nothing is
/// heard before its end.
pub(super) const LONGEST: usize = 250;
/// The first utterance of a text is what the client waits for. It is cut at a clause up to
/// here, if it is longer, …
const FIRST_CLAUSE: usize = 100;
/// … or else between two words.
const FIRST_LONGEST: usize = 150;
/// A clause that is shorter than this, in characters, isn't worth a run of its own.
const SHORTEST_CLAUSE: usize = 12;

/// Appends the utterances of `sentence`.
pub(super) fn append(utterances: &mut Vec<Utterance>, sentence: String) {
    let mut rest = sentence.as_str();
    loop {
        let is_first = utterances.is_empty();
        let (clause_limit, limit) = if is_first {
            (FIRST_CLAUSE, FIRST_LONGEST)
        } else {
            (LONGEST, LONGEST)
        };
        if !is_longer(rest, clause_limit) {
            break;
        }
        let clause_end = last_clause_end(rest, clause_limit);
        if clause_end.is_none() && !is_longer(rest, limit) {
            break;
        }
        let (end, pause) = match clause_end {
            Some(end) => (end, Pause::Clause),
            None => (word_end(rest, limit), Pause::None),
        };
        let (head, tail) = rest.split_at(end);
        if !is_speakable(tail) {
            break;
        }
        push(utterances, head, pause);
        rest = tail;
    }
    push(utterances, rest, Pause::Sentence);
}

fn push(utterances: &mut Vec<Utterance>, text: &str, pause: Pause) {
    let text = text.trim();
    if is_speakable(text) {
        utterances.push(Utterance {
            text: text.to_string(),
            pause,
        });
    }
}

fn is_longer(text: &str, characters: usize) -> bool {
    text.chars().nth(characters).is_some()
}

/// The byte after the last clause that ends within so many characters, if one does and
/// something follows it.
fn last_clause_end(text: &str, characters: usize) -> Option<usize> {
    let mut end = None;
    let mut chars = text.char_indices().enumerate().peekable();
    while let Some((number, (at, c))) = chars.next() {
        if number >= characters {
            break;
        }
        let next = chars.peek().map(|(_, (_, next))| *next);
        let is_end = match c {
            // Scripts that write them without a space.
            '，' | '；' | '：' | '、' => true,
            // A space follows, or it is a part of a number, a time, a name.
            ',' | ';' | ':' | '،' | '؛' | '—' | '–' => next == Some(' '),
            _ => false,
        };
        if is_end && number + 1 >= SHORTEST_CLAUSE {
            end = Some(at + c.len_utf8());
        }
    }
    end.filter(|end| is_speakable(&text[*end..]) && is_speakable(&text[..*end]))
}

/// The byte after the last word within so many characters; where there is no space, after the
/// last whole character as people see them.
fn word_end(text: &str, characters: usize) -> usize {
    let mut last_space = None;
    let mut last_grapheme = 0;
    let mut count = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let length = grapheme.chars().count();
        if count + length > characters && last_grapheme > 0 {
            break;
        }
        count += length;
        last_grapheme = at + grapheme.len();
        if grapheme == " " {
            last_space = Some(last_grapheme);
        }
    }
    last_space.unwrap_or(last_grapheme)
}
