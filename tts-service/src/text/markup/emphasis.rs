//! Pairs of `*`, `_` and `~~` around text.

use std::ops::Range;

/// A run of marks that may begin an emphasis.
#[derive(Debug, Clone, Copy)]
struct Opener {
    start: usize,
    length: usize,
}

/// The openers that wait for an end, by their mark.
///
/// Marks of two kinds may overlap: nothing is lost by it, as only marks are taken out.
#[derive(Debug, Default)]
pub(super) struct Emphasis {
    asterisks: Vec<Opener>,
    underscores: Vec<Opener>,
    tildes: Vec<Opener>,
}

impl Emphasis {
    /// Sees the run of `length` marks at byte `start`, and reports the bytes of the marks that
    /// turn out to be a pair.
    pub(super) fn see(
        &mut self,
        mark: u8,
        start: usize,
        length: usize,
        (before, after): (Option<char>, Option<char>),
        pair: &mut impl FnMut(Range<usize>),
    ) {
        let (openers, in_word): (_, fn(char) -> bool) = match mark {
            // Languages without blanks have emphasis in the middle of what looks like a word.
            b'*' => (&mut self.asterisks, |c| c.is_ascii_alphanumeric()),
            b'_' => (&mut self.underscores, char::is_alphanumeric),
            _ if length == 2 => (&mut self.tildes, |c| c.is_ascii_alphanumeric()),
            _ => return,
        };
        let touches = |side: Option<char>| side.is_some_and(|c| !c.is_whitespace());
        let mut left = length;
        if length <= 3 && touches(before) && !after.is_some_and(in_word) {
            while let Some(opener) = openers.last_mut() {
                let matched = opener.length.min(left);
                if left == 0 || opener.length > left && opener.length != 3 {
                    break;
                }
                pair(opener.start + opener.length - matched..opener.start + opener.length);
                pair(start + length - left..start + length - left + matched);
                left -= matched;
                opener.length -= matched;
                if opener.length == 0 {
                    openers.pop();
                }
            }
        }
        if left == length && length <= 3 && touches(after) && !before.is_some_and(in_word) {
            openers.push(Opener { start, length });
        }
    }
}
