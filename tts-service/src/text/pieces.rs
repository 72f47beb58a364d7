//! Long sentences in pieces, cut where a speaker would breathe.

use super::characters::{is_mark, is_unspaced, weight};
use super::pause::Pause;
use super::punctuation::is_closer;

/// No utterance is longer, in characters. An East Asian one counts as three of them: it takes as
/// long to say.
pub const MAX_LENGTH: usize = 250;

/// The first piece of a text ends at a clause within this length if there is one: the sooner
/// it ends, the sooner there is something to hear.
const FIRST_GOAL: usize = 100;

/// A first sentence is left whole up to this length, where it has no clause to end at.
const FIRST_MAX: usize = 150;

/// A shorter piece sounds cut off.
const MIN_LENGTH: usize = 20;

/// Words that begin a part of a sentence.
const CONJUNCTIONS: &[&str] = &[
    "and",
    "but",
    "or",
    "because",
    "which",
    "while",
    "although",
    "so",
    "that",
    "when",
    "if", // en
    "und",
    "aber",
    "oder",
    "weil",
    "dass",
    "wenn",
    "obwohl",
    "sondern", // de
    "et",
    "mais",
    "ou",
    "que",
    "qui",
    "parce",
    "quand",
    "si", // fr
    "y",
    "pero",
    "o",
    "porque",
    "cuando",
    "aunque", // es
    "e",
    "ma",
    "perché",
    "che",
    "mas",
    "quando", // it, pt
    "en",
    "maar",
    "omdat", // nl
    "и",
    "но",
    "или",
    "что",
    "потому",
    "когда",
    "если",
    "который", // ru
    "i",
    "ale",
    "lub",
    "że", // pl
    "और",
    "लेकिन",
    "या",
    "कि",
    "क्योंकि", // hi
    "ولكن",
    "أو",
    "لأن",
    "ثم", // ar
];

/// How good a place is to cut, best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cut {
    /// Within a number, or between characters of a script without blanks.
    Word,
    Blank,
    /// Before a conjunction, or at a bracket.
    Phrase,
    Clause,
    /// A sentence ends within a quotation.
    Sentence,
}

/// The pieces of a sentence, each with what ends with it; `end` is what ends with the sentence.
///
/// `first` is true for the sentence that a text begins with.
pub(super) fn pieces(sentence: &str, first: bool, end: Pause) -> Vec<(&str, Pause)> {
    let mut pieces = Vec::new();
    let mut rest = sentence;
    let mut left: usize = sentence.chars().map(weight).sum();
    let mut first = first;
    while let Some((at, pause)) = if first {
        first_cut(rest, left)
    } else {
        cut(rest, left)
    } {
        left -= rest[..at].chars().map(weight).sum::<usize>();
        pieces.push((rest[..at].trim(), pause));
        left -= rest[at..].len() - rest[at..].trim_start().len();
        rest = rest[at..].trim_start();
        first = false;
    }
    pieces.push((rest, end));
    pieces
}

/// A place to cut: its byte, how much is before it, and how good it is.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: usize,
    length: usize,
    cut: Cut,
}

impl Place {
    fn result(self) -> (usize, Pause) {
        let pause = match self.cut {
            Cut::Sentence => Pause::Sentence,
            Cut::Clause => Pause::Clause,
            _ => Pause::None,
        };
        (self.at, pause)
    }
}

fn first_cut(rest: &str, left: usize) -> Option<(usize, Pause)> {
    if left <= FIRST_GOAL {
        return None;
    }
    let places = places(rest, FIRST_MAX);
    let fits = |place: &&Place| place.length >= MIN_LENGTH && left - place.length >= MIN_LENGTH;
    let clause = |place: &&Place| place.cut >= Cut::Clause && fits(place);
    let early = places
        .iter()
        .rev()
        .filter(|place| place.length <= FIRST_GOAL)
        .find(clause);
    if let Some(place) = early.or_else(|| places.iter().find(clause)) {
        return Some(place.result());
    }
    if left <= FIRST_MAX {
        return None;
    }
    [Cut::Phrase, Cut::Blank, Cut::Word]
        .into_iter()
        .find_map(|cut| {
            places
                .iter()
                .rev()
                .filter(fits)
                .find(|place| place.cut >= cut)
        })
        .map(|place| place.result())
        .or_else(|| Some((forced(rest, FIRST_MAX), Pause::None)))
}

fn cut(rest: &str, left: usize) -> Option<(usize, Pause)> {
    if left <= MAX_LENGTH {
        return None;
    }
    // Pieces of about one length, rather than full ones and a rest.
    let target = left.div_ceil(left.div_ceil(MAX_LENGTH));
    let places = places(rest, MAX_LENGTH);
    let nearest = |least: Cut, shortest: usize| {
        places
            .iter()
            .filter(|place| place.cut >= least && place.length >= shortest)
            .min_by_key(|place| place.length.abs_diff(target))
    };
    nearest(Cut::Clause, target / 2)
        .or_else(|| nearest(Cut::Phrase, target / 2))
        .or_else(|| nearest(Cut::Blank, 1))
        .or_else(|| nearest(Cut::Word, 1))
        .map(|place| place.result())
        .or_else(|| Some((forced(rest, MAX_LENGTH), Pause::None)))
}

/// All places to cut within `limit`.
fn places(rest: &str, limit: usize) -> Vec<Place> {
    let mut places = Vec::new();
    let mut length = 0;
    let mut before: Option<char> = None;
    // What was before the closers that are next to here.
    let mut closed: Option<char> = None;
    for (at, character) in rest.char_indices() {
        if at > 0
            && let Some(cut) = judge(&rest[at..], character, before, closed)
        {
            places.push(Place { at, length, cut });
        }
        length += weight(character);
        if length > limit {
            break;
        }
        before = Some(character);
        if !is_closer(character) {
            closed = before;
        }
    }
    places
}

/// How good it is to cut before `character`, with which `rest` starts.
fn judge(rest: &str, character: char, before: Option<char>, closed: Option<char>) -> Option<Cut> {
    if character != ' ' {
        let unspaced = is_unspaced(character) && before.is_some_and(is_unspaced);
        return (unspaced && !is_mark(character)).then_some(Cut::Word);
    }
    let mut next = rest[1..].chars();
    let next_character = next.next()?;
    Some(match closed? {
        '.' | '!' | '?' | '؟' => Cut::Sentence,
        ',' | ';' | ':' | '—' | '–' | '،' | '؛' => Cut::Clause,
        // The dash belongs to what is before it.
        _ if matches!(next_character, '—' | '–') => return None,
        digit if digit.is_numeric() && next_character.is_numeric() => Cut::Word,
        _ if before == Some(')') || next_character == '(' || is_conjunction(&rest[1..]) => {
            Cut::Phrase
        }
        _ => Cut::Blank,
    })
}

fn is_conjunction(rest: &str) -> bool {
    // Only as far as the longest of them, to look at a long word once.
    let word: String = rest
        .chars()
        .take(12)
        .take_while(|&next| next != ' ')
        .collect();
    CONJUNCTIONS.contains(&word.as_str())
}

/// Where there is no place: within `limit`, before a character that is no mark of the last one.
fn forced(rest: &str, limit: usize) -> usize {
    let mut length = 0;
    let mut at = 0;
    let mut end = rest.len();
    for (byte, character) in rest.char_indices() {
        if length > 0 && !is_mark(character) {
            at = byte;
        }
        length += weight(character);
        if length > limit {
            end = byte;
            break;
        }
    }
    if at > 0 { at } else { end }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(sentence: &str, first: bool) -> Vec<&str> {
        pieces(sentence, first, Pause::Sentence)
            .into_iter()
            .map(|(text, _)| text)
            .collect()
    }

    #[test]
    fn a_sentence_of_ordinary_length_is_whole() {
        let sentence = "When the rain had stopped, they went out into the garden, and nobody said a word about it.";
        assert_eq!(
            pieces(sentence, true, Pause::Paragraph),
            [(sentence, Pause::Paragraph)]
        );
        let longer = format!("{sentence} {sentence}");
        assert_eq!(texts(&longer, false), [&longer]);
    }

    #[test]
    fn the_first_sentence_ends_early_at_a_clause() {
        let sentence = "When the rain had stopped, they went out into the garden, and nobody said a word about \
                        what had happened, because there was nothing left to say.";
        assert_eq!(
            pieces(sentence, true, Pause::Sentence),
            [
                (
                    "When the rain had stopped, they went out into the garden,",
                    Pause::Clause
                ),
                (
                    "and nobody said a word about what had happened, because there was nothing left to say.",
                    Pause::Sentence
                ),
            ]
        );
        // Not where only a word would be left, or spoken.
        let sentence = "Well, the long and winding road that leads to your door will never disappear from our minds, ever.";
        assert_eq!(texts(sentence, true), [sentence]);
    }

    #[test]
    fn a_first_sentence_without_clauses_is_whole_unless_it_is_long() {
        let sentence = "The long and winding road that leads to your door will never disappear from our common \
                        memory of these wonderful years together.";
        assert_eq!(texts(sentence, true), [sentence]);
        let sentence = format!("{} forever", "one two three four five ".repeat(8).trim());
        let pieces = texts(&sentence, true);
        assert_eq!(pieces.len(), 2);
        assert!((FIRST_GOAL..=FIRST_MAX).contains(&pieces[0].len()));
        assert_eq!(pieces.join(" "), sentence, "at a blank");
    }

    #[test]
    fn a_long_sentence_is_cut_into_pieces_of_like_length() {
        let clause = "this part of the sentence is about forty long,";
        let sentence = [clause; 12].join(" ");
        let pieces = pieces(&sentence, false, Pause::Sentence);
        assert_eq!(
            pieces
                .iter()
                .map(|(text, _)| text.len())
                .collect::<Vec<_>>(),
            [187; 3]
        );
        assert!(pieces[..2].iter().all(|(_, pause)| *pause == Pause::Clause));
    }

    #[test]
    fn a_cut_is_at_the_best_place_there_is() {
        let words = "word ".repeat(30);
        for (between, end) in [
            ("end. Next", "end."),
            ("“end.” Next", "end.”"),
            ("end; next", "end;"),
            ("end — next", "end —"),
            ("end and", "end"),
            ("end (next)", "end"),
        ] {
            let sentence = format!("{words}{between} {words}");
            let pieces = texts(sentence.trim(), false);
            assert!(pieces[0].ends_with(end), "{between:?}: {pieces:?}");
        }
    }

    #[test]
    fn a_word_or_number_is_cut_only_where_nothing_else_is() {
        let word = "a".repeat(600);
        assert_eq!(
            texts(&word, false)
                .iter()
                .map(|text| text.len())
                .collect::<Vec<_>>(),
            [250, 250, 100]
        );
        let numbers = format!(
            "{} {}",
            "1 000 ".repeat(30).trim(),
            "apples ".repeat(20).trim()
        );
        assert!(texts(&numbers, false)[1].starts_with("apples"));
        // A mark stays with its letter.
        let marked = "e\u{304}\u{301}".repeat(200);
        assert!(
            texts(&marked, false)
                .iter()
                .all(|text| text.starts_with('e'))
        );
    }

    #[test]
    fn scripts_without_blanks_are_cut_between_characters() {
        let chinese = "我们今天去公园".repeat(30);
        assert!(
            texts(&chinese, false)
                .iter()
                .all(|text| text.chars().count() <= 84)
        );
        let thai = "สวัสดีครับวันนี้อากาศดี".repeat(20);
        assert!(
            texts(&thai, false)
                .iter()
                .all(|text| !text.starts_with(is_mark))
        );
    }

    proptest! {
        #[test]
        fn pieces_are_bounded_and_nothing_is_lost(
            text in "\\PC{0,600}|[a-c0-9,.; —()]{0,1500}|[語ねa้\u{301}, ]{0,900}",
            first: bool,
        ) {
            let text = text.trim();
            let found = texts(text, first);
            let without_blanks = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(without_blanks(&found.concat()), without_blanks(text));
            for (index, piece) in found.iter().enumerate() {
                let bound = if first && index == 0 { FIRST_MAX } else { MAX_LENGTH };
                prop_assert!(piece.chars().map(weight).sum::<usize>() <= bound);
            }
        }
    }
}
