//! Characters: what Unicode knows of them, in any language.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, Script};
use icu_properties::{CodePointMapData, CodePointSetData};

/// One form for what is written in several: compatibility characters, case, invisible ones.
pub(super) fn folded(text: &str) -> String {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let visible: String = text.chars().filter(|it| !ignorable.contains(*it)).collect();
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    // There and back: "ß" is "SS" in capitals, and "ẞ" is "ß" in small letters.
    let lower = nfkc.normalize(&visible).to_lowercase();
    let folded = lower.to_uppercase().to_lowercase();
    // Which sigma it is depends on what follows, and that is about to change.
    nfkc.normalize(&folded.replace('ς', "σ")).into_owned()
}

/// Letters without their accents, and letters that English does not have in two that it has.
pub(super) fn plain_latin(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd();
    for character in decomposed.normalize(text).chars() {
        match character {
            'œ' => plain.push_str("oe"),
            'æ' => plain.push_str("ae"),
            'þ' => plain.push_str("th"),
            'ø' => plain.push('o'),
            'đ' | 'ð' => plain.push('d'),
            'ł' => plain.push('l'),
            'ı' => plain.push('i'),
            _ if category(character) == GeneralCategory::NonspacingMark => {}
            _ => plain.push(character),
        }
    }
    ComposingNormalizerBorrowed::new_nfkc()
        .normalize(&plain)
        .into_owned()
}

/// The text without remarks in brackets, such as "\[music\]": they say what was not spoken.
/// A bracket without its counterpart is left, as any other symbol.
pub(super) fn without_remarks(text: &str) -> String {
    const PAIRS: [(char, char); 5] = [('[', ']'), ('(', ')'), ('<', '>'), ('{', '}'), ('【', '】')];
    let mut kept = String::with_capacity(text.len());
    let mut open: [Vec<usize>; PAIRS.len()] = Default::default();
    for character in text.chars() {
        if let Some(kind) = PAIRS.iter().position(|pair| pair.0 == character) {
            open[kind].push(kept.len());
        }
        let closed = PAIRS.iter().position(|pair| pair.1 == character);
        if let Some(start) = closed.and_then(|kind| open[kind].pop()) {
            kept.truncate(start);
            // What was opened within the remark is gone with it.
            for starts in &mut open {
                while starts.last().is_some_and(|it| *it >= start) {
                    starts.pop();
                }
            }
            kept.push(' ');
        } else {
            kept.push(character);
        }
    }
    kept
}

/// Spaces in place of everything that is no letter, mark or digit.
pub(super) fn without_symbols(text: &str) -> String {
    text.chars()
        .map(|it| if is_in_word(it) { it } else { ' ' })
        .collect()
}

/// Spaces around each character of a script that has none, its marks included.
pub(super) fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    let mut is_after_unspaced = false;
    for character in text.chars() {
        if !is_mark(character) {
            let is_unspaced = is_unspaced(character);
            if is_unspaced || is_after_unspaced {
                spaced.push(' ');
            }
            is_after_unspaced = is_unspaced;
        }
        spaced.push(character);
    }
    spaced
}

/// Marks alone are no word.
pub(super) fn is_word(text: &str) -> bool {
    text.chars().any(|it| is_in_word(it) && !is_mark(it))
}

/// Letters, their marks, and numbers of any script.
pub(super) fn is_in_word(character: char) -> bool {
    use GeneralCategory::{
        DecimalNumber, LetterNumber, LowercaseLetter, ModifierLetter, NonspacingMark, OtherLetter,
        OtherNumber, SpacingMark, TitlecaseLetter, UppercaseLetter,
    };
    matches!(
        category(character),
        UppercaseLetter
            | LowercaseLetter
            | TitlecaseLetter
            | ModifierLetter
            | OtherLetter
            | NonspacingMark
            | SpacingMark
            | DecimalNumber
            | LetterNumber
            | OtherNumber
    )
}

fn is_mark(character: char) -> bool {
    matches!(
        category(character),
        GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark
    )
}

fn is_unspaced(character: char) -> bool {
    // The mark of a long vowel belongs to two scripts, and so to none.
    const LONG_VOWEL: char = 'ー';
    let script = CodePointMapData::<Script>::new().get(character);
    character == LONG_VOWEL
        || [
            Script::Han,
            Script::Hiragana,
            Script::Katakana,
            Script::Thai,
            Script::Lao,
            Script::Khmer,
            Script::Myanmar,
        ]
        .contains(&script)
}

fn category(character: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(character)
}
