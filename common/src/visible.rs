//! Control characters in text from outside, made visible.

use std::borrow::Cow;

/// The text on one line: its control characters and line separators are written as escapes,
/// such as `\n` and `\u{1b}`. Messages quote what clients and operators have written, and a
/// message has to stay on its line in a terminal and in a log, whatever that was.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(must_be_escaped) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if must_be_escaped(character) {
            shown.extend(character.escape_debug());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

fn must_be_escaped(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_a_line_or_steers_a_terminal_is_escaped_and_nothing_else_is() {
        for (text, shown) in [
            ("a\nb\r\tc", r"a\nb\r\tc"),
            ("\u{1b}[31mred\0", r"\u{1b}[31mred\0"),
            (
                "next\u{85}line\u{2028}end\u{2029}",
                r"next\u{85}line\u{2028}end\u{2029}",
            ),
        ] {
            assert_eq!(visible(text), shown);
        }
        for text in [
            "",
            "The model 'größer \"x\"' C:\\new is not 'installed' 日本 🎉",
        ] {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text));
        }
    }
}
