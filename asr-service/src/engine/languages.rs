//! The languages that Whisper knows.

use std::ffi::CString;

/// A language of Whisper's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Language {
    code: &'static str,
    name: &'static str,
}

impl Language {
    /// English, which every model knows.
    pub const ENGLISH: Self = Self {
        code: "en",
        name: "english",
    };

    /// From a code (`de`) or an English name (`german`), in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        // The binding hands the text over as a C string and panics on a NUL.
        if text.is_empty() || text.contains('\0') {
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
            code: whisper_rs::get_lang_str(id)?,
            name: whisper_rs::get_lang_str_full(id)?,
        })
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
        for text in ["", "xx", "en-US", "klingon", "e\0n", "auto"] {
            assert_eq!(Language::parse(text), None, "{text:?}");
        }
        assert_eq!(Language::parse("en"), Some(Language::ENGLISH));
        assert_eq!(Language::from_id(-1), None);
        assert_eq!(Language::from_id(i32::MAX), None);
    }
}
