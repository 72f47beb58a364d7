//! Writing systems in a text.
//!
//! espeak-ng reads a word in a foreign script with the rules of another language, and comes
//! back. Where one clause needs two other languages, it can read wild pointers and end the
//! process ("𐩔-ཱི" in Hindi does; Piper's own espeak-ng has such texts as well). So it never
//! gets more than one foreign script at once, and with languages that aren't written in Latin
//! letters, none but those.

use icu_properties::props::Script;
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed};

const SCRIPTS: CodePointMapDataBorrowed<'static, Script> = CodePointMapData::<Script>::new();

/// The scripts that a language of espeak-ng is written in, by its voice's name.
fn own_scripts(voice: &str) -> &'static [Script] {
    match voice.split('-').next().unwrap_or_default() {
        "am" => &[Script::Ethiopic],
        "ar" | "fa" | "ku" | "ps" | "sd" | "ug" | "ur" => &[Script::Arabic],
        "ba" | "be" | "bg" | "cv" | "kk" | "ky" | "mk" | "mn" | "ru" | "sr" | "tt" | "uk" => {
            &[Script::Cyrillic]
        }
        "as" | "bn" | "bpy" => &[Script::Bengali],
        "cmn" | "hak" | "yue" | "zh" => &[Script::Han, Script::Bopomofo],
        "el" | "grc" => &[Script::Greek],
        "gu" => &[Script::Gujarati],
        "he" => &[Script::Hebrew],
        "hi" | "kok" | "mr" | "ne" => &[Script::Devanagari],
        "hy" | "hyw" => &[Script::Armenian],
        "ja" => &[Script::Han, Script::Hiragana, Script::Katakana],
        "ka" => &[Script::Georgian],
        "kn" => &[Script::Kannada],
        "ko" => &[Script::Hangul],
        "ml" => &[Script::Malayalam],
        "my" => &[Script::Myanmar],
        "or" => &[Script::Oriya],
        "pa" => &[Script::Gurmukhi],
        "si" => &[Script::Sinhala],
        "ta" => &[Script::Tamil],
        "te" => &[Script::Telugu],
        "th" => &[Script::Thai],
        _ => &[Script::Latin],
    }
}

/// Whether espeak-ng may see the character with this voice. Languages of other scripts than
/// Latin call for English as soon as they meet a Latin letter or a symbol; a third language
/// is what must not come.
pub(super) fn is_safe(voice: &str, c: char) -> bool {
    let own = own_scripts(voice);
    if own.contains(&Script::Latin) {
        return true;
    }
    match SCRIPTS.get(c) {
        Script::Common | Script::Inherited => {
            let is_full_width = ('\u{ff00}'..='\u{ffef}').contains(&c);
            let has_an_english_name = ('\u{2100}'..'\u{3000}').contains(&c);
            is_full_width || (c < '\u{3400}' && !has_an_english_name)
        }
        Script::Latin => c < '\u{250}',
        script => own.contains(&script),
    }
}

/// The text in pieces of at most one script that is foreign to the voice. Nearly always it is
/// one piece.
pub(super) fn pieces<'a>(voice: &str, text: &'a str) -> Vec<&'a str> {
    let own = own_scripts(voice);
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut foreign = None;
    for (at, c) in text.char_indices() {
        let script = SCRIPTS.get(c);
        if script == Script::Common || script == Script::Inherited || own.contains(&script) {
            continue;
        }
        if foreign.is_some_and(|it| it != script) {
            pieces.push(&text[start..at]);
            start = at;
        }
        foreign = Some(script);
    }
    pieces.push(&text[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_has_one_foreign_script_at_most() {
        for (voice, text, expected) in [
            ("en-us", "Hello, мир! Bye.", &["Hello, мир! Bye."][..]),
            ("en-us", "мир, 世界, мир", &["мир, ", "世界, ", "мир"]),
            ("ru", "мир and peace", &["мир and peace"]),
            ("ja", "漢字とカナ and abc", &["漢字とカナ and abc"]),
            ("hi", "𐩔-ཱི", &["𐩔-", "ཱི"]),
            ("de", "", &[""]),
            ("de", "1 + 1 = 2 😀", &["1 + 1 = 2 😀"]),
        ] {
            assert_eq!(pieces(voice, text), expected, "{voice}: {text}");
        }
    }
}
