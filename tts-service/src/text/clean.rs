//! Characters: what a voice can do nothing with is left out, so that it isn't spoken as
//! "symbol two seven one three".

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// Marks on one letter. No script needs more; a flood of them is a prank.
const MOST_MARKS: usize = 4;

/// Symbols that are pictures by their category, and yet are read as a word.
const PICTURES_WITH_NAMES: [char; 5] = ['°', '©', '®', '™', '№'];

/// Whether a voice reads this symbol as a word.
pub(super) fn has_a_name(c: char) -> bool {
    if c.is_ascii() {
        return "%$&@#+=*~/\\".contains(c);
    }
    match c.general_category() {
        GeneralCategory::CurrencySymbol | GeneralCategory::OtherNumber => true,
        // Arrows are mathematics to Unicode. In texts they are decoration.
        GeneralCategory::MathSymbol => !is_arrow(c),
        GeneralCategory::OtherSymbol => PICTURES_WITH_NAMES.contains(&c),
        _ => matches!(c, '§' | '¶'),
    }
}

fn is_arrow(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{21ff}' | '\u{27f0}'..='\u{27ff}' | '\u{2900}'..='\u{297f}')
}

/// The text without controls, invisible marks, emoji and other pictures, with plain spaces and
/// line ends, and with runs of the same punctuation shortened. Doing it twice changes nothing.
pub(super) fn clean(input: &str) -> String {
    let mut cleaned = Cleaned::default();
    let mut chars = input.chars().nfc().peekable();
    while let Some(c) = chars.next() {
        if c == '\r' && chars.peek() == Some(&'\n') {
            continue;
        }
        cleaned.push(c);
    }
    // What was left out may have stood between a letter and its mark.
    cleaned.text.nfc().collect()
}

#[derive(Default)]
struct Cleaned {
    text: String,
    last: Option<char>,
    marks: usize,
    /// How often the last character has come in a row.
    run: usize,
}

impl Cleaned {
    fn push(&mut self, c: char) {
        match c {
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => self.add('\n'),
            '\t' => self.add(' '),
            // Degrees have a name, the one character for both has none.
            '℃' => self.add_all("°C"),
            '℉' => self.add_all("°F"),
            '\u{200c}' | '\u{200d}' => self.add_joiner(c),
            _ => self.push_by_category(c),
        }
    }

    fn push_by_category(&mut self, c: char) {
        use GeneralCategory as G;
        match c.general_category() {
            G::Control | G::Format | G::PrivateUse | G::Unassigned | G::Surrogate => {}
            G::EnclosingMark => {}
            G::NonspacingMark | G::SpacingMark => self.add_mark(c),
            G::SpaceSeparator | G::LineSeparator | G::ParagraphSeparator => self.add(' '),
            G::OtherSymbol | G::MathSymbol if !has_a_name(c) && !c.is_ascii() => self.add(' '),
            G::ModifierSymbol if !matches!(c, '^' | '`') => self.add(' '),
            _ => self.add(c),
        }
    }

    fn add_all(&mut self, text: &str) {
        text.chars().for_each(|c| self.add(c));
    }

    /// These shape letters of some scripts, and are nothing but a trap elsewhere: emoji are
    /// glued with them.
    fn add_joiner(&mut self, c: char) {
        if self
            .last
            .is_some_and(|it| it > '\u{590}' && it.is_alphabetic())
        {
            self.add(c);
        }
    }

    fn add_mark(&mut self, c: char) {
        let is_variation = matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
        let has_base = self.last.is_some_and(|it| !it.is_whitespace());
        if !is_variation && has_base && self.marks < MOST_MARKS {
            self.text.push(c);
            self.marks += 1;
        }
    }

    fn add(&mut self, c: char) {
        let is_same = self.last == Some(c);
        self.run = if is_same && self.marks == 0 {
            self.run + 1
        } else {
            1
        };
        self.marks = 0;
        self.last = Some(c);
        if self.run <= longest_run(c) {
            self.text.push(c);
        }
    }
}

/// How often a character may come in a row before the rest says nothing more.
fn longest_run(c: char) -> usize {
    match c {
        '!' | '?' | ',' | ';' | '\u{3002}' | '\u{ff01}' | '\u{ff1f}' => 1,
        '\n' => 2,
        '.' | '-' | '_' | '=' | '*' | '#' | '~' | '`' | '|' => 3,
        // Four spaces may be a level of a list; more are nothing but wide.
        ' ' => 8,
        _ if c.is_alphanumeric() => usize::MAX,
        _ => 3,
    }
}
