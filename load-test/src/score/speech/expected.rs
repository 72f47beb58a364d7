//! How long a text takes to speak.

use std::fmt;

use icu_properties::props::{GeneralCategory, Script};
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed};

/// English is spoken at 12 to 18 letters a second. At double speed a fast voice says 40.
const SHORTEST_LETTER_SECONDS: f64 = 0.025;
/// A slow voice at half speed. Letters that are named one by one take no longer.
const LONGEST_LETTER_SECONDS: f64 = 0.3;
/// A character that is a syllable or more, as in Chinese, Japanese and Korean: 3 to 8 a second
/// at normal speed.
const SHORTEST_SYLLABLE_SECONDS: f64 = 0.05;
const LONGEST_SYLLABLE_SECONDS: f64 = 0.9;
/// A digit is at least a part of a word, and in a large number several: "777,777".
const LONGEST_DIGIT_SECONDS: f64 = 3.0;
/// A sign is silent, a pause, or a word: "%", "&".
const LONGEST_SIGN_SECONDS: f64 = 2.0;
/// Silence before, between and after, and the slowness of very short texts.
const LONGEST_PAUSE_SECONDS: f64 = 3.0;
/// Less than a sound.
const SHORTEST_SPEECH_SECONDS: f64 = 0.05;

/// Durations that are plausible for a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Shorter speech leaves something out.
    pub shortest_seconds: f64,
    /// Longer speech repeats itself or does not end.
    pub longest_seconds: f64,
}

impl Bounds {
    pub(super) fn contain(&self, seconds: f64) -> bool {
        (self.shortest_seconds..=self.longest_seconds).contains(&seconds)
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shortest, longest) = (self.shortest_seconds, self.longest_seconds);
        write!(f, "{shortest:.2} to {longest:.2} s")
    }
}

/// How long speech of `text` may be, at half to double the normal speed of any voice.
///
/// Generous on purpose: what they catch is audio that ends too early or does not end. The sum
/// over the characters, of at least 25 ms and at most 0.3 s a letter, 50 ms and 0.9 s a
/// character that is a syllable, 25 ms and 3 s a digit, nothing and 2 s a sign; 3 s on top.
pub fn bounds(text: &str) -> Bounds {
    let mut bounds = Bounds {
        shortest_seconds: 0.0,
        longest_seconds: LONGEST_PAUSE_SECONDS,
    };
    for (shortest, longest) in text.chars().map(of_character) {
        bounds.shortest_seconds += shortest;
        bounds.longest_seconds += longest;
    }
    bounds.shortest_seconds = bounds.shortest_seconds.max(SHORTEST_SPEECH_SECONDS);
    bounds
}

fn of_character(character: char) -> (f64, f64) {
    const CATEGORIES: CodePointMapDataBorrowed<'_, GeneralCategory> = CodePointMapData::new();
    const SCRIPTS: CodePointMapDataBorrowed<'_, Script> = CodePointMapData::new();
    const SYLLABIC: [Script; 4] = [
        Script::Han,
        Script::Hiragana,
        Script::Katakana,
        Script::Hangul,
    ];
    if character.is_numeric() {
        (SHORTEST_LETTER_SECONDS, LONGEST_DIGIT_SECONDS)
    } else if SYLLABIC.contains(&SCRIPTS.get(character)) {
        (SHORTEST_SYLLABLE_SECONDS, LONGEST_SYLLABLE_SECONDS)
    } else if character.is_alphabetic() {
        (SHORTEST_LETTER_SECONDS, LONGEST_LETTER_SECONDS)
    } else if CATEGORIES.get(character) == GeneralCategory::NonspacingMark || character == ' ' {
        (0.0, 0.0)
    } else {
        (0.0, LONGEST_SIGN_SECONDS)
    }
}
