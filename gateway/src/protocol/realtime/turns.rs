//! What the user says, turn by turn: which item it becomes, and how much of its text was told.

use std::collections::VecDeque;

use crate::conversation::{Time, Turn};

/// Turns that are remembered: those that can still be transcribed or reopened, and more.
const MOST: usize = 32;

#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) turn: Turn,
    pub(super) item_id: String,
    /// Speech that the client was told of, and not of its end.
    pub(super) is_speaking: bool,
    /// The client was told that it is a turn; its transcript is to come.
    pub(super) awaits_transcript: bool,
    pub(super) length: Time,
    partial: Partial,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Turns(VecDeque<Heard>);

impl Turns {
    pub(super) fn begin(&mut self, turn: Turn, item_id: String) -> &mut Heard {
        self.remove(turn);
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(Heard {
            turn,
            item_id,
            is_speaking: false,
            awaits_transcript: false,
            length: Time::ZERO,
            partial: Partial::default(),
        });
        self.0.back_mut().expect("it was just pushed")
    }

    pub(super) fn get(&mut self, turn: Turn) -> Option<&mut Heard> {
        self.0.iter_mut().find(|it| it.turn == turn)
    }

    pub(super) fn remove(&mut self, turn: Turn) -> Option<Heard> {
        let place = self.0.iter().position(|it| it.turn == turn)?;
        self.0.remove(place)
    }

    pub(super) fn oldest_awaiting(&mut self) -> Option<&mut Heard> {
        self.0.iter_mut().find(|it| it.awaits_transcript)
    }

    /// The client wants what is being said to be forgotten.
    pub(super) fn clear_speaking(&mut self) {
        self.0.retain(|it| !it.is_speaking);
    }
}

impl Heard {
    /// What can be told of a transcript of which later ones may read differently: the words on which
    /// two in a row agree, as far as they go on from what was told.
    pub(super) fn agreed(&mut self, text: &str) -> Option<String> {
        self.partial.agreed(text)
    }

    /// What is left to be told of the whole, where that is how the beginning was told.
    pub(super) fn rest(&self, text: &str) -> Option<String> {
        let rest = text.strip_prefix(self.partial.told.as_str())?;
        (!rest.is_empty()).then(|| rest.to_owned())
    }
}

#[derive(Debug, Clone, Default)]
struct Partial {
    last: String,
    told: String,
}

impl Partial {
    fn agreed(&mut self, text: &str) -> Option<String> {
        let last = std::mem::replace(&mut self.last, text.to_owned());
        let same = last.bytes().zip(text.bytes()).take_while(|(a, b)| a == b);
        let mut end = text.floor_char_boundary(same.count());
        let begins_word = |it: &str| !it.starts_with(char::is_alphanumeric);
        if !(begins_word(&text[end..]) && begins_word(&last[end..])) {
            // Not a part of a word.
            end = text[..end].rfind(char::is_whitespace).unwrap_or(0);
        }
        let delta = text[..end].strip_prefix(self.told.as_str())?.to_owned();
        self.told.push_str(&delta);
        (!delta.is_empty()).then_some(delta)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_once_two_transcripts_agree_and_never_taken_back() {
        let mut partial = Partial::default();
        for (text, told) in [
            ("Hell", None),
            ("Hello wor", None),
            ("Hello world, how", Some("Hello")),
            ("Hello world, how are", Some(" world, how")),
            ("Yellow world, how are", None),
            ("Hello world, how are you", None),
            ("Hello world, how are you", Some(" are you")),
        ] {
            assert_eq!(partial.agreed(text).as_deref(), told, "{text}");
        }
    }
}
