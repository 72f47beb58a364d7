//! What a request is about, by its words alone.

/// What can be asked for, in any of the languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// Who answers, and what can be asked; a greeting, or nothing at all.
    Introduction,
    Time,
    Story,
    Balance,
    Other,
}

const BALANCE: &[&str] = &["balance", "guthaben", "kontostand"];
const STORY: &[&str] = &["geschichte", "märchen", "stories", "story", "tale"];
const GREETINGS: &[&str] = &[
    "guten", "hallo", "hello", "help", "hey", "hi", "hilfe", "moin",
];

/// Words that belong together, in this order.
const TIME: &[&[&str]] = &[
    &["what", "time"],
    &["tell", "the", "time"],
    &["current", "time"],
    &["wie", "spät"],
    &["wie", "viel", "uhr"],
    &["wieviel", "uhr"],
    &["uhrzeit"],
];
const WHO: &[&[&str]] = &[
    &["who", "are", "you"],
    &["what", "are", "you"],
    &["what", "can", "you", "do"],
    &["are", "you", "a"],
    &["are", "you", "an"],
    &["your", "name"],
    &["wer", "bist", "du"],
    &["was", "bist", "du"],
    &["was", "kannst", "du"],
    &["bist", "du", "ein"],
    &["bist", "du", "eine"],
    &["wie", "heißt", "du"],
];

impl Intent {
    pub(super) fn of(text: &str) -> Self {
        let words: Vec<String> = words(text).collect();
        let has = |any: &[&str]| words.iter().any(|it| any.contains(&it.as_str()));
        let asks = |any: &[&[&str]]| {
            any.iter()
                .any(|it| words.windows(it.len()).any(|w| w == *it))
        };
        let is_short = words.len() <= 3;
        if has(BALANCE) {
            Self::Balance
        } else if has(STORY) {
            Self::Story
        } else if asks(TIME) {
            Self::Time
        } else if asks(WHO) || words.is_empty() || (is_short && has(GREETINGS)) {
            Self::Introduction
        } else {
            Self::Other
        }
    }
}

/// The words of a text in lower case.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|it: char| !it.is_alphanumeric())
        .filter(|it| !it.is_empty())
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_decide() {
        for (text, intent) in [
            ("", Intent::Introduction),
            (" … ", Intent::Introduction),
            ("Hello there!", Intent::Introduction),
            ("Hello, I would like to talk about rain.", Intent::Other),
            ("So, what are you, then?", Intent::Introduction),
            ("What time is it?", Intent::Time),
            ("One more time.", Intent::Other),
            ("Wie viel Uhr ist es?", Intent::Time),
            ("Tell me a STORY about time", Intent::Story),
            ("My account balance?", Intent::Balance),
            ("Was steht auf meinem Kontostand", Intent::Balance),
            ("the storyteller", Intent::Other),
        ] {
            assert_eq!(Intent::of(text), intent, "{text}");
        }
    }
}
