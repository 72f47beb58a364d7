//! Where sentences end: the rules of the crate `sentencex`, in windows.
//!
//! It knows abbreviations, initials, numbers and quotations of many languages. Some input costs
//! it time with the square of its length (a megabyte of `". ` takes a minute), so it sees no
//! more than [`WINDOW_BYTES`] at once.

use super::characters::is_spoken;

/// What is looked at at once. A sentence is a tenth of it, and longer ones are cut anyway.
const WINDOW_BYTES: usize = 2048;

/// The sentences of one line of text, in order, without the blanks around them.
pub(super) fn sentences<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let language = primary(language);
    let mut sentences: Vec<&str> = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let end = window_end(text, start);
        let window = &text[start..end];
        let mut ends: Vec<usize> = sentencex::segment(&language, window)
            .iter()
            .scan(0, |at, sentence| {
                *at += sentence.len();
                Some(*at)
            })
            .collect();
        // The last one goes on in the next window, unless that would mean to read it all again
        // and again.
        if end < text.len()
            && let [.., before_last, _] = ends[..]
            && before_last >= window.len() / 2
        {
            ends.pop();
        }
        let mut from = 0;
        for end in ends {
            let sentence = &window[from..end];
            if !is_number_or_initial(sentence) || end == window.len() {
                sentences.push(sentence.trim());
                from = end;
            }
        }
        debug_assert!(from > 0, "a window has a sentence");
        start += from;
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// `1.` or `M.` belongs to what follows.
fn is_number_or_initial(sentence: &str) -> bool {
    let Some(word) = sentence.trim().strip_suffix('.') else {
        return false;
    };
    let mut characters = word.chars().filter(|&character| is_spoken(character));
    match (characters.next(), characters.next()) {
        (Some(first), None) => first.is_numeric() || first.is_uppercase(),
        (Some(_), Some(_)) => word.len() < 4 && word.bytes().all(|byte| byte.is_ascii_digit()),
        (None, _) => false,
    }
}

/// The language without script and region, in small letters.
fn primary(language: &str) -> String {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    match primary.to_ascii_lowercase() {
        // The names by which espeak-ng knows these.
        chinese if matches!(chinese.as_str(), "cmn" | "yue") => "zh".into(),
        norwegian if matches!(norwegian.as_str(), "nb" | "nn") => "no".into(),
        other => other,
    }
}

/// The end of the window that starts at `start`: at a blank if there is one.
fn window_end(text: &str, start: usize) -> usize {
    if text.len() - start <= WINDOW_BYTES {
        return text.len();
    }
    let end = text.floor_char_boundary(start + WINDOW_BYTES);
    text[start..end]
        .rfind(' ')
        .map_or(end, |blank| start + blank + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text with `|` where a sentence ends.
    fn check(language: &str, marked: &str) {
        let text = marked.replace('|', "");
        let expected: Vec<&str> = marked.split('|').map(str::trim).collect();
        assert_eq!(sentences(&text, language), expected, "{language}");
    }

    #[test]
    fn sentences_end_where_they_end() {
        check(
            "en-US",
            "Dr. Smith paid $3.50 on Nov. 21st at 5 p.m. |He left. |Yes, well.",
        );
        check(
            "en-US",
            "The U.S. Government said so. |See e.g. Fig. 3. |It's 3.14, i.e. pi.",
        );
        check(
            "en-GB",
            "\"Really?\" she asked. |\"Stop!\" he cried. |What?! |OK!",
        );
        check(
            "en",
            "Version 1.2.3 is out. |Visit example.com. |J. R. R. Tolkien wrote it.",
        );
        check("en", "1. Install it. |2. Run it. |Hello world");
        check(
            "de-DE",
            "Das ist z. B. ein Test. |Am 3. Mai kam Dr. Meier. |Er ging. |Was? |Ja!",
        );
        check(
            "fr-FR",
            "Il dit : « Bonjour ! » |Puis il part. |Ça va ? |M. Dupont est là.",
        );
        check("es_MX", "¿Cómo estás? |¡Bien! |El Sr. López vino.");
        check("ru", "Привет. |Как дела? |Хорошо!");
        check("cmn", "你好, 世界. |今天天气很好! |你呢? |我很好.");
        check("ja-JP", "これは本です. |それはペンです. |はい!");
        check("ar", "مرحبا. |كيف حالك؟ |أنا بخير.");
        check("hi-IN", "यह एक परीक्षण है. |क्या हाल है? |ठीक.");
        check("nb-NO", "Hei. |Hvordan går det? |Bra.");
        check("tlh", "One. |Two.");
        check("", "One. |Two.");
    }

    #[test]
    fn a_long_text_is_cut_at_the_same_places_as_a_short_one() {
        let text = "Dr. Smith left at 5 p.m. on Monday. \"Really?\" she asked. ".repeat(1000);
        let all = sentences(&text, "en");
        assert_eq!(all.len(), 2000);
        assert!(all.chunks(2).all(|two| two == &all[..2]));
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "\\PC{0,300}|[a-cA-C0-9.!?\"“”« ()]{0,5000}") {
            let found = sentences(&text, "en");
            let without_blanks = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(without_blanks(&found.concat()), without_blanks(&text));
        }
    }
}
