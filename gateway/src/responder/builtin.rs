//! The responder that answers when no chat server is set. It knows a few requests by their words
//! and repeats everything else, always in the same way: that is what the first steps with the
//! service, tests and load need. It is no language model, and says so.

mod intent;
mod language;
mod story;

use futures::StreamExt as _;
use futures::stream;
use serde_json::Value;

use super::call_ids::CallIds;
use super::{Ending, Part, Prompt, Responder, Response, ToolChoice, call};
use crate::clock::Clock;
use crate::conversation::{Message, ToolCall};
use intent::Intent;
use language::Language;

/// Of what is repeated or read out.
const MOST_CHARACTERS: usize = 300;

/// Answers without a model.
#[derive(Debug, Clone)]
pub struct Builtin {
    clock: Clock,
}

impl Builtin {
    /// One that tells the time by this clock.
    pub fn new(clock: Clock) -> Self {
        Self { clock }
    }

    /// What is said, and which tool is called behind it.
    fn answer(&self, prompt: &Prompt) -> (String, Option<ToolCall>) {
        let asked = prompt.messages.iter().rev().find_map(|it| match it {
            Message::User(text) => Some(text.as_str()),
            _ => None,
        });
        let asked = asked.unwrap_or_default();
        let language = Language::of(&prompt.language, asked);
        if let Some(Message::ToolResult { call_id, output }) = prompt.messages.last() {
            return (
                told_by_tool(language, &prompt.messages, call_id, output),
                None,
            );
        }
        let is_first = !prompt
            .messages
            .iter()
            .any(|it| matches!(it, Message::Assistant(_)));
        let text = match Intent::of(asked) {
            Intent::Introduction => language.introduction().into(),
            Intent::Time => language.time(&self.clock.now()),
            Intent::Story => story::tell(language).into(),
            Intent::Balance => match balance_tool(prompt) {
                Some(name) => {
                    let id = CallIds::of(&prompt.messages).take(String::new());
                    let call = call(&prompt.tools, id, name, "{}".into());
                    return (String::new(), Some(call));
                }
                None => language.no_balance().into(),
            },
            Intent::Other => language.repeated(&shortened(asked), is_first),
        };
        (text, None)
    }
}

impl Responder for Builtin {
    fn is_language_model(&self) -> bool {
        false
    }

    fn respond(&self, prompt: Prompt) -> Response {
        let (text, call) = self.answer(&prompt);
        let tokens = text
            .split_inclusive(' ')
            .map(|it| Part::Token(it.to_owned()));
        let mut parts: Vec<_> = tokens.collect();
        parts.extend(call.map(Part::ToolCall));
        parts.push(Part::Done(Ending::Complete));
        stream::iter(parts).map(Ok).boxed()
    }
}

/// The tool that checks a balance, if it may be called.
fn balance_tool(prompt: &Prompt) -> Option<String> {
    let is_it = |name: &str| name.to_lowercase().contains("balance");
    match &prompt.tool_choice {
        ToolChoice::None => None,
        ToolChoice::Named(name) => Some(name.clone()).filter(|it| is_it(it)),
        ToolChoice::Auto | ToolChoice::Required => {
            let mut names = prompt.tools.iter().map(|it| &it.name);
            names.find(|it| is_it(it)).cloned()
        }
    }
}

fn told_by_tool(language: Language, messages: &[Message], call_id: &str, output: &str) -> String {
    let read: Value = serde_json::from_str(output).unwrap_or_default();
    if let (Some(amount), Some(currency)) = (read["balance"].as_f64(), read["currency"].as_str()) {
        return language.balance(amount, &shortened(currency));
    }
    let name = messages.iter().rev().find_map(|it| match it {
        Message::ToolCall(call) if call.id == call_id => Some(call.name.as_str()),
        _ => None,
    });
    language.result(name.unwrap_or_default(), &shortened(output))
}

fn shortened(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{} …", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;
    use crate::responder::Tool;

    fn builtin() -> Builtin {
        let at = date(2026, 11, 28).at(14, 5, 9, 0).to_zoned(TimeZone::UTC);
        Builtin::new(Clock::stopped(at.unwrap()))
    }

    fn asked(text: &str, language: &str) -> Prompt {
        Prompt {
            messages: vec![
                Message::System("Be a pirate.".into()),
                Message::User("Hello".into()),
                Message::Assistant("Hello.".into()),
                Message::User(text.into()),
            ],
            language: language.into(),
            ..Prompt::default()
        }
    }

    fn tool(name: &str) -> Tool {
        Tool {
            name: name.into(),
            description: String::new(),
            parameters: json!({}),
            by_client: false,
        }
    }

    fn said(prompt: Prompt) -> String {
        let parts = futures::executor::block_on(builtin().respond(prompt).collect::<Vec<_>>());
        let mut parts: Vec<Part> = parts.into_iter().map(Result::unwrap).collect();
        assert_eq!(parts.pop(), Some(Part::Done(Ending::Complete)));
        let text = |it| match it {
            Part::Token(text) => text,
            other => panic!("{other:?}"),
        };
        parts.into_iter().map(text).collect()
    }

    #[test]
    fn requests_are_known_in_two_languages() {
        for (language, asks, begins) in [
            ("en", "What time is it?", "It is 2:05 PM."),
            ("de-DE", "Wie spät ist es?", "Es ist 14 Uhr 5."),
            ("", "Wie spät ist es bei dir?", "Es ist 14 Uhr 5."),
            ("en-US", "Tell me a story!", "Once upon a time"),
            ("de", "Erzähl mir eine Geschichte.", "Es war einmal"),
            ("en", "Who are you?", "I am the built-in responder"),
            (
                "de",
                "Bist du ein Mensch?",
                "Ich bin die eingebaute Antwort",
            ),
            ("hi-IN", "नमस्ते दुनिया", "You said: नमस्ते दुनिया"),
            ("en", "I like rain.", "You said: I like rain."),
            ("de", "Es regnet.", "Du hast gesagt: Es regnet."),
            ("en", "Check my balance, please.", "I have no tool"),
            ("de", "Wie ist mein Kontostand?", "Ich habe kein Werkzeug"),
        ] {
            let said = said(asked(asks, language));
            assert!(said.starts_with(begins), "{asks} → {said}");
        }
    }

    #[test]
    fn it_says_that_it_is_no_language_model_before_it_repeats_anything() {
        for (language, says) in [("en", "no language model"), ("de", "kein Sprachmodell")] {
            let mut prompt = asked("x", language);
            prompt.messages.truncate(1);
            for first in ["", "Hello!", "I like rain."] {
                let mut prompt = prompt.clone();
                prompt.messages.push(Message::User(first.into()));
                let said = said(prompt);
                assert!(said.contains(says), "{first} → {said}");
            }
        }
        assert!(!builtin().is_language_model());
    }

    #[test]
    fn a_balance_is_looked_up_and_read_out() {
        let mut prompt = asked("What is my balance?", "en");
        prompt.tools = vec![tool("get_time"), tool("demo_balance")];
        let parts = builtin().respond(prompt.clone()).map(Result::unwrap);
        let parts = futures::executor::block_on(parts.collect::<Vec<_>>());
        let call = ToolCall {
            id: "call_0".into(),
            name: "demo_balance".into(),
            arguments: "{}".into(),
            by_client: false,
        };
        assert_eq!(
            parts,
            [Part::ToolCall(call.clone()), Part::Done(Ending::Complete)]
        );
        prompt.messages.push(Message::ToolCall(call));
        for (output, says) in [
            (
                r#"{"balance":1234.5,"currency":"EUR"}"#,
                "Your balance is 1234.50 EUR.",
            ),
            (
                "The tool failed.",
                "The tool demo_balance says: The tool failed.",
            ),
        ] {
            let mut prompt = prompt.clone();
            prompt.messages.push(Message::ToolResult {
                call_id: "call_0".into(),
                output: output.into(),
            });
            assert_eq!(said(prompt), says);
        }
        prompt.messages.pop();
        prompt.tool_choice = ToolChoice::None;
        assert!(said(prompt).starts_with("I have no tool"));
    }

    #[test]
    fn stories_take_a_while() {
        for language in ["en", "de"] {
            let prompt = asked("story Geschichte", language);
            let words = said(prompt).split_whitespace().count();
            assert!(words > 200, "{words} words in {language}");
        }
    }

    #[test]
    fn what_is_repeated_is_not_endless() {
        let said = said(asked(&"no ".repeat(5000), "en"));
        assert!(said.len() < 400, "{} bytes", said.len());
    }
}
