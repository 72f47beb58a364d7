//! Reads a `vocabulary.txt`: one token a line, each byte of it spelled as one character.

use super::conversion::{ConvertError, malformed};

/// Where the plain tokens end: everything after it is made up by whisper.cpp itself.
const END_OF_TEXT: &str = "<|endoftext|>";
/// Tokens that an English-only model knows. Multilingual ones know more.
const ENGLISH_ONLY_TOKENS: usize = 51_864;

/// The byte that a character stands for.
///
/// GPT-2's spelling: printable bytes are themselves, and the others, in order, are the
/// characters from U+0100 on.
fn byte_of(character: char) -> Option<u8> {
    let code = u32::from(character);
    if let Ok(byte) = u8::try_from(code) {
        return is_printable(byte).then_some(byte);
    }
    let index = usize::try_from(code - 0x100).ok()?;
    (0..=u8::MAX).filter(|byte| !is_printable(*byte)).nth(index)
}

fn is_printable(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..)
}

/// The tokens that a ggml file lists, as bytes: those before the end-of-text token and, as in
/// the published files, that token itself for English-only models. `expected` is how many
/// tokens the model knows in all.
pub(super) fn listed_tokens(text: &str, expected: usize) -> Result<Vec<Vec<u8>>, ConvertError> {
    let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
    let total = lines.clone().count();
    if total != expected {
        return malformed(format!(
            "the vocabulary has {total} tokens where the model has {expected}"
        ));
    }
    let mut tokens = Vec::new();
    for (index, line) in lines.enumerate() {
        if line == END_OF_TEXT {
            if expected == ENGLISH_ONLY_TOKENS {
                tokens.push(line.as_bytes().to_vec());
            }
            return Ok(tokens);
        }
        let Some(token) = line.chars().map(byte_of).collect() else {
            return malformed(format!(
                "line {} of the vocabulary is not a token",
                index + 1
            ));
        };
        tokens.push(token);
    }
    malformed(format!("the vocabulary has no {END_OF_TEXT}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_one_character() {
        let mut bytes: Vec<u8> = (0..0x200)
            .filter_map(char::from_u32)
            .filter_map(byte_of)
            .collect();
        bytes.sort_unstable();
        assert_eq!(bytes, (0..=u8::MAX).collect::<Vec<_>>());
    }

    #[test]
    fn tokens_end_before_end_of_text() {
        let tokens = listed_tokens("!\nĠthe\n\nåľº\n<|endoftext|>\n<|en|>\n", 6).unwrap();
        assert_eq!(
            tokens,
            [
                b"!".to_vec(),
                b" the".to_vec(),
                vec![],
                "场".as_bytes().to_vec()
            ]
        );
    }

    #[test]
    fn an_english_only_model_lists_the_end_of_text() {
        let text = format!(
            "a\n{END_OF_TEXT}\n{}",
            "<|x|>\n".repeat(ENGLISH_ONLY_TOKENS - 2)
        );
        let tokens = listed_tokens(&text, ENGLISH_ONLY_TOKENS).unwrap();
        assert_eq!(tokens, [b"a".to_vec(), END_OF_TEXT.as_bytes().to_vec()]);
    }

    #[test]
    fn a_vocabulary_of_the_wrong_shape_is_refused() {
        for (text, expected, why) in [
            ("a\n<|endoftext|>\n", 3, "2 tokens where the model has 3"),
            ("a\nb\n", 2, "no <|endoftext|>"),
            ("a\n\u{4e00}\n<|endoftext|>\n", 3, "line 2"),
            ("a b\n<|endoftext|>\n", 2, "line 1"),
        ] {
            let error = listed_tokens(text, expected).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
