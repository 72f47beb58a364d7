//! Tools that the client declares and runs.

use serde_json::{Value, json};

use super::fields::Field;
use super::problem::Problem;
use crate::responder::{Tool, ToolChoice};

const MOST_TOOLS: usize = 128;
const NAME_CHARS: usize = 64;

pub(super) fn read_tools(field: &Field<'_>) -> Result<Vec<Tool>, Problem> {
    let tools = field.list()?;
    if tools.len() > MOST_TOOLS {
        let message = format!("There are more than {MOST_TOOLS} tools.");
        return Err(Problem::value(&field.path, message));
    }
    tools.iter().map(read_tool).collect()
}

fn read_tool(field: &Field<'_>) -> Result<Tool, Problem> {
    let kind = field.required("type")?;
    if kind.text()? == "mcp" {
        return Err(Problem::unsupported(&kind.path, "MCP servers"));
    }
    kind.one_of(&[("function", ())])?;
    let name = field.required("name")?;
    let text = name.text()?;
    let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-');
    if text.is_empty() || text.len() > NAME_CHARS || !text.chars().all(is_plain) {
        let message = format!("A tool's name is 1 to {NAME_CHARS} letters, digits, '_' and '-'.");
        return Err(Problem::value(&name.path, message));
    }
    let description = field
        .given("description")?
        .map(|it| it.text())
        .transpose()?;
    let parameters = match field.given("parameters")? {
        Some(it) if !it.is_object() => return Err(Problem::wrong_type(&it.path, "an object")),
        it => it.map(|it| it.value.clone()),
    };
    Ok(Tool {
        name: text.to_owned(),
        description: description.unwrap_or_default().to_owned(),
        parameters: parameters.unwrap_or_else(|| json!({"type": "object", "properties": {}})),
        by_client: true,
    })
}

pub(super) fn read_choice(field: &Field<'_>) -> Result<ToolChoice, Problem> {
    if field.is_object() {
        let kind = field.required("type")?;
        if kind.text()? == "mcp" {
            return Err(Problem::unsupported(&kind.path, "MCP servers"));
        }
        kind.one_of(&[("function", ())])?;
        return Ok(ToolChoice::Named(
            field.required("name")?.text()?.to_owned(),
        ));
    }
    if field.is_null() {
        return Ok(ToolChoice::Auto);
    }
    match field.text()? {
        "auto" => Ok(ToolChoice::Auto),
        "none" => Ok(ToolChoice::None),
        "required" => Ok(ToolChoice::Required),
        _ => Err(field.none_of(["auto", "none", "required"].into_iter())),
    }
}

pub(super) fn tools_json(tools: &[Tool]) -> Value {
    let tools = tools.iter().map(|it| {
        json!({
            "type": "function",
            "name": it.name,
            "description": it.description,
            "parameters": it.parameters,
        })
    });
    tools.collect()
}

pub(super) fn choice_json(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::None => json!("none"),
        ToolChoice::Required => json!("required"),
        ToolChoice::Named(name) => json!({"type": "function", "name": name}),
    }
}
