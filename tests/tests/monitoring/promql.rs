//! What an expression is about, by looks: Prometheus itself does the parsing.

use std::collections::BTreeSet;

fn is_of_a_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | ':')
}

/// Metrics that these expressions name: those of the services, and recorded ones.
pub(crate) fn metrics<'a>(expressions: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let is_metric = |word: &&str| {
        word.starts_with("voice_") || word.starts_with("process_") || word.contains(":voice_")
    };
    let words = expressions
        .into_iter()
        .flat_map(|it| it.split(|character| !is_of_a_name(character)));
    words.filter(is_metric).map(str::to_string).collect()
}

/// Parts of these expressions such as `voice_slots{service="asr"}`.
pub(crate) fn selectors<'a>(expressions: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut selectors = BTreeSet::new();
    for expression in expressions {
        for (brace, _) in expression.match_indices('{') {
            if expression[..brace].matches('"').count() % 2 == 1 {
                continue;
            }
            let name = expression[..brace].rsplit(|it| !is_of_a_name(it)).next();
            let end = closing_brace(&expression[brace..]);
            if let (Some(name), Some(end)) = (name.filter(|it| !it.is_empty()), end) {
                selectors.insert(format!("{name}{}", &expression[brace..=brace + end]));
            }
        }
    }
    selectors
}

/// Where the braces that `text` begins with end; not within quotes.
fn closing_brace(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, character)| {
        quoted ^= character == '"';
        (character == '}' && !quoted).then_some(at)
    })
}

#[test]
fn names_and_selectors_are_found() {
    let expression =
        r#"sum by (job) (rate(voice_a_total{x=~"a{2}",y="b"}[5m])) / a:voice_b:c > up"#;
    let names = metrics([expression]);
    assert_eq!(Vec::from_iter(names), ["a:voice_b:c", "voice_a_total"]);
    let found = selectors([expression]);
    assert_eq!(Vec::from_iter(found), [r#"voice_a_total{x=~"a{2}",y="b"}"#]);
}
