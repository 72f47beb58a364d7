//! Cuts what the responder says to phrases that are spoken one by one: the first one short, so that
//! it is heard soon, the others sentences, because those sound best.

use super::Time;
use super::ends::Ends;
use super::settings::Settings;

/// A phrase that goes on for so long is cut at the end of a clause.
const LONG_BYTES: usize = 160;
/// … and for so long between any two words, or, where there are none, anywhere.
const LONGEST_BYTES: usize = 320;

#[derive(Debug, Clone)]
pub(crate) struct PhraseCutter {
    first_words: usize,
    first_after: Time,
    text: String,
    is_first: bool,
    /// When the first word came.
    began: Option<Time>,
}

impl PhraseCutter {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            first_words: settings.first_phrase_words.max(1),
            first_after: settings.first_phrase_after,
            text: String::new(),
            is_first: true,
            began: None,
        }
    }

    /// The responder says more.
    pub(crate) fn push(&mut self, text: &str, now: Time) {
        self.text.push_str(text);
        if self.began.is_none() && !self.text.trim().is_empty() {
            self.began = Some(now);
        }
    }

    /// The next phrase, if one is whole.
    pub(crate) fn cut(&mut self, now: Time) -> Option<String> {
        loop {
            let end = self.end(now)?;
            if let Some(phrase) = self.take(end) {
                return Some(phrase);
            }
        }
    }

    /// What is left, whole or not.
    pub(crate) fn finish(&mut self) -> Option<String> {
        self.take(self.text.len())
    }

    /// When [`cut`](Self::cut) will have something by the mere passing of time.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.end_of_words(self.first_words)
            .filter(|_| self.is_first)?;
        Some(self.began? + self.first_after)
    }

    fn end(&self, now: Time) -> Option<usize> {
        let ends = Ends::of(&self.text);
        if let Some(end) = ends.sentence {
            let early = ends
                .first_clause
                .filter(|clause| self.is_first && *clause < end);
            return Some(early.unwrap_or(end));
        }
        if self.is_first {
            if let Some(end) = ends.first_clause {
                return Some(end);
            }
            if self.deadline().is_some_and(|it| it <= now) {
                return self.end_of_words(self.first_words);
            }
        }
        if self.text.len() > LONG_BYTES && ends.last_clause.is_some() {
            return ends.last_clause;
        }
        if self.text.len() > LONGEST_BYTES {
            let limit = self.text.floor_char_boundary(LONGEST_BYTES);
            let space = self.text[..limit].trim_start().rfind(char::is_whitespace);
            return Some(space.filter(|it| *it > 0).unwrap_or(limit));
        }
        None
    }

    /// Behind this many words that are whole.
    fn end_of_words(&self, count: usize) -> Option<usize> {
        let mut words = 0;
        let mut in_word = false;
        for (at, c) in self.text.char_indices() {
            if in_word && c.is_whitespace() {
                words += 1;
                if words == count {
                    return Some(at);
                }
            }
            in_word = !c.is_whitespace();
        }
        None
    }

    /// A phrase without a letter or digit is none: it can't be spoken.
    fn take(&mut self, end: usize) -> Option<String> {
        let rest = self.text.split_off(end);
        let phrase = std::mem::replace(&mut self.text, rest);
        let phrase = phrase.trim();
        if !phrase.contains(char::is_alphanumeric) {
            return None;
        }
        self.is_first = false;
        Some(phrase.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LATE: Time = Duration::from_secs(9);

    fn cut(text: &str) -> Vec<String> {
        let mut cutter = PhraseCutter::new(&Settings::default());
        cutter.is_first = false;
        let mut phrases = Vec::new();
        for c in text.chars() {
            cutter.push(c.encode_utf8(&mut [0; 4]), Time::ZERO);
            phrases.extend(cutter.cut(Time::ZERO));
        }
        phrases.extend(cutter.finish());
        phrases
    }

    #[test]
    fn sentences_are_cut_where_they_end_and_nowhere_else() {
        for (text, expected) in [
            ("One. Two! Three?", &["One.", "Two!", "Three?"][..]),
            (
                "It costs 3.5 dollars. Yes.",
                &["It costs 3.5 dollars.", "Yes."],
            ),
            (
                "Ask Dr. Smith or J. Doe. Now.",
                &["Ask Dr. Smith or J. Doe.", "Now."],
            ),
            (
                "Fruit, e.g. apples, z.B. these.",
                &["Fruit, e.g. apples, z.B. these."],
            ),
            (
                "Am 3. Mai um 10:30 Uhr. Gut.",
                &["Am 3. Mai um 10:30 Uhr.", "Gut."],
            ),
            (
                "He said \"Stop.\" Then left.",
                &["He said \"Stop.\"", "Then left."],
            ),
            (
                "Well... maybe. Fine?! Good.",
                &["Well...", "maybe.", "Fine?!", "Good."],
            ),
            (
                "今日は晴れです。明日は？雨。",
                &["今日は晴れです。", "明日は？", "雨。"],
            ),
            ("मैं ठीक हूँ। आप?", &["मैं ठीक हूँ।", "आप?"]),
            ("- apples\n- pears\n", &["- apples", "- pears"]),
            (
                "See www.example.org/a.b now. OK.",
                &["See www.example.org/a.b now.", "OK."],
            ),
            ("** — ** Yes. 🙂", &["** — ** Yes."]),
            ("", &[]),
        ] {
            assert_eq!(cut(text), expected, "{text}");
        }
    }

    #[test]
    fn nothing_but_marks_and_spaces_is_lost() {
        let text = "A, b; c. D e f: g! ".repeat(40);
        let kept = |it: &str| {
            it.chars()
                .filter(|it| !it.is_whitespace())
                .collect::<String>()
        };
        assert_eq!(kept(&cut(&text).concat()), kept(&text));
    }

    #[test]
    fn the_first_phrase_ends_with_a_clause() {
        let mut cutter = PhraseCutter::new(&Settings::default());
        cutter.push("Well, as you know, it rains. ", Time::ZERO);
        assert_eq!(
            cutter.cut(Time::ZERO).as_deref(),
            Some("Well, as you know,")
        );
        assert_eq!(cutter.cut(Time::ZERO).as_deref(), Some("it rains."));
    }

    #[test]
    fn the_first_phrase_ends_after_six_words_and_250_ms() {
        let mut cutter = PhraseCutter::new(&Settings::default());
        cutter.push("One two three four five six", Time::ZERO);
        assert_eq!(cutter.cut(LATE), None, "the sixth may go on");
        cutter.push(" seven eight", LATE);
        let early = Duration::from_millis(249);
        assert_eq!(cutter.cut(early), None);
        let due = cutter.deadline().unwrap();
        assert_eq!(due, Duration::from_millis(250));
        assert_eq!(
            cutter.cut(due).as_deref(),
            Some("One two three four five six")
        );
        assert_eq!(cutter.deadline(), None);
        assert_eq!(cutter.cut(LATE), None, "only the first");
    }

    #[test]
    fn a_phrase_has_an_end_whatever_the_responder_says() {
        let longest = cut(&"word ".repeat(500)).iter().map(String::len).max();
        assert!(longest <= Some(LONGEST_BYTES));
        let longest = cut(&"字".repeat(2000)).iter().map(String::len).max();
        assert!(longest <= Some(LONGEST_BYTES));
        let clauses = cut(&"a long clause indeed, ".repeat(30));
        assert!(
            clauses[..clauses.len() - 1]
                .iter()
                .all(|it| it.ends_with(',')),
            "{clauses:?}"
        );
    }
}
