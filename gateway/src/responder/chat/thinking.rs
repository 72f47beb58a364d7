//! Takes a model's thoughts out of what it says: they are not for the ear.

/// Between these, models think, if their server does not keep it apart.
const TAGS: [(&str, &str); 4] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<reasoning>", "</reasoning>"),
    ("[THINK]", "[/THINK]"),
];

/// Where a text is between thought and speech.
#[derive(Debug, Default)]
pub(super) struct Thinking {
    /// The tag that will end the thought.
    until: Option<&'static str>,
    /// What may be the beginning of a tag.
    held: String,
}

impl Thinking {
    /// Takes more text, and gives what of it can be said.
    pub(super) fn push(&mut self, text: &str) -> String {
        self.held.push_str(text);
        let mut said = String::new();
        loop {
            let Some((at, tag, until)) = self.next_tag() else {
                let end = self.held.len() - self.beginning_of_a_tag();
                let rest = self.held.split_off(end);
                let clear = std::mem::replace(&mut self.held, rest);
                if self.until.is_none() {
                    said.push_str(&clear);
                }
                return said;
            };
            if self.until.is_none() {
                said.push_str(&self.held[..at]);
            }
            self.held.drain(..at + tag.len());
            self.until = until;
        }
    }

    /// Nothing more comes: what only looked like a tag is text.
    pub(super) fn end(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        if self.until.is_none() {
            held
        } else {
            String::new()
        }
    }

    /// The tags that would mean something here. One that ends what has not begun stands for
    /// itself: the beginning of that thought was in the prompt.
    fn tags(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
        let closing = self.until;
        TAGS.into_iter()
            .flat_map(|(open, close)| [(open, Some(close)), (close, None)])
            .filter(move |(tag, _)| closing.is_none_or(|it| it == *tag))
    }

    /// The first of them: where it is, itself, and what ends the thought behind it.
    fn next_tag(&self) -> Option<(usize, &'static str, Option<&'static str>)> {
        self.tags()
            .filter_map(|(tag, until)| Some((self.held.find(tag)?, tag, until)))
            .min_by_key(|(at, _, _)| *at)
    }

    /// How many bytes at the end may become a tag.
    fn beginning_of_a_tag(&self) -> usize {
        let beginnings = self.tags().flat_map(|(tag, _)| {
            (1..tag.len()).filter(move |length| self.held.ends_with(&tag[..*length]))
        });
        beginnings.max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(pieces: &[&str]) -> String {
        let mut thinking = Thinking::default();
        let mut said: String = pieces.iter().map(|it| thinking.push(it)).collect();
        said.push_str(&thinking.end());
        said
    }

    #[test]
    fn thoughts_are_not_said() {
        for (pieces, expected) in [
            (&["Hello."][..], "Hello."),
            (&["<think>Hm.</think>Hello."], "Hello."),
            (&["<think>", "Hm.", "</think>", "\n\nHello."], "\n\nHello."),
            (&["<", "th", "ink>Hm", ".</thi", "nk>He", "llo."], "Hello."),
            (&["A <thinking>b</think></thinking>c"], "A c"),
            (&["[THINK]Hm[/THINK]Yes"], "Yes"),
            (&["</think>Hello."], "Hello."),
            (&["<think>never ended"], ""),
            (&["<think>never ended</th"], ""),
            (&["a < b", " and 1 <", " 2"], "a < b and 1 < 2"),
            (&["ends with <thi"], "ends with <thi"),
            (&["a<think>1</think>b<think>2</think>c"], "abc"),
        ] {
            assert_eq!(said(pieces), expected, "{pieces:?}");
        }
    }

    #[test]
    fn what_can_be_no_tag_is_said_at_once() {
        let mut thinking = Thinking::default();
        assert_eq!(thinking.push("1 < 2"), "1 < 2");
        assert_eq!(thinking.push(" <t"), " ");
        assert_eq!(thinking.push("o>"), "<to>");
    }

    proptest! {
        #[test]
        fn where_pieces_are_cut_makes_no_difference(
            words in proptest::collection::vec(
                prop_oneof![
                    Just("<think>"), Just("</think>"), Just("<thinking>"), Just("[/THINK]"),
                    Just("<"), Just("ä"), Just(" b"), Just("</"),
                ],
                0..12,
            ),
        ) {
            let whole = words.concat();
            let each: Vec<String> = whole.chars().map(String::from).collect();
            let each: Vec<&str> = each.iter().map(String::as_str).collect();
            prop_assert_eq!(said(&each), said(&[&whole]));
            prop_assert_eq!(said(&words), said(&[&whole]));
        }
    }
}
