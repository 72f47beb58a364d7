//! The file that declares tools.
//!
//! ```json
//! {"tools": [{
//!   "name": "order_status",
//!   "description": "Looks up where an order is.",
//!   "parameters": {"type": "object", "properties": {"order": {"type": "string"}}},
//!   "url": "http://127.0.0.1:9000/order-status",
//!   "timeout_seconds": 5,
//!   "key_file": "/etc/voice-stack/order-key"
//! }]}
//! ```

use std::collections::HashSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use voice_upstream::BaseUrl;

use super::endpoint::Address;
use super::error::ToolsError;
use crate::responder::Tool;

/// Of the file.
const MOST_BYTES: u64 = 1 << 20;
/// Each costs the responder time with each answer.
const MOST_TOOLS: usize = 64;
/// What the APIs of chat servers allow.
const MOST_NAME_CHARACTERS: usize = 64;

const DEFAULT_SECONDS: f64 = 10.0;
/// Nobody waits longer on the phone.
const MOST_SECONDS: f64 = 60.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    tools: Vec<DeclaredTool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclaredTool {
    name: String,
    description: String,
    /// None: it takes no arguments.
    parameters: Option<Value>,
    url: String,
    timeout_seconds: Option<f64>,
    key_file: Option<PathBuf>,
}

/// The tools of a file. `reserved` are names that are taken already.
pub(super) fn read(path: &Path, reserved: &[&str]) -> Result<Vec<(Tool, Address)>, ToolsError> {
    let unreadable = |cause: std::io::Error| {
        let path = path.display().to_string();
        ToolsError::new(format!("{} can't be read: {cause}", path.escape_debug()))
    };
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MOST_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(ToolsError::new(format!(
            "it is longer than {MOST_BYTES} bytes"
        )));
    }
    parse(&text, reserved)
}

fn parse(text: &str, reserved: &[&str]) -> Result<Vec<(Tool, Address)>, ToolsError> {
    let declared: Declared = serde_json::from_str(text)
        .map_err(|cause| ToolsError::new(cause.to_string().escape_debug().to_string()))?;
    if declared.tools.len() > MOST_TOOLS {
        return Err(ToolsError::new(format!(
            "there are more than {MOST_TOOLS} tools"
        )));
    }
    let mut names: HashSet<String> = reserved.iter().copied().map(String::from).collect();
    let mut tools = Vec::with_capacity(declared.tools.len());
    for tool in declared.tools {
        let name = tool.name.clone();
        let is_new = names.insert(name.clone());
        let checked = if is_new {
            check(tool)
        } else {
            Err("there is another one of this name".into())
        };
        tools.push(checked.map_err(|what| ToolsError::tool(&name, &what))?);
    }
    Ok(tools)
}

fn check(tool: DeclaredTool) -> Result<(Tool, Address), String> {
    let is_allowed = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-');
    let is_name = (1..=MOST_NAME_CHARACTERS).contains(&tool.name.len());
    if !is_name || !tool.name.chars().all(is_allowed) {
        return Err(format!(
            "a name is 1 to {MOST_NAME_CHARACTERS} letters, digits, '_' and '-'"
        ));
    }
    if tool.description.trim().is_empty() {
        return Err("the description is empty; it says when to call the tool".into());
    }
    let parameters = tool
        .parameters
        .unwrap_or_else(|| json!({"type": "object", "properties": {}}));
    if parameters["type"] != "object" {
        return Err("parameters must be a JSON schema with \"type\": \"object\"".into());
    }
    let seconds = tool.timeout_seconds.unwrap_or(DEFAULT_SECONDS);
    if !(seconds > 0.0 && seconds <= MOST_SECONDS) {
        return Err(format!(
            "timeout_seconds must be more than 0 and at most {MOST_SECONDS}"
        ));
    }
    let url = BaseUrl::parse(&tool.url).map_err(|cause| format!("url: {cause}"))?;
    let declaration = Tool {
        name: tool.name,
        description: tool.description,
        parameters,
        by_client: false,
    };
    let address = Address {
        url,
        limit: Duration::from_secs_f64(seconds),
        key_file: tool.key_file,
    };
    Ok((declaration, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(field: &str, value: &Value) -> String {
        let mut tool = json!({
            "name": "look", "description": "Looks.", "url": "http://h/look",
        });
        tool[field] = value.clone();
        json!({"tools": [tool]}).to_string()
    }

    fn error(text: &str) -> String {
        parse(text, &["get_time"]).unwrap_err().to_string()
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let text = with("description", &"Looks.".into());
        let (tool, address) = parse(&text, &[]).unwrap().remove(0);
        assert_eq!(tool.parameters, json!({"type": "object", "properties": {}}));
        assert_eq!(address.limit, Duration::from_secs(10));
        assert_eq!(address.key_file, None);
    }

    #[test]
    fn the_example_is_one() {
        let example: Vec<&str> = include_str!("file.rs")
            .lines()
            .skip_while(|it| *it != "//! ```json")
            .skip(1)
            .take_while(|it| *it != "//! ```")
            .map(|it| it.trim_start_matches("//!"))
            .collect();
        let (tool, address) = parse(&example.join("\n"), &[]).unwrap().remove(0);
        assert_eq!(tool.name, "order_status");
        assert_eq!(address.limit, Duration::from_secs(5));
    }

    #[test]
    fn what_can_not_be_used_is_said_with_the_name_of_the_tool() {
        for (field, value, says) in [
            ("name", json!("two words"), "a name is 1 to 64"),
            ("name", json!(""), "a name is 1 to 64"),
            ("name", json!("get_time"), "another one of this name"),
            ("description", json!(" "), "the description is empty"),
            ("parameters", json!({"type": "array"}), "JSON schema"),
            ("parameters", json!([1]), "JSON schema"),
            ("timeout_seconds", json!(0), "more than 0 and at most 60"),
            ("timeout_seconds", json!(61), "more than 0 and at most 60"),
            ("url", json!("h/look"), "url: the address is no URL"),
            (
                "url",
                json!("http://a:b@h"),
                "url: an address must not hold",
            ),
        ] {
            let error = error(&with(field, &value));
            let name = if field == "name" {
                value.as_str().unwrap()
            } else {
                "look"
            };
            let begins = format!("TOOLS_FILE: the tool '{name}': ");
            assert!(error.starts_with(&begins), "{error}");
            assert!(error.contains(says), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn a_file_of_another_form_is_said_to_be_so_with_the_place() {
        for (text, says) in [
            ("", "EOF while parsing a value at line 1"),
            ("[]", "line 1"),
            (
                r#"{"tools": [{"name": "a"}]}"#,
                "missing field `description`",
            ),
            (&with("endpoint", &"x".into()), "unknown field `endpoint`"),
            (&with("url", &7.into()), "invalid type: integer `7`"),
        ] {
            let error = error(text);
            assert!(error.contains(says), "{error}");
        }
        let many = json!({"tools": vec![json!({
            "name": "a", "description": "b", "url": "c",
        }); MOST_TOOLS + 1]});
        assert!(error(&many.to_string()).contains("more than 64"));
    }

    #[test]
    fn a_file_that_is_not_there_or_is_too_long_is_said_to_be_so() {
        let absent = read(Path::new("/absent"), &[]).unwrap_err().to_string();
        assert!(
            absent.starts_with("TOOLS_FILE: /absent can't be read: "),
            "{absent}"
        );
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), " ".repeat((1 << 20) + 1)).unwrap();
        let long = read(file.path(), &[]).unwrap_err().to_string();
        assert!(long.contains("longer than 1048576 bytes"), "{long}");
    }
}
