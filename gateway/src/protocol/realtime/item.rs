//! Items of a conversation, as they go over the wire.

use serde::Serialize;

use super::fields::Field;
use super::problem::Problem;

const ID_BYTES: usize = 64;
/// Of all parts of an item together; the responder is told no more.
const TEXT_BYTES: usize = 64 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    InProgress,
    Completed,
    Incomplete,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    System,
    User,
    Assistant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) object: &'static str,
    pub(super) status: Status,
    #[serde(flatten)]
    pub(super) body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Body {
    Message {
        role: Role,
        content: Vec<Content>,
    },
    FunctionCall {
        call_id: String,
        name: String,
        arguments: String,
    },
    FunctionCallOutput {
        call_id: String,
        output: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Content {
    InputText { text: String },
    InputAudio { transcript: Option<String> },
    OutputText { text: String },
    OutputAudio { transcript: String },
}

impl Content {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::InputText { text } | Self::OutputText { text } => text,
            Self::InputAudio { transcript } => transcript.as_deref().unwrap_or_default(),
            Self::OutputAudio { transcript } => transcript,
        }
    }
}

impl Item {
    pub(super) fn new(id: String, status: Status, body: Body) -> Self {
        Self {
            id,
            object: "realtime.item",
            status,
            body,
        }
    }

    /// All that was said in it.
    pub(super) fn text(&self) -> String {
        match &self.body {
            Body::Message { content, .. } => {
                let parts: Vec<&str> = content.iter().map(Content::text).collect();
                parts.join("\n")
            }
            Body::FunctionCall { arguments, .. } => arguments.clone(),
            Body::FunctionCallOutput { output, .. } => output.clone(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let more = match &self.body {
            Body::FunctionCall { name, .. } => name.len(),
            _ => 0,
        };
        self.id.len() + self.text().len() + more
    }
}

/// An item that the client adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewItem {
    /// `None`: the service names it.
    pub(super) id: Option<String>,
    pub(super) body: Body,
}

impl NewItem {
    pub(super) fn read(field: &Field<'_>) -> Result<Self, Problem> {
        let id = field.given("id")?.map(|it| read_id(&it)).transpose()?;
        let kind = field.required("type")?;
        let body = match kind.text()? {
            "message" => read_message(field)?,
            "function_call" => {
                let arguments = field.required("arguments")?;
                Body::FunctionCall {
                    call_id: read_id(&field.required("call_id")?)?,
                    name: read_id(&field.required("name")?)?,
                    arguments: bounded(&arguments)?.to_owned(),
                }
            }
            "function_call_output" => {
                let output = field.required("output")?;
                Body::FunctionCallOutput {
                    call_id: read_id(&field.required("call_id")?)?,
                    output: bounded(&output)?.to_owned(),
                }
            }
            kind_name if kind_name.starts_with("mcp_") => {
                return Err(Problem::unsupported(&kind.path, "MCP servers"));
            }
            _ => {
                let kinds = ["message", "function_call", "function_call_output"];
                return Err(kind.none_of(kinds.into_iter()));
            }
        };
        Ok(Self { id, body })
    }
}

fn read_message(field: &Field<'_>) -> Result<Body, Problem> {
    let roles = [
        ("system", Role::System),
        ("user", Role::User),
        ("assistant", Role::Assistant),
    ];
    let role = field.required("role")?.one_of(&roles)?;
    let parts = field.required("content")?;
    let mut content = Vec::new();
    let mut bytes = 0;
    for part in parts.list()? {
        let kind = part.required("type")?;
        // Transcripts of audio are text as well, once it is about history only.
        let name = match (role, kind.text()?) {
            (Role::User, "input_audio") => {
                let what = "audio in items: append it to the input audio buffer instead";
                return Err(Problem::unsupported(&kind.path, what));
            }
            (_, "input_image") => return Err(Problem::unsupported(&kind.path, "images")),
            (Role::System | Role::User, "input_text")
            | (Role::Assistant, "output_text" | "text") => "text",
            (Role::Assistant, "output_audio" | "audio") => "transcript",
            (Role::Assistant, _) => {
                return Err(kind.none_of(["output_text", "output_audio"].into_iter()));
            }
            (Role::System | Role::User, _) => {
                return Err(kind.none_of(["input_text"].into_iter()));
            }
        };
        let text = part.required(name)?;
        bytes += text.text()?.len();
        if bytes > TEXT_BYTES {
            return Err(too_long(&text.path));
        }
        let text = text.text()?.to_owned();
        content.push(match role {
            Role::Assistant => Content::OutputText { text },
            Role::System | Role::User => Content::InputText { text },
        });
    }
    if content.is_empty() {
        return Err(Problem::value(&parts.path, "A message needs content."));
    }
    Ok(Body::Message { role, content })
}

fn bounded<'a>(field: &Field<'a>) -> Result<&'a str, Problem> {
    let text = field.text()?;
    if text.len() > TEXT_BYTES {
        return Err(too_long(&field.path));
    }
    Ok(text)
}

fn too_long(path: &str) -> Problem {
    let message = format!("An item has more than {TEXT_BYTES} bytes of text.");
    Problem::new("string_above_max_length", message).of(path)
}

pub(super) fn read_id(field: &Field<'_>) -> Result<String, Problem> {
    let text = field.text()?;
    if text.is_empty() || text.len() > ID_BYTES {
        let message = format!("'{}' must have 1 to {ID_BYTES} bytes.", field.path);
        return Err(Problem::value(&field.path, message));
    }
    Ok(text.to_owned())
}
