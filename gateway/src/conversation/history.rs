//! What was said, as the responder is told it: bounded, and only what was heard.

use std::collections::HashSet;

use super::ids::Ids;
use super::{Item, Turn};

/// A tool that the responder calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// Its name, unique within the conversation: where the chat server's is not, the responder gives
    /// it another.
    pub id: String,
    /// The tool.
    pub name: String,
    /// JSON, as the responder wrote it.
    pub arguments: String,
    /// Whether the client runs it; it adds the result as an item and asks for a new answer.
    pub by_client: bool,
}

/// An entry of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// What the responder is to know.
    System(String),
    /// What the user said or wrote.
    User(String),
    /// What the bot said, as far as it was heard.
    Assistant(String),
    /// What the bot asked a tool.
    ToolCall(ToolCall),
    /// What the tool answered.
    ToolResult {
        /// Of the call.
        call_id: String,
        /// What the responder is told.
        output: String,
    },
}

/// However small they are.
const ENTRIES: usize = 1000;

/// What the responder is told of a tool that has not answered.
const NO_RESULT: &str = "There is no result.";

impl Message {
    fn bytes(&self) -> usize {
        match self {
            Self::System(text) | Self::User(text) | Self::Assistant(text) => text.len(),
            Self::ToolCall(call) => call.id.len() + call.name.len() + call.arguments.len(),
            Self::ToolResult { call_id, output } => call_id.len() + output.len(),
        }
    }

    fn text_mut(&mut self) -> &mut String {
        match self {
            Self::System(text) | Self::User(text) | Self::Assistant(text) => text,
            Self::ToolCall(call) => &mut call.arguments,
            Self::ToolResult { output, .. } => output,
        }
    }
}

#[derive(Debug, Clone)]
enum Content {
    Message(Message),
    /// What was said is being transcribed.
    Awaited(Turn),
}

#[derive(Debug, Clone)]
struct Entry {
    item: Item,
    content: Content,
}

impl Entry {
    fn is_of_user(&self) -> bool {
        matches!(
            self.content,
            Content::Awaited(_) | Content::Message(Message::User(_))
        )
    }

    fn message(&self) -> Option<&Message> {
        match &self.content {
            Content::Message(message) => Some(message),
            Content::Awaited(_) => None,
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct History {
    entries: Vec<Entry>,
    turns: usize,
    bytes: usize,
}

impl History {
    pub(super) fn new(turns: usize, bytes: usize) -> Self {
        let mut history = Self::default();
        history.limit(turns, bytes);
        history
    }

    pub(super) fn limit(&mut self, turns: usize, bytes: usize) {
        self.turns = turns.max(1);
        self.bytes = bytes;
        self.trim();
    }

    pub(super) fn last(&self) -> Option<Item> {
        self.entries.last().map(|it| it.item)
    }

    /// Behind `after`, or first behind [`Item::NONE`], or as the last one if that is `None` or gone.
    pub(super) fn insert(&mut self, message: Message, after: Option<Item>, ids: &mut Ids) -> Item {
        self.insert_content(Content::Message(message), after, ids)
    }

    /// A place for what is being transcribed.
    pub(super) fn expect(&mut self, turn: Turn, ids: &mut Ids) -> Item {
        self.insert_content(Content::Awaited(turn), None, ids)
    }

    /// What was transcribed. Nothing takes no place.
    pub(super) fn fulfil(&mut self, turn: Turn, text: String) {
        let place = |it: &Entry| matches!(it.content, Content::Awaited(own) if own == turn);
        if text.is_empty() {
            self.entries.retain(|it| !place(it));
        } else if let Some(entry) = self.entries.iter_mut().find(|it| place(it)) {
            entry.content = Content::Message(Message::User(text));
        }
        self.trim();
    }

    pub(super) fn has(&self, item: Item) -> bool {
        self.entries.iter().any(|it| it.item == item)
    }

    pub(super) fn remove(&mut self, item: Item) {
        self.entries.retain(|it| it.item != item);
    }

    /// Says less in a message of the bot; nothing takes no place.
    pub(super) fn shorten(&mut self, item: Item, text: &str) {
        if text.is_empty() {
            self.remove(item);
        } else if let Some(entry) = self.entries.iter_mut().find(|it| it.item == item) {
            entry.content = Content::Message(Message::Assistant(text.to_owned()));
        }
    }

    /// What the responder is told: results directly behind their calls, each call with one.
    pub(super) fn messages(&self, instructions: &str, more: &[Message]) -> Vec<Message> {
        let own = self.entries.iter().filter_map(Entry::message);
        let all: Vec<&Message> = own.chain(more).collect();
        let mut messages = Vec::with_capacity(all.len() + 1);
        if !instructions.is_empty() {
            messages.push(Message::System(instructions.to_owned()));
        }
        for message in &all {
            match message {
                Message::ToolResult { .. } => {}
                Message::ToolCall(call) => {
                    messages.push((*message).clone());
                    messages.push(result_of(&call.id, &all));
                }
                _ => messages.push((*message).clone()),
            }
        }
        messages
    }

    fn insert_content(&mut self, content: Content, after: Option<Item>, ids: &mut Ids) -> Item {
        let item = ids.item();
        let place = after.and_then(|after| self.entries.iter().position(|it| it.item == after));
        let place = match place {
            _ if after == Some(Item::NONE) => 0,
            Some(place) => place + 1,
            None => self.entries.len(),
        };
        self.entries.insert(place, Entry { item, content });
        self.trim();
        item
    }

    fn size(&self) -> usize {
        self.entries
            .iter()
            .filter_map(Entry::message)
            .map(Message::bytes)
            .sum()
    }

    fn is_too_much(&self) -> bool {
        let turns = self.entries.iter().filter(|it| it.is_of_user()).count();
        turns > self.turns || self.size() > self.bytes || self.entries.len() > ENTRIES
    }

    fn trim(&mut self) {
        while self.is_too_much() {
            let next_turn = self
                .entries
                .iter()
                .skip(1)
                .position(Entry::is_of_user)
                .map(|it| it + 1);
            match next_turn {
                Some(end) => self.drop_first(end),
                None if self.entries.len() > 1 => self.drop_first(1),
                None => {
                    self.cut_last();
                    return;
                }
            }
        }
    }

    /// Drops entries from the front, and results of calls that go with them.
    fn drop_first(&mut self, count: usize) {
        let calls: HashSet<String> = self
            .entries
            .drain(..count)
            .filter_map(|it| match it.content {
                Content::Message(Message::ToolCall(call)) => Some(call.id),
                _ => None,
            })
            .collect();
        self.entries.retain(
            |it| !matches!(it.message(), Some(Message::ToolResult { call_id, .. }) if calls.contains(call_id)),
        );
    }

    /// A single message that is too long keeps its beginning.
    fn cut_last(&mut self) {
        let excess = self.size().saturating_sub(self.bytes);
        if let Some(Entry {
            content: Content::Message(message),
            ..
        }) = self.entries.last_mut()
        {
            let text = message.text_mut();
            let end = text.floor_char_boundary(text.len().saturating_sub(excess));
            text.truncate(end);
        }
    }
}

fn result_of(call_id: &str, all: &[&Message]) -> Message {
    let found = all
        .iter()
        .find(|it| matches!(it, Message::ToolResult { call_id: own, .. } if own == call_id));
    found.map_or_else(
        || Message::ToolResult {
            call_id: call_id.to_owned(),
            output: NO_RESULT.to_owned(),
        },
        |it| (*it).clone(),
    )
}
