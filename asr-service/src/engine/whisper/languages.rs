//! whisper.cpp's numbers for the languages.

use std::ffi::CString;

use crate::engine::Language;

/// The language of whisper.cpp's number.
pub(super) fn from_id(id: i32) -> Option<Language> {
    if !(0..=whisper_rs::get_lang_max_id()).contains(&id) {
        return None;
    }
    Language::from_code(whisper_rs::get_lang_str(id)?)
}

/// True for a language that is among the first `count` of whisper.cpp's: models know as many.
pub(super) fn is_below(language: Language, count: i32) -> bool {
    whisper_rs::get_lang_id(language.code()).is_some_and(|id| id < count)
}

/// The code as whisper.cpp takes it.
pub(super) fn c_code(language: Language) -> CString {
    CString::new(language.code()).expect("language codes hold no NUL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_table_and_whisper_cpps_hold_the_same_languages() {
        let last = whisper_rs::get_lang_max_id();
        for id in 0..=last {
            let language = from_id(id).unwrap();
            assert_eq!(Some(language.code()), whisper_rs::get_lang_str(id));
            assert_eq!(Some(language.name()), whisper_rs::get_lang_str_full(id));
        }
        for language in Language::all() {
            let id = whisper_rs::get_lang_id(language.code()).unwrap();
            assert_eq!(from_id(id), Some(language));
        }
        assert_eq!(from_id(-1), None);
        assert_eq!(from_id(last + 1), None);
        assert_eq!(from_id(i32::MAX), None);
    }

    #[test]
    fn a_model_knows_the_first_languages_only() {
        let cantonese = Language::parse("yue").unwrap();
        assert!(is_below(Language::ENGLISH, 1) && is_below(cantonese, 100));
        assert!(!is_below(cantonese, 99));
    }
}
