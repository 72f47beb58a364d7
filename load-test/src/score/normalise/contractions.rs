//! Contractions written out.

/// Contractions of their own kind, without the apostrophe that some of them have.
fn whole(word: &str) -> Option<&'static [&'static str]> {
    Some(match word {
        "won't" => &["will", "not"],
        "can't" | "cannot" => &["can", "not"],
        "shan't" => &["shall", "not"],
        "ain't" => &["aint"],
        "let's" => &["let", "us"],
        "y'all" => &["you", "all"],
        "ma'am" => &["madam"],
        "i'ma" | "imma" => &["i", "am", "going", "to"],
        "gonna" => &["going", "to"],
        "gotta" => &["got", "to"],
        "wanna" => &["want", "to"],
        "coulda" => &["could", "have"],
        "shoulda" => &["should", "have"],
        "woulda" => &["would", "have"],
        _ => return None,
    })
}

/// The end of a contraction, and what is said in full with `next` behind it.
fn ending(word: &str, next: Option<&str>) -> Option<(&'static str, &'static str)> {
    const ENDINGS: [(&str, &str); 7] = [
        ("n't", "not"),
        ("'re", "are"),
        ("'ve", "have"),
        ("'ll", "will"),
        ("'m", "am"),
        ("'d", "would"),
        ("'s", "is"),
    ];
    let (written, said) = ENDINGS.into_iter().find(|(it, _)| word.ends_with(it))?;
    // Perfect tenses look the same, but for what follows.
    let said = match (written, next) {
        ("'s", Some("been" | "got")) => "has",
        ("'d", Some("been" | "done" | "gone")) => "had",
        _ => said,
    };
    Some((written, said))
}

/// Whether this is the end of a contraction that stands apart, as some transcripts have it.
pub(super) fn is_detached(word: &str) -> bool {
    word.starts_with('\'') && ending(word, None).is_some_and(|(it, _)| it == word)
}

/// The words that `word` stands for, all of them without apostrophes. A possessive is taken
/// for a contraction, as by Whisper's normaliser: only a grammar could tell, and it is the same on
/// both sides of a comparison.
pub(super) fn expanded(word: &str, next: Option<&str>) -> Vec<String> {
    let mut endings = Vec::new();
    let (mut stem, mut next) = (word, next);
    let mut words: Vec<String> = loop {
        if let Some(words) = whole(stem) {
            break words.iter().map(ToString::to_string).collect();
        }
        match ending(stem, next) {
            Some((written, said)) if written.len() < stem.len() => {
                endings.push(said.to_string());
                stem = &stem[..stem.len() - written.len()];
                next = Some(said);
            }
            _ => {
                let bare = stem.replace('\'', "");
                break whole(&bare).map_or_else(
                    || vec![bare.clone()],
                    |words| words.iter().map(ToString::to_string).collect(),
                );
            }
        }
    };
    words.extend(endings.into_iter().rev());
    words.retain(|it| !it.is_empty());
    words
}
