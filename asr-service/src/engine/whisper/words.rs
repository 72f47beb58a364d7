//! From tokens to words.

use crate::engine::Word;

/// A token as far as words are concerned.
pub(super) struct TimedToken<'a> {
    /// Bytes of text; a character may be spread over several tokens.
    pub bytes: &'a [u8],
    /// Seconds, in the window.
    pub start: f64,
    /// Seconds, in the window.
    pub end: f64,
}

/// Joins tokens to words: a word begins with a space, or, in languages that have none
/// between words, wherever a character begins. Punctuation stays with the word before it.
pub(super) fn join(tokens: &[TimedToken<'_>], unspaced: bool) -> Vec<Word> {
    let mut groups: Vec<(Vec<u8>, f64, f64)> = Vec::new();
    for token in tokens {
        match groups.last_mut() {
            Some((bytes, _, end)) if !begins_word(bytes, token.bytes, unspaced) => {
                bytes.extend_from_slice(token.bytes);
                *end = token.end;
            }
            _ => groups.push((token.bytes.to_vec(), token.start, token.end)),
        }
    }
    groups
        .into_iter()
        .filter_map(|(bytes, start, end)| {
            let word = String::from_utf8_lossy(&bytes).trim().to_string();
            (!word.is_empty()).then_some(Word { word, start, end })
        })
        .collect()
}

fn begins_word(so_far: &[u8], next: &[u8], unspaced: bool) -> bool {
    if next.first() == Some(&b' ') {
        return true;
    }
    unspaced
        && std::str::from_utf8(so_far).is_ok()
        && std::str::from_utf8(next).map_or(true, |text| text.chars().any(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(tokens: &[&[u8]], unspaced: bool) -> Vec<String> {
        let timed: Vec<TimedToken<'_>> = tokens
            .iter()
            .enumerate()
            .map(|(index, bytes)| TimedToken {
                bytes,
                start: index as f64,
                end: index as f64 + 1.0,
            })
            .collect();
        join(&timed, unspaced)
            .into_iter()
            .map(|word| word.word)
            .collect()
    }

    #[test]
    fn tokens_become_words() {
        assert_eq!(
            words(&[b" And", b" so", b",", b" Amer", b"icans"], false),
            ["And", "so,", "Americans"]
        );
        assert_eq!(words(&[], false), Vec::<String>::new());
        assert_eq!(words(&[b" "], false), Vec::<String>::new());
    }

    #[test]
    fn a_character_spread_over_tokens_stays_whole() {
        assert_eq!(words(&[b" caf\xc3", b"\xa9"], false), ["café"]);
        let tokens: &[&[u8]] = &[b"\xe4\xbd", b"\xa0", "好".as_bytes(), "。".as_bytes()];
        assert_eq!(words(tokens, true), ["你", "好。"]);
    }
}
