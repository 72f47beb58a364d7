//! What a chat server is sent.

use serde_json::{Value, json};

use crate::conversation::{Message, ToolCall};
use crate::responder::{Prompt, Tool, ToolChoice};

/// The body of a request. What is not needed is left out: servers refuse fields that they don't
/// know.
pub(super) fn request(model: &str, prompt: &Prompt) -> Value {
    let mut body = json!({
        "model": model,
        "messages": messages(&prompt.messages),
        "stream": true,
    });
    if let Some(most) = prompt.most_tokens {
        body["max_tokens"] = most.into();
    }
    if !prompt.tools.is_empty() {
        body["tools"] = prompt.tools.iter().map(tool).collect();
        match &prompt.tool_choice {
            ToolChoice::Auto => {}
            ToolChoice::None => body["tool_choice"] = "none".into(),
            ToolChoice::Required => body["tool_choice"] = "required".into(),
            ToolChoice::Named(name) => {
                body["tool_choice"] = json!({"type": "function", "function": {"name": name}});
            }
        }
    }
    body
}

fn tool(tool: &Tool) -> Value {
    json!({
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        },
    })
}

/// Two texts of the same role in a row become one: after an interruption there are such, and the
/// templates of some models allow none.
fn messages(history: &[Message]) -> Vec<Value> {
    let mut messages: Vec<Value> = Vec::with_capacity(history.len());
    for message in history {
        match message {
            Message::System(text) => say(&mut messages, "system", text),
            Message::User(text) => say(&mut messages, "user", text),
            Message::Assistant(text) => say(&mut messages, "assistant", text),
            Message::ToolCall(call) => add_call(&mut messages, call),
            Message::ToolResult { call_id, output } => messages.push(json!({
                "role": "tool",
                "tool_call_id": call_id,
                "content": output,
            })),
        }
    }
    messages
}

fn say(messages: &mut Vec<Value>, role: &str, text: &str) {
    if let Some(last) = messages.last_mut()
        && last["role"] == role
        && last["tool_calls"].is_null()
        && let Value::String(said) = &mut last["content"]
    {
        said.push('\n');
        said.push_str(text);
        return;
    }
    messages.push(json!({"role": role, "content": text}));
}

/// A call belongs to the message in which it was made.
fn add_call(messages: &mut Vec<Value>, call: &ToolCall) {
    let entry = json!({
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    });
    if let Some(last) = messages.last_mut()
        && last["role"] == "assistant"
    {
        match &mut last["tool_calls"] {
            Value::Array(calls) => calls.push(entry),
            none => *none = json!([entry]),
        }
        return;
    }
    messages.push(json!({"role": "assistant", "content": null, "tool_calls": [entry]}));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str) -> Message {
        Message::ToolCall(ToolCall {
            id: id.into(),
            name: "look".into(),
            arguments: r#"{"at":1}"#.into(),
            by_client: false,
        })
    }

    fn result(id: &str) -> Message {
        Message::ToolResult {
            call_id: id.into(),
            output: "seen".into(),
        }
    }

    #[test]
    fn a_plain_question_is_as_small_as_can_be() {
        let prompt = Prompt {
            messages: vec![
                Message::System("Be brief.".into()),
                Message::User("Hi".into()),
            ],
            tool_choice: ToolChoice::Required,
            ..Prompt::default()
        };
        assert_eq!(
            request("m", &prompt),
            json!({
                "model": "m",
                "stream": true,
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": "Hi"},
                ],
            })
        );
    }

    #[test]
    fn tools_and_limits_are_told_in_the_words_of_the_api() {
        let parameters = json!({"type": "object"});
        let mut prompt = Prompt {
            tools: vec![Tool {
                name: "look".into(),
                description: "Looks.".into(),
                parameters: parameters.clone(),
                by_client: true,
            }],
            most_tokens: Some(9),
            ..Prompt::default()
        };
        let body = request("m", &prompt);
        assert_eq!(body["max_tokens"], 9);
        let function = json!({"name": "look", "description": "Looks.", "parameters": parameters});
        assert_eq!(
            body["tools"],
            json!([{"type": "function", "function": function}])
        );
        for (choice, told) in [
            (ToolChoice::Auto, Value::Null),
            (ToolChoice::None, json!("none")),
            (ToolChoice::Required, json!("required")),
            (
                ToolChoice::Named("look".into()),
                json!({"type": "function", "function": {"name": "look"}}),
            ),
        ] {
            prompt.tool_choice = choice;
            assert_eq!(request("m", &prompt)["tool_choice"], told);
        }
    }

    #[test]
    fn roles_alternate_and_calls_stay_with_their_message() {
        let said = |text: &str| Message::Assistant(text.into());
        let history = [
            Message::User("Look".into()),
            Message::User("again".into()),
            said("I look."),
            call("a"),
            call("b"),
            result("a"),
            result("b"),
            call("c"),
            result("c"),
            said("Seen."),
            said("Done."),
        ];
        let told = messages(&history);
        let roles: Vec<_> = told.iter().map(|it| it["role"].as_str().unwrap()).collect();
        assert_eq!(
            roles,
            [
                "user",
                "assistant",
                "tool",
                "tool",
                "assistant",
                "tool",
                "assistant"
            ]
        );
        assert_eq!(told[0]["content"], "Look\nagain");
        assert_eq!(told[1]["content"], "I look.");
        assert_eq!(told[1]["tool_calls"][1]["id"], "b");
        assert_eq!(
            told[1]["tool_calls"][0]["function"],
            json!({"name": "look", "arguments": r#"{"at":1}"#})
        );
        assert_eq!(
            told[3],
            json!({"role": "tool", "tool_call_id": "b", "content": "seen"})
        );
        assert_eq!(told[4]["content"], Value::Null);
        assert_eq!(told[6]["content"], "Seen.\nDone.");
    }
}
