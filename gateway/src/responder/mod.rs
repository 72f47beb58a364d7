//! Who answers: a chat server, or the built-in responder if none is set.

mod builtin;
mod call_ids;
mod chat;
mod config;

use std::fmt;

use futures::stream::BoxStream;
use serde_json::Value;

use crate::conversation::{Message, ToolCall};
use crate::failure::Failure;

pub use builtin::Builtin;
pub use chat::Chat;
pub use config::ResponderConfig;

/// Answers what was said.
pub trait Responder: fmt::Debug + Send + Sync {
    /// Whether it understands what it is told. What does not should say so to people.
    fn is_language_model(&self) -> bool;

    /// Begins to answer; nothing happens before the answer is asked for its first part.
    fn respond(&self, prompt: Prompt) -> Response;
}

/// An answer, part by part. The last one is [`Part::Done`] or a failure. Dropping it cancels it
/// down to the socket, so that the server stops computing.
pub type Response = BoxStream<'static, Result<Part, Failure>>;

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// More text, with its spaces.
    Token(String),
    /// A tool is called. No two calls of a history and the answer to it have the same id.
    ToolCall(ToolCall),
    /// All was said.
    Done(Ending),
}

/// Why an answer is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It is complete, or goes on when its tools have answered.
    Complete,
    /// It reached [`Prompt::most_tokens`], or what the server allows.
    Length,
    /// The server withholds the rest.
    Filtered,
}

/// What is to be answered, and how.
#[derive(Debug, Clone, Default)]
pub struct Prompt {
    /// The system prompt, what was said, and what tools have answered.
    pub messages: Vec<Message>,
    /// What may be called.
    pub tools: Vec<Tool>,
    /// Whether something is to be called.
    pub tool_choice: ToolChoice,
    /// Where the answer is cut off; `None`: the server's own limit.
    pub most_tokens: Option<u32>,
    /// Of the conversation, as BCP 47, such as `de` or `hi-IN`; empty if it is not known.
    pub language: String,
}

/// A tool as the responder sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// What it is called by.
    pub name: String,
    /// When to call it.
    pub description: String,
    /// JSON schema of its arguments.
    pub parameters: Value,
    /// Whether the client runs it.
    pub by_client: bool,
}

/// Whether tools are to be called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// As the responder likes.
    #[default]
    Auto,
    /// None.
    None,
    /// At least one.
    Required,
    /// This one.
    Named(String),
}

/// A call as the responder made it. One of a tool that does not exist is not handed to the client:
/// the responder is told when it is run.
fn call(tools: &[Tool], id: String, name: String, arguments: String) -> ToolCall {
    let by_client = tools.iter().any(|it| it.by_client && it.name == name);
    ToolCall {
        id,
        name,
        arguments,
        by_client,
    }
}
