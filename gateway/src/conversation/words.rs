//! Words of a transcript: which are no reason to stop speaking, and which are the bot's own.

/// Sounds that mean "go on" in any language.
const HUMS: &[&str] = &[
    "ah", "aha", "eh", "ehm", "hm", "hmm", "hmmm", "huh", "m", "mhm", "mm", "mmhm", "mmm", "oh",
    "ok", "okay", "uh", "uhm", "uhuh", "um",
];

/// Words that, said alone, mean "go on", by the first part of the language's tag.
const BACKCHANNELS: &[(&str, &[&str])] = &[
    (
        "de",
        &[
            "ach", "alles", "genau", "gut", "ja", "jo", "klar", "na", "richtig", "so", "stimmt",
        ],
    ),
    (
        "en",
        &[
            "alright", "cool", "gotcha", "great", "nice", "right", "sure", "true", "yeah", "yep",
            "yes", "yup",
        ],
    ),
    ("es", &["ajá", "bien", "bueno", "claro", "sí", "vale", "ya"]),
    (
        "fr",
        &["accord", "bien", "bon", "d'accord", "ouais", "oui", "voilà"],
    ),
    (
        "hi",
        &[
            "अच्छा",
            "जी",
            "ठीक",
            "सही",
            "हाँ",
            "हां",
            "हूँ",
            "है",
            "accha",
            "achha",
            "haan",
            "ji",
            "theek",
        ],
    ),
    (
        "it",
        &["bene", "certo", "ecco", "già", "giusto", "sì", "va"],
    ),
    ("ja", &["うん", "ええ", "そう", "なるほど", "はい", "へえ"]),
    ("ko", &["그래", "네", "응", "예"]),
    ("nl", &["goed", "ja", "juist", "klopt", "oké", "prima"]),
    ("pl", &["dobrze", "jasne", "no", "tak"]),
    (
        "pt",
        &["bom", "certo", "claro", "entendi", "isso", "sim", "tá"],
    ),
    (
        "ru",
        &["ага", "да", "ну", "понятно", "так", "угу", "хорошо"],
    ),
    ("tr", &["evet", "hı", "peki", "tamam"]),
    (
        "zh",
        &["嗯", "嗯嗯", "哦", "好", "好的", "对", "是", "是的"],
    ),
];

/// The words of a text: lower case, without punctuation. In scripts that put no spaces between
/// words one "word" is all between two marks.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !(is_part_of_word(c) || matches!(c, '\'' | '’')))
        .map(|word| {
            word.trim_matches(['\'', '’'])
                .to_lowercase()
                .replace('’', "'")
        })
        .filter(|word| !word.is_empty())
        .collect()
}

/// Letters, digits, and marks that belong to letters, as in Devanagari.
fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}' | '\u{e31}'..='\u{e4e}')
}

/// Whether all that was said means "go on". So does nothing.
pub(super) fn is_backchannel(words: &[String], language: &str) -> bool {
    let language = language.split(['-', '_']).next().unwrap_or_default();
    let own = BACKCHANNELS
        .iter()
        .find(|(it, _)| it.eq_ignore_ascii_case(language))
        .map_or(&[][..], |(_, words)| words);
    words
        .iter()
        .all(|word| HUMS.contains(&word.as_str()) || own.contains(&word.as_str()))
}

/// Whether these words are among the ones that were spoken, in this order.
pub(super) fn is_echo(words: &[String], spoken: &[String]) -> bool {
    !words.is_empty() && spoken.windows(words.len()).any(|it| it == words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backchannels_depend_on_the_language() {
        for (text, language, expected) in [
            ("Mhm.", "en", true),
            ("", "en", true),
            ("Yeah, okay!", "en-GB", true),
            ("Uh-huh", "xx", true),
            ("Yeah, but wait", "en", false),
            ("Stop", "en", false),
            ("No", "en", false),
            ("Ja, genau", "de", true),
            ("Ja, genau", "en", false),
            ("जी हाँ", "hi-IN", true),
            ("रुको", "hi-IN", false),
            ("はい、そう", "ja", true),
        ] {
            let words = words(text);
            assert_eq!(
                is_backchannel(&words, language),
                expected,
                "{text} in {language}"
            );
        }
    }

    #[test]
    fn an_echo_is_a_run_of_the_words_just_spoken() {
        let spoken = words("The account’s balance is 3.5 dollars, as of today.");
        assert!(is_echo(&words("balance is 3.5 dollars"), &spoken));
        assert!(is_echo(&words("the account's BALANCE"), &spoken));
        assert!(!is_echo(&words("balance of today"), &spoken));
        assert!(!is_echo(&words(""), &spoken));
    }
}
