//! From the bytes of an answer to its parts.

use std::collections::VecDeque;

use serde_json::Value;

use super::calls::Calls;
use super::events::{Event, Events, message_of};
use super::thinking::Thinking;
use super::wrong::Wrong;
use crate::responder::call_ids::CallIds;
use crate::responder::{Ending, Part, Prompt, Tool, call};

/// Of a whole answer as it comes, thoughts and the names of fields included.
const MOST_BYTES: usize = 8 << 20;

/// An answer, as far as it has come.
#[derive(Debug)]
pub(super) struct Reader {
    tools: Vec<Tool>,
    ids: CallIds,
    form: Form,
    bytes: usize,
    /// Whether the end of the answer can be told from the loss of its connection.
    is_delimited: bool,
    thinking: Thinking,
    calls: Calls,
    /// Read, and not yet asked for.
    parts: VecDeque<Part>,
    /// Whether there was more than blanks.
    has_text: bool,
    /// What the server says of why it ended.
    ending: Option<Ending>,
    is_over: bool,
}

#[derive(Debug)]
enum Form {
    /// Nothing but blanks came.
    Unknown,
    Events(Events),
    /// One JSON document: the server does not stream.
    Whole(Vec<u8>),
}

impl Reader {
    pub(super) fn new(prompt: Prompt) -> Self {
        Self {
            ids: CallIds::of(&prompt.messages),
            tools: prompt.tools,
            form: Form::Unknown,
            bytes: 0,
            is_delimited: false,
            thinking: Thinking::default(),
            calls: Calls::default(),
            parts: VecDeque::new(),
            has_text: false,
            ending: None,
            is_over: false,
        }
    }

    pub(super) fn is_delimited(&mut self, is_delimited: bool) {
        self.is_delimited = is_delimited;
    }

    /// Whether it has begun to say or to call something.
    pub(super) fn has_said(&self) -> bool {
        self.has_text || !self.calls.is_empty()
    }

    /// Whether nothing more will be asked of the server.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether it has said why it ended. More may follow, but need not.
    pub(super) fn seems_over(&self) -> bool {
        self.ending.is_some()
    }

    /// The next part, if it has come.
    pub(super) fn next(&mut self) -> Option<Part> {
        self.parts.pop_front()
    }

    /// Takes what came, wherever it is cut.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Wrong> {
        self.bytes += bytes.len();
        if self.bytes > MOST_BYTES {
            return Err(Wrong::TooLong(MOST_BYTES));
        }
        if let Form::Unknown = self.form {
            bytes = bytes.trim_ascii_start();
            self.form = match bytes.first() {
                None => return Ok(()),
                Some(b'{') => Form::Whole(Vec::new()),
                Some(_) => Form::Events(Events::default()),
            };
        }
        match &mut self.form {
            Form::Unknown => Ok(()),
            Form::Whole(whole) => {
                whole.extend_from_slice(bytes);
                Ok(())
            }
            Form::Events(events) => {
                let mut read = VecDeque::new();
                let pushed = events.push(bytes, &mut read);
                self.take_all(read)?;
                pushed
            }
        }
    }

    /// The connection has ended.
    pub(super) fn end(&mut self) -> Result<(), Wrong> {
        match std::mem::replace(&mut self.form, Form::Unknown) {
            Form::Unknown => {}
            Form::Whole(whole) => {
                let json = serde_json::from_slice(&whole);
                let cut_off = |_| {
                    if self.is_delimited {
                        Wrong::Malformed("it is no whole JSON".into())
                    } else {
                        Wrong::Unfinished
                    }
                };
                self.take(&json.map_err(cut_off)?)?;
                self.ending.get_or_insert(Ending::Complete);
            }
            Form::Events(mut events) => {
                let mut read = VecDeque::new();
                let ended = events.end(&mut read);
                self.take_all(read)?;
                ended?;
            }
        }
        if self.is_over {
            return Ok(());
        }
        if self.ending.is_none() {
            if self.is_delimited && !self.has_said() {
                return Err(Wrong::Malformed("no part of it is an answer".into()));
            }
            if !self.is_delimited || !self.calls.are_whole() {
                return Err(Wrong::Unfinished);
            }
        }
        self.finish()
    }

    fn take_all(&mut self, events: VecDeque<Event>) -> Result<(), Wrong> {
        for event in events {
            if self.is_over {
                return Ok(());
            }
            match event {
                Event::Chunk(chunk) => self.take(&chunk)?,
                Event::Failed(message) => return Err(Wrong::Reported(message)),
                Event::Done => self.finish()?,
            }
        }
        Ok(())
    }

    /// A chunk, or a whole answer. Fields may be missing, null or of another type, and there may
    /// be any others.
    fn take(&mut self, chunk: &Value) -> Result<(), Wrong> {
        let error = &chunk["error"];
        let is_error = chunk["object"] == "error" || chunk["type"] == "error";
        if is_error || error.is_object() || error.as_str().is_some_and(|it| !it.is_empty()) {
            return Err(Wrong::Reported(message_of(chunk)));
        }
        let choices = chunk["choices"].as_array();
        let is_first = |it: &&Value| it["index"].as_u64().unwrap_or(0) == 0;
        let Some(choice) = choices.and_then(|it| it.iter().find(is_first)) else {
            return Ok(());
        };
        let delta = match &choice["delta"] {
            Value::Object(_) => &choice["delta"],
            _ => &choice["message"],
        };
        self.take_content(&delta["content"]);
        // What a model says that refuses to answer in the form that it was asked for.
        self.take_content(&delta["refusal"]);
        for piece in delta["tool_calls"].as_array().into_iter().flatten() {
            self.calls.push(piece)?;
        }
        if delta["function_call"].is_object() {
            self.calls.push(&delta["function_call"])?;
        }
        match choice["finish_reason"].as_str() {
            None | Some("" | "null") => {}
            Some("length" | "max_tokens") => self.ending = Some(Ending::Length),
            Some("content_filter") => self.ending = Some(Ending::Filtered),
            Some(_) => self.ending = Some(Ending::Complete),
        }
        Ok(())
    }

    /// A text, or a list of texts and other things. What is thought has other names: it is not
    /// looked at.
    fn take_content(&mut self, content: &Value) {
        match content {
            Value::String(text) => {
                let text = self.thinking.push(text);
                self.say(text);
            }
            Value::Array(pieces) => {
                for piece in pieces {
                    self.take_content(&piece["text"]);
                }
            }
            _ => {}
        }
    }

    fn say(&mut self, text: String) {
        self.has_text |= !text.trim().is_empty();
        if !text.is_empty() {
            self.parts.push_back(Part::Token(text));
        }
    }

    fn finish(&mut self) -> Result<(), Wrong> {
        self.is_over = true;
        let rest = self.thinking.end();
        self.say(rest);
        let ending = self.ending.unwrap_or(Ending::Complete);
        let calls = self.calls.take(ending != Ending::Complete);
        if !self.has_text && calls.is_empty() && ending != Ending::Filtered {
            return Err(Wrong::Malformed("nothing in it can be said".into()));
        }
        for it in calls {
            let id = self.ids.take(it.id);
            let call = call(&self.tools, id, it.name, it.arguments);
            self.parts.push_back(Part::ToolCall(call));
        }
        self.parts.push_back(Part::Done(ending));
        Ok(())
    }
}
