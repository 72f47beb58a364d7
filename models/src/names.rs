//! Names: which are safe to use, which look like a voice's, and which are like each other.

/// How well a voice sounds, as the end of its name says it.
const QUALITIES: [&str; 4] = ["x_low", "low", "medium", "high"];

/// Whether `name` can be a part of a path and an argument of a program: ASCII letters, digits
/// and `._-`, the last three not at the start.
pub(crate) fn is_plain(name: &str) -> bool {
    name.is_ascii() && is_plain_in_any_script(name)
}

/// The same with letters of any script, for names of voices: there is a `pt_PT-tugão-medium`.
pub(crate) fn is_plain_in_any_script(name: &str) -> bool {
    // No file system takes a longer one, and what is added to it must fit as well.
    const MAX_BYTES: usize = 200;
    name.len() <= MAX_BYTES
        && name.starts_with(char::is_alphanumeric)
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "._-".contains(c))
}

/// The locale in the name of a Piper voice: `de_DE` of `de_DE-thorsten-medium`. `None` if
/// `name` is not of this form.
pub(crate) fn voice_locale(name: &str) -> Option<&str> {
    let (locale, rest) = name.split_once('-')?;
    let (speaker, quality) = rest.split_once('-')?;
    let valid = is_locale(locale)
        && !speaker.is_empty()
        && QUALITIES.contains(&quality)
        && is_plain_in_any_script(name);
    valid.then_some(locale)
}

/// Paths of a voice's model and configuration inside the models directory.
pub(crate) fn voice_paths(name: &str) -> [String; 2] {
    [
        format!("voices/{name}.onnx"),
        format!("voices/{name}.onnx.json"),
    ]
}

/// A language and a region, `de_DE` or `es_419`.
pub(crate) fn is_locale(text: &str) -> bool {
    let is = |text: &str, lengths: &[usize], kind: fn(&u8) -> bool| {
        lengths.contains(&text.len()) && text.as_bytes().iter().all(kind)
    };
    text.split_once('_').is_some_and(|(language, region)| {
        is(language, &[2, 3], u8::is_ascii_lowercase)
            && (is(region, &[2], u8::is_ascii_uppercase) || is(region, &[3], u8::is_ascii_digit))
    })
}

/// Up to three of the `known` names that `name` may have been meant to be, the nearest first.
pub(crate) fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let wanted = name.to_lowercase();
    let limit = (wanted.chars().count() / 2).max(2);
    let mut near: Vec<_> = known
        .map(|known| (edit_distance(&wanted, &known.to_lowercase()), known))
        .filter(|(distance, known)| *distance <= limit || known.starts_with(&wanted))
        .collect();
    near.sort_unstable();
    near.into_iter()
        .take(3)
        .map(|(_, name)| name.to_owned())
        .collect()
}

/// Levenshtein's distance between two names, in characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_name_leads_nowhere_else() {
        for name in ["base", "large-v3-q5_0", "1.31.1"] {
            assert!(is_plain(name), "{name}");
        }
        for name in [
            "", ".", "..", "../a", "a/b", "/a", "-r", "a\\b", "a b", "a\0", "ã",
        ] {
            assert!(!is_plain(name), "{name:?}");
        }
        assert!(is_plain_in_any_script("pt_PT-tugão-medium"));
        assert!(!is_plain_in_any_script("pt_PT/tugão"));
        assert!(!is_plain_in_any_script(&"a".repeat(201)));
    }

    #[test]
    fn a_voice_has_a_locale_a_speaker_and_a_quality() {
        for (name, locale) in [
            ("de_DE-thorsten-medium", Some("de_DE")),
            ("es_419-someone-x_low", Some("es_419")),
            ("en_GB-semaine_2-high", Some("en_GB")),
            ("pt_PT-tugão-medium", Some("pt_PT")),
            ("tiny.en-q8_0", None),
            ("large-v3-turbo", None),
            ("de_DE-thorsten", None),
            ("de_DE-thorsten-best", None),
            ("de_DE--medium", None),
            ("de_de-thorsten-medium", None),
            ("de_DE-../thorsten-medium", None),
        ] {
            assert_eq!(voice_locale(name), locale, "{name}");
        }
    }

    #[test]
    fn upper_case_does_not_make_names_differ() {
        let known = ["de_DE-thorsten-medium", "de_DE-thorsten-low"];
        let near = near("de_DE-torsten-medium", known.into_iter());
        assert_eq!(near[0], "de_DE-thorsten-medium");
    }

    #[test]
    fn edit_distance_counts_insertions_deletions_and_replacements() {
        for (a, b, distance) in [
            ("", "", 0),
            ("a", "", 1),
            ("base", "bases", 1),
            ("tiny", "tony", 1),
            ("ab", "ba", 2),
        ] {
            assert_eq!(edit_distance(a, b), distance, "{a} to {b}");
        }
    }
}
