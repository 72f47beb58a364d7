//! The items of a conversation, as the client knows them: the newest ones.

use std::collections::VecDeque;

use super::format::RATE_HZ;
use super::item::{Body, Content, Item};
use crate::conversation::{self, Generation};

const MOST: usize = 500;
const BYTES: usize = 512 << 10;

/// What an item that comes before all others is said to follow.
pub(super) const FIRST: &str = "root";

/// The audio of an item: a stretch of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sound {
    pub(super) generation: Generation,
    /// Where it begins, in samples of the answer.
    pub(super) from: u64,
    /// Samples that the client was sent.
    pub(super) samples: u64,
}

impl Sound {
    pub(super) fn milliseconds(&self) -> u64 {
        self.samples * 1000 / u64::from(RATE_HZ)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) item: Item,
    /// What the conversation calls it, once it has it: an answer that used tools is several entries.
    pub(super) handles: Vec<conversation::Item>,
    pub(super) sound: Option<Sound>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Items(VecDeque<Entry>);

impl Items {
    pub(super) fn last_id(&self) -> Option<String> {
        self.0.back().map(|it| it.item.id.clone())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Item> {
        self.0.iter().map(|it| &it.item)
    }

    pub(super) fn of_call(&mut self, id: &str) -> Option<&mut Entry> {
        let is_it = |it: &Body| matches!(it, Body::FunctionCall { call_id, .. } if call_id == id);
        self.0.iter_mut().rev().find(|it| is_it(&it.item.body))
    }

    pub(super) fn is_last(&self, id: &str) -> bool {
        self.0.back().is_some_and(|it| it.item.id == id)
    }

    pub(super) fn get(&self, id: &str) -> Option<&Entry> {
        self.0.iter().find(|it| it.item.id == id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Entry> {
        self.0.iter_mut().find(|it| it.item.id == id)
    }

    /// The item before this one.
    pub(super) fn before(&self, id: &str) -> Option<String> {
        let place = self.0.iter().position(|it| it.item.id == id)?;
        Some(self.0.get(place.checked_sub(1)?)?.item.id.clone())
    }

    pub(super) fn push(&mut self, item: Item) {
        self.insert(item, Vec::new(), None);
    }

    /// Behind that one, or first behind [`FIRST`], or as the last one.
    pub(super) fn insert(
        &mut self,
        item: Item,
        handles: Vec<conversation::Item>,
        behind: Option<&str>,
    ) {
        let place = behind.and_then(|id| self.0.iter().position(|it| it.item.id == id));
        let place = match place {
            _ if behind == Some(FIRST) => 0,
            Some(place) => place + 1,
            None => self.0.len(),
        };
        let entry = Entry {
            item,
            handles,
            sound: None,
        };
        self.0.insert(place, entry);
        while self.0.len() > MOST || (self.0.len() > 1 && self.bytes() > BYTES) {
            self.0.pop_front();
        }
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.0.retain(|it| it.item.id != id);
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|it| it.item.bytes()).sum()
    }

    pub(super) fn set_transcript(&mut self, id: &str, text: &str) {
        if let Some(Entry { item, .. }) = self.get_mut(id)
            && let Body::Message { content, .. } = &mut item.body
            && let Some(Content::InputAudio { transcript }) = content.first_mut()
        {
            *transcript = Some(text.to_owned());
        }
    }

    /// Of what the client has not heard the words are dropped, as many as that is of its time.
    pub(super) fn truncate(&mut self, id: &str, samples: u64) {
        let Some(Entry {
            item,
            sound: Some(sound),
            ..
        }) = self.get_mut(id)
        else {
            return;
        };
        let whole = std::mem::replace(&mut sound.samples, samples);
        if let Body::Message { content, .. } = &mut item.body
            && let Some(Content::OutputAudio { transcript }) = content.first_mut()
        {
            let bytes = transcript.len() as u128 * u128::from(samples) / u128::from(whole.max(1));
            let end = transcript.floor_char_boundary(bytes as usize);
            let is_whole = transcript[end..].is_empty();
            let word = transcript[..end].rfind(char::is_whitespace);
            transcript.truncate(if is_whole { end } else { word.unwrap_or(0) });
        }
    }
}
