//! Text that the tool did not write itself (arguments, file names, what services answer), as
//! messages quote it.

use std::fmt::{self, Write as _};

/// `text` with its control characters escaped, as `\n` or `\u{1b}`: a quotation stays on its
/// line, and a service can't write escape sequences to the operator's terminal. Characters
/// that change the direction of writing are escaped too, since they reorder what stands around
/// them.
pub(crate) fn shown(text: &str) -> Shown<'_> {
    Shown(text)
}

/// Whether a character acts on its surroundings instead of being shown.
pub(crate) fn is_unprintable(character: char) -> bool {
    let is_line_end = matches!(character, '\u{2028}' | '\u{2029}');
    let sets_direction = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    character.is_control() || is_line_end || sets_direction
}

/// What [`shown`] returns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if is_unprintable(character) {
                write!(formatter, "{}", character.escape_default())?;
            } else {
                formatter.write_char(character)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_escaped() {
        for (text, quoted) in [
            ("don't say \"a\\b\"", "don't say \"a\\b\""),
            ("cafe\u{301} 字", "cafe\u{301} 字"),
            ("a\nb\r\tc\0", "a\\nb\\r\\tc\\u{0}"),
            ("\x1b[2J\x1b]0;title\x07", "\\u{1b}[2J\\u{1b}]0;title\\u{7}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("gpj.\u{202e}exe", "gpj.\\u{202e}exe"),
            ("\u{2028}", "\\u{2028}"),
        ] {
            assert_eq!(shown(text).to_string(), quoted);
        }
    }
}
