//! Text as the words that count when transcripts are compared.
//!
//! What was said can be written in many ways: "It's $20." and "it is twenty dollars" are the
//! same words. Published word error rates are counted after such differences are removed, by
//! the conventions of Whisper's text normalisers. These here follow the conventions; the
//! places where they do otherwise, on purpose:
//!
//! - Money and percentages are words: "$20" is "20 dollars", where Whisper writes "$20" for
//!   both. That is as right or wrong, in two words instead of one.
//! - "oh" is a zero only between digits; elsewhere it is an exclamation.
//! - Single digits form a number only without punctuation between them: "one, two" is "1 2".
//!   Two numbers of two digits form one only where that is a year: "nineteen eighty four" but
//!   not "twelve thirty", which is written 12:30 as often.
//! - "a hundred" is 100, "cannot" is "can not", "a.m." is "am", "O'Brien" is one word, and
//!   "the 1980's" are "the 1980s". ".5" is "0.5".
//! - Marks stay in languages other than English: without them, words of Hindi fall apart.
//! - Case is folded as Unicode says, so that "STRASSE" and "Straße" are the same.
//! - Only letters of scripts without spaces are words of their own. A Latin word in a Chinese
//!   sentence stays a word.

mod characters;
mod contractions;
mod english;
mod money;
mod numbers;
mod numerals;
mod spelling;
#[cfg(test)]
mod tests;
mod tokens;
mod whole;

/// The words of `text` that count, in the form in which they are compared.
///
/// `language` is a code such as `en` or `de-AT`, or `english`. English has conventions of its
/// own: contractions, titles, numbers, spelling. For every other language there is only what
/// needs no knowledge of it: case, punctuation, symbols and bracketed remarks.
///
/// Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without spaces: there, each
/// character is a word.
pub fn words(text: &str, language: &str) -> Vec<String> {
    let folded = characters::folded(text);
    let said = characters::without_remarks(&folded);
    if is_english(language) {
        english::words(&said)
    } else {
        characters::spaced(&characters::without_symbols(&said))
            .split_whitespace()
            .filter(|it| characters::is_word(it))
            .map(str::to_string)
            .collect()
    }
}

fn is_english(language: &str) -> bool {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    ["en", "eng", "english"]
        .iter()
        .any(|it| primary.trim().eq_ignore_ascii_case(it))
}
