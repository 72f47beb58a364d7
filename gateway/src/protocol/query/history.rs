//! What was said in a session, as the responder is told it: bounded in turns and in bytes.

use std::collections::VecDeque;

use crate::conversation::Message;

/// What was asked, and all that came of it: dropped together, so that no tool's result is without its
/// call.
#[derive(Debug)]
struct Exchange {
    number: u64,
    asked: String,
    answered: Vec<Message>,
}

impl Exchange {
    fn bytes(&self) -> usize {
        let answered = self.answered.iter().map(|it| match it {
            Message::System(text) | Message::User(text) | Message::Assistant(text) => text.len(),
            Message::ToolCall(call) => call.id.len() + call.name.len() + call.arguments.len(),
            Message::ToolResult { call_id, output } => call_id.len() + output.len(),
        });
        self.asked.len() + answered.sum::<usize>()
    }
}

/// Of one session.
#[derive(Debug)]
pub(super) struct History {
    turns: usize,
    bytes: usize,
    exchanges: VecDeque<Exchange>,
}

impl History {
    pub(super) fn new(turns: usize, bytes: usize) -> Self {
        Self {
            turns: turns.max(1),
            bytes,
            exchanges: VecDeque::new(),
        }
    }

    /// How many turns it holds.
    pub(super) fn turns(&self) -> usize {
        self.exchanges.len()
    }

    /// The query of this number has been understood.
    pub(super) fn asked(&mut self, number: u64, text: String) {
        self.exchanges.push_back(Exchange {
            number,
            asked: text,
            answered: Vec::new(),
        });
        self.trim();
    }

    /// The whole answer to it was given.
    pub(super) fn answered(&mut self, number: u64, messages: Vec<Message>) {
        if let Some(it) = self.exchanges.iter_mut().find(|it| it.number == number) {
            it.answered = messages;
        }
        self.trim();
    }

    /// What the responder is told.
    pub(super) fn messages(&self, instructions: &str) -> Vec<Message> {
        let mut messages = Vec::new();
        if !instructions.is_empty() {
            messages.push(Message::System(instructions.to_owned()));
        }
        for exchange in &self.exchanges {
            messages.push(Message::User(exchange.asked.clone()));
            messages.extend(exchange.answered.iter().cloned());
        }
        messages
    }

    /// The newest turn stays, however long it is: what it says is what is to be answered.
    fn trim(&mut self) {
        while self.exchanges.len() > 1
            && (self.exchanges.len() > self.turns
                || self.exchanges.iter().map(Exchange::bytes).sum::<usize>() > self.bytes)
        {
            self.exchanges.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(history: &History) -> Vec<String> {
        let user = |it| match it {
            Message::User(text) => Some(text),
            _ => None,
        };
        history.messages("").into_iter().filter_map(user).collect()
    }

    #[test]
    fn what_was_said_is_told_in_order_behind_the_instructions() {
        let mut history = History::new(20, 1000);
        history.asked(1, "a".into());
        history.asked(2, "b".into());
        history.answered(1, vec![Message::Assistant("A".into())]);
        let messages = history.messages("Be brief.");
        assert_eq!(
            messages,
            [
                Message::System("Be brief.".into()),
                Message::User("a".into()),
                Message::Assistant("A".into()),
                Message::User("b".into()),
            ]
        );
    }

    #[test]
    fn turns_and_bytes_are_bounded_and_the_newest_turn_stays() {
        let mut history = History::new(2, 10);
        for (number, text) in [(1, "a"), (2, "b"), (3, "c")] {
            history.asked(number, text.into());
        }
        assert_eq!(users(&history), ["b", "c"]);
        history.answered(1, vec![Message::Assistant("of what is gone".into())]);
        assert_eq!(users(&history), ["b", "c"]);
        history.answered(3, vec![Message::Assistant("0123456789".into())]);
        assert_eq!(users(&history), ["c"]);
        assert_eq!(history.turns(), 1);
    }
}
