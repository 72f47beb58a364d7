//! The languages that Whisper knows.

use std::ffi::CString;

/// Longer than every English name of a language.
const LONGEST_NAME: usize = 20;

/// A language of Whisper's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Language {
    id: i32,
    code: &'static str,
    name: &'static str,
}

impl Language {
    /// English, which every model knows.
    pub const ENGLISH: Self = Self {
        id: 0,
        code: "en",
        name: "english",
    };

    /// From a code (`de`) or an English name (`german`), in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        // whisper.cpp writes a name that it doesn't know into the log as it came.
        let is_plausible =
            text.len() <= LONGEST_NAME && text.bytes().all(|it| it.is_ascii_lowercase());
        if text.is_empty() || !is_plausible {
            return None;
        }
        Self::from_id(whisper_rs::get_lang_id(&text)?)
    }

    /// From whisper.cpp's number for it.
    pub fn from_id(id: i32) -> Option<Self> {
        if !(0..=whisper_rs::get_lang_max_id()).contains(&id) {
            return None;
        }
        Some(Self {
            id,
            code: whisper_rs::get_lang_str(id)?,
            name: whisper_rs::get_lang_str_full(id)?,
        })
    }

    /// whisper.cpp's number for it.
    pub(super) fn id(self) -> i32 {
        self.id
    }

    /// ISO 639-1 code, as far as the language has one.
    pub fn code(self) -> &'static str {
        self.code
    }

    /// English name in lower case.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// True where words are not separated by spaces.
    pub fn is_unspaced(self) -> bool {
        matches!(self.code, "zh" | "ja" | "th" | "lo" | "my" | "yue")
    }

    pub(super) fn c_code(self) -> CString {
        CString::new(self.code).expect("language codes hold no NUL")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_known_and_nothing_else() {
        for (text, code) in [("de", "de"), ("DE", "de"), ("german", "de"), (" en ", "en")] {
            assert_eq!(
                Language::parse(text).map(Language::code),
                Some(code),
                "{text}"
            );
        }
        for text in [
            "",
            "haitian creole\nforged",
            "xx",
            "en-US",
            "klingon",
            "e\0n",
            "auto",
            "e\nn",
        ] {
            assert_eq!(Language::parse(text), None, "{text:?}");
        }
        assert_eq!(Language::parse("en"), Some(Language::ENGLISH));
        assert_eq!(Language::from_id(-1), None);
        assert_eq!(Language::from_id(i32::MAX), None);
    }
}
