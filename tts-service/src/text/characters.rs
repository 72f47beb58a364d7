//! The characters of a text: one form for each, and none that has no sound.
//!
//! What a phonemiser can't say it spells out ("symbol two six zero five", "letter f f two one"),
//! or it says the name of a picture that a reader would leave out. So
//! - pictures, drawings and dingbats go; at the start of a line they are bullets, and stay as `•`;
//! - what can't be seen goes: controls, directions, joiners, fillers, selectors, private use;
//! - letters and digits in disguise (full width, mathematical, circled, ligatures, Roman) become
//!   the plain ones, all else is composed (NFC): espeak-ng knows `½`, `²` and `№`, and not `㎡`;
//! - every blank is a space, every end of a line is `\n`, with one empty line between paragraphs.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed, CodePointSetData};

/// Marks on one letter. Written languages need three at most, with composition.
const MAX_MARKS: usize = 4;

/// Symbols that espeak-ng has a word for, beside currencies.
const SPOKEN_SYMBOLS: &str = "#%&*+/=@\\~§©¬®°±¶×÷№℞™∂∑−∗√∛∝∞∫∬∴∵≈≠≡≤≥";

/// What has more than one form, in the form that is spoken.
pub(super) fn clean(text: &str) -> String {
    bound_marks(&ComposingNormalizerBorrowed::new_nfc().normalize(&keep_spoken(text)))
}

/// Whether something is heard when `character` is read.
pub(super) fn is_spoken(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || "#$%&*+/=@\\~".contains(character);
    }
    character.is_alphanumeric()
        || SPOKEN_SYMBOLS.contains(character)
        || category(character) == GeneralCategory::CurrencySymbol
}

/// Whether `character` belongs to the one before it.
pub(super) fn is_mark(character: char) -> bool {
    !character.is_ascii()
        && matches!(
            category(character),
            GeneralCategory::NonspacingMark
                | GeneralCategory::SpacingMark
                | GeneralCategory::EnclosingMark
        )
}

/// Scripts that are written without blanks between words.
pub(super) fn is_unspaced(character: char) -> bool {
    matches!(character,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3000}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// How much of the listener's time a character takes, in Latin letters: an ideograph is a
/// syllable or two.
pub(super) fn weight(character: char) -> usize {
    match character {
        '\u{1100}'..='\u{11ff}'
        | '\u{2e80}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => 3,
        _ => 1,
    }
}

fn category(character: char) -> GeneralCategory {
    const CATEGORIES: CodePointMapDataBorrowed<'static, GeneralCategory> =
        CodePointMapData::<GeneralCategory>::new();
    CATEGORIES.get(character)
}

/// What becomes of one character.
enum Fate {
    Keep,
    /// It goes without a trace.
    Drop,
    /// It goes, but stood between two words.
    Picture,
    Space,
    LineEnd,
    /// A form of other characters.
    Disguise,
    Become(char),
}

fn fate(character: char) -> Fate {
    if character.is_ascii_graphic() {
        return Fate::Keep;
    }
    match character {
        '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Fate::LineEnd,
        '\u{2010}'..='\u{2012}' => Fate::Become('-'),
        // Typed for an apostrophe.
        '\u{b4}' => Fate::Become('\''),
        '•' | '‣' | '⁃' | '◦' => Fate::Become('•'),
        '・' | '･' => Fate::Space,
        _ if character.is_whitespace() => Fate::Space,
        _ if is_disguise(character) => Fate::Disguise,
        _ if CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character) => Fate::Drop,
        _ => match category(character) {
            GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
            | GeneralCategory::Unassigned
            | GeneralCategory::EnclosingMark
            | GeneralCategory::ModifierSymbol => Fate::Drop,
            GeneralCategory::OtherSymbol if !SPOKEN_SYMBOLS.contains(character) => Fate::Picture,
            _ if is_drawing(character) => Fate::Picture,
            _ => Fate::Keep,
        },
    }
}

/// Drawings that are classed as mathematics or as punctuation.
fn is_drawing(character: char) -> bool {
    matches!(character, '\u{2500}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1fbff}')
}

fn is_disguise(character: char) -> bool {
    matches!(character,
        '\u{203c}' | '\u{2047}'..='\u{2049}' // doubled ! and ?
        | '\u{2100}'..='\u{2115}' | '\u{2117}'..='\u{211d}' | '\u{2120}' | '\u{2121}'
        | '\u{2124}'..='\u{214f}' // letters as symbols, but №, ℞ and ™
        | '\u{2160}'..='\u{217f}' // Roman numerals
        | '\u{2460}'..='\u{24ff}' // circled
        | '\u{3200}'..='\u{33ff}' // circled and squared, East Asian
        | '\u{fb00}'..='\u{fb06}' // ligatures
        | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' // Arabic as it is drawn
        | '\u{fe10}'..='\u{fe19}' | '\u{fe30}'..='\u{fe6f}' // upright and small
        | '\u{ff02}'..='\u{ff0b}' | '\u{ff0d}'..='\u{ff19}' | '\u{ff1c}'..='\u{ff1e}'
        | '\u{ff20}'..='\u{ff60}' | '\u{ff62}' | '\u{ff63}' | '\u{ff65}'..='\u{ffee}' // full and half width, but pauses
        | '\u{1d400}'..='\u{1d7ff}') // mathematical
}

fn keep_spoken(text: &str) -> String {
    let mut out = Lines::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let plain = ComposingNormalizerBorrowed::new_nfkc();
    let mut encoded = [0; 4];
    while let Some(character) = characters.next() {
        match fate(character) {
            Fate::Keep => out.push(character),
            Fate::Drop => {}
            Fate::Become(other) => out.push(other),
            Fate::Picture => out.picture(),
            Fate::Space => out.space(),
            Fate::LineEnd => {
                if character == '\r' && characters.peek() == Some(&'\n') {
                    characters.next();
                }
                out.line_end();
            }
            Fate::Disguise => {
                for shown in plain.normalize(character.encode_utf8(&mut encoded)).chars() {
                    match fate(shown) {
                        Fate::Drop => {}
                        Fate::Space | Fate::LineEnd => out.space(),
                        Fate::Become(other) => out.push(other),
                        // NFKC of a disguise is no disguise, but for symbols without any other form.
                        Fate::Picture | Fate::Disguise => out.picture(),
                        Fate::Keep => out.push(shown),
                    }
                }
            }
        }
    }
    out.text
}

/// A text that grows, without blanks at the ends of its lines and with one empty line at most.
struct Lines {
    text: String,
    space: bool,
    line_ends: usize,
    /// Nothing but a bullet is in this line yet.
    at_start: bool,
}

impl Lines {
    fn with_capacity(bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            space: false,
            line_ends: 0,
            at_start: true,
        }
    }

    fn push(&mut self, character: char) {
        let follows = !self.text.is_empty() && !self.space && self.line_ends == 0;
        if !follows && is_mark(character) {
            // There is no letter that it could be on.
            return;
        }
        if self.line_ends > 0 && !self.text.is_empty() {
            self.text
                .push_str(if self.line_ends > 1 { "\n\n" } else { "\n" });
        } else if self.space && !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push(character);
        (self.space, self.line_ends, self.at_start) = (false, 0, false);
    }

    fn space(&mut self) {
        self.space = true;
    }

    fn line_end(&mut self) {
        self.line_ends += 1;
        (self.space, self.at_start) = (false, true);
    }

    fn picture(&mut self) {
        if self.at_start {
            self.push('•');
        }
        self.space();
    }
}

/// Drops the marks that only make a letter unreadable.
fn bound_marks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    for character in text.chars() {
        marks = if is_mark(character) { marks + 1 } else { 0 };
        if marks <= MAX_MARKS {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_character_is_kept_in_the_form_that_is_spoken() {
        for (text, cleaned) in [
            // What is spoken stays.
            (
                "€5 £1 ₹9 50% R&D @ #1 2+2=4 20 °C ½ m² № 5 ©",
                "€5 £1 ₹9 50% R&D @ #1 2+2=4 20 °C ½ m² № 5 ©",
            ),
            ("5 × 3 ≠ 4 − 1, ≤ ∞", "5 × 3 ≠ 4 − 1, ≤ ∞"),
            ("“Où ?” «Да» ¿Qué?", "“Où ?” «Да» ¿Qué?"),
            (
                "नमस्ते, สวัสดี, שָׁלוֹם, tiếng Việt",
                "नमस्ते, สวัสดี, שָׁלוֹם, tiếng Việt",
            ),
            // What can't be seen goes.
            (
                "\u{feff}soft\u{ad}en ze\u{200b}ro \u{202e}back\u{202c} a\0b\u{7}",
                "soften zero back ab",
            ),
            ("می\u{200c}خواهم", "میخواهم"),
            ("private \u{e000}use \u{f8ff}\u{10ffff}", "private use"),
            // Pictures stand between words, or for a bullet.
            ("Great 🎉👩‍👩‍👧 work❤️done 👍🏽🇩🇪.", "Great work done ."),
            ("✅ Fast\n🚀🚀 Cheap ★ good", "• Fast\n• Cheap good"),
            ("┌──┐ ▓▓ ⠿ ☎ ♪ ❨a❩", "• a"),
            ("1️⃣ First", "1 First"),
            // Disguises.
            (
                "ＡＢＣ１２３，！ 𝐇𝐞𝐥𝐥𝐨 ℌ ⅷ ① ㎡ 20℃ ﬁne",
                "ABC123，！ Hello H viii 1 m2 20°C fine",
            ),
            ("ﻣﺮﺣﺒﺎ", "مرحبا"),
            ("non\u{2011}stop don\u{b4}t", "non-stop don't"),
            // Composed, within bounds.
            ("e\u{301} \u{212b}", "é Å"),
            (
                "z\u{336}\u{337}\u{334}\u{321}\u{322}\u{316}\u{317}a",
                "z\u{336}\u{337}\u{334}\u{321}a",
            ),
            ("\u{301}a \u{301}b", "a b"),
            // Blanks.
            (
                "  a\t\u{a0}b\u{3000} c \r\n d\r\re\u{2028}f\n \n\n\ng\n",
                "a b c\nd\n\ne\nf\n\ng",
            ),
        ] {
            assert_eq!(clean(text), cleaned, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_cleaned_text_is_clean(text in "\\PC*|[a\\x{301}\\x{327}\\x{1100}\\x{1161}\\x{11a8}\\x{958}ﬁ㎡・⑴🎉\n\\x{200d} ]*|.*") {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once);
        }
    }
}
