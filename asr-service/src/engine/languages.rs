//! The languages that can be asked for, whatever engine recognises them.

/// A spoken language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Language {
    code: &'static str,
    iso_639_3: &'static str,
    name: &'static str,
}

const fn language(code: &'static str, iso_639_3: &'static str, name: &'static str) -> Language {
    Language {
        code,
        iso_639_3,
        name,
    }
}

/// By code. Codes are ISO 639-1 where the language has one, else ISO 639-3; Javanese keeps the
/// withdrawn `jw`, by which Whisper's clients know it. Names are those of Whisper's API.
const LANGUAGES: [Language; 100] = [
    language("af", "afr", "afrikaans"),
    language("am", "amh", "amharic"),
    language("ar", "ara", "arabic"),
    language("as", "asm", "assamese"),
    language("az", "aze", "azerbaijani"),
    language("ba", "bak", "bashkir"),
    language("be", "bel", "belarusian"),
    language("bg", "bul", "bulgarian"),
    language("bn", "ben", "bengali"),
    language("bo", "bod", "tibetan"),
    language("br", "bre", "breton"),
    language("bs", "bos", "bosnian"),
    language("ca", "cat", "catalan"),
    language("cs", "ces", "czech"),
    language("cy", "cym", "welsh"),
    language("da", "dan", "danish"),
    language("de", "deu", "german"),
    language("el", "ell", "greek"),
    language("en", "eng", "english"),
    language("es", "spa", "spanish"),
    language("et", "est", "estonian"),
    language("eu", "eus", "basque"),
    language("fa", "fas", "persian"),
    language("fi", "fin", "finnish"),
    language("fo", "fao", "faroese"),
    language("fr", "fra", "french"),
    language("gl", "glg", "galician"),
    language("gu", "guj", "gujarati"),
    language("ha", "hau", "hausa"),
    language("haw", "haw", "hawaiian"),
    language("he", "heb", "hebrew"),
    language("hi", "hin", "hindi"),
    language("hr", "hrv", "croatian"),
    language("ht", "hat", "haitian creole"),
    language("hu", "hun", "hungarian"),
    language("hy", "hye", "armenian"),
    language("id", "ind", "indonesian"),
    language("is", "isl", "icelandic"),
    language("it", "ita", "italian"),
    language("ja", "jpn", "japanese"),
    language("jw", "jav", "javanese"),
    language("ka", "kat", "georgian"),
    language("kk", "kaz", "kazakh"),
    language("km", "khm", "khmer"),
    language("kn", "kan", "kannada"),
    language("ko", "kor", "korean"),
    language("la", "lat", "latin"),
    language("lb", "ltz", "luxembourgish"),
    language("ln", "lin", "lingala"),
    language("lo", "lao", "lao"),
    language("lt", "lit", "lithuanian"),
    language("lv", "lav", "latvian"),
    language("mg", "mlg", "malagasy"),
    language("mi", "mri", "maori"),
    language("mk", "mkd", "macedonian"),
    language("ml", "mal", "malayalam"),
    language("mn", "mon", "mongolian"),
    language("mr", "mar", "marathi"),
    language("ms", "msa", "malay"),
    language("mt", "mlt", "maltese"),
    language("my", "mya", "myanmar"),
    language("ne", "nep", "nepali"),
    language("nl", "nld", "dutch"),
    language("nn", "nno", "nynorsk"),
    language("no", "nor", "norwegian"),
    language("oc", "oci", "occitan"),
    language("pa", "pan", "punjabi"),
    language("pl", "pol", "polish"),
    language("ps", "pus", "pashto"),
    language("pt", "por", "portuguese"),
    language("ro", "ron", "romanian"),
    language("ru", "rus", "russian"),
    language("sa", "san", "sanskrit"),
    language("sd", "snd", "sindhi"),
    language("si", "sin", "sinhala"),
    language("sk", "slk", "slovak"),
    language("sl", "slv", "slovenian"),
    language("sn", "sna", "shona"),
    language("so", "som", "somali"),
    language("sq", "sqi", "albanian"),
    language("sr", "srp", "serbian"),
    language("su", "sun", "sundanese"),
    language("sv", "swe", "swedish"),
    language("sw", "swa", "swahili"),
    language("ta", "tam", "tamil"),
    language("te", "tel", "telugu"),
    language("tg", "tgk", "tajik"),
    language("th", "tha", "thai"),
    language("tk", "tuk", "turkmen"),
    language("tl", "tgl", "tagalog"),
    language("tr", "tur", "turkish"),
    language("tt", "tat", "tatar"),
    language("uk", "ukr", "ukrainian"),
    language("ur", "urd", "urdu"),
    language("uz", "uzb", "uzbek"),
    language("vi", "vie", "vietnamese"),
    language("yi", "yid", "yiddish"),
    language("yo", "yor", "yoruba"),
    language("yue", "yue", "cantonese"),
    language("zh", "zho", "chinese"),
];

impl Language {
    /// English, which every model knows.
    pub const ENGLISH: Self = language("en", "eng", "english");

    /// From a code (`de`, `deu`) or an English name (`german`), in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        LANGUAGES.into_iter().find(|it| {
            [it.code, it.iso_639_3, it.name]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(text))
        })
    }

    /// From what [`Language::code`] gives.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        LANGUAGES.into_iter().find(|it| it.code == code)
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
    pub(crate) fn is_unspaced(self) -> bool {
        matches!(self.code, "zh" | "ja" | "th" | "lo" | "my" | "yue")
    }

    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        LANGUAGES.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_known_and_nothing_else() {
        for (text, code) in [
            ("de", "de"),
            ("DE", "de"),
            ("german", "de"),
            ("German", "de"),
            ("deu", "de"),
            (" en ", "en"),
            ("Haitian Creole", "ht"),
            ("yue", "yue"),
        ] {
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
    }

    #[test]
    fn every_spelling_means_one_language() {
        for language in LANGUAGES {
            for text in [language.code, language.iso_639_3, language.name] {
                assert_eq!(Language::parse(text), Some(language), "{text}");
            }
        }
        assert_eq!(Language::parse("en"), Some(Language::ENGLISH));
    }
}
