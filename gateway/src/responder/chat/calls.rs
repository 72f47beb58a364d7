//! Calls of tools, which servers send in pieces, and each in its own way.

use serde_json::Value;

use super::wrong::Wrong;

/// Calls in one answer.
const MOST_CALLS: usize = 32;
/// Arguments of one call.
const MOST_BYTES: usize = 64 << 10;

/// A call of which more may come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Call {
    index: Option<u64>,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: String,
}

impl Call {
    /// Whether its arguments are all there.
    fn is_whole(&self) -> bool {
        let arguments = self.arguments.trim();
        arguments.is_empty() || serde_json::from_str::<serde::de::IgnoredAny>(arguments).is_ok()
    }
}

/// The calls of an answer so far.
#[derive(Debug, Default)]
pub(super) struct Calls(Vec<Call>);

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn are_whole(&self) -> bool {
        self.0.iter().all(Call::is_whole)
    }

    /// All of them, in their order; without those that were cut off if `only_whole`.
    pub(super) fn take(&mut self, only_whole: bool) -> Vec<Call> {
        let mut calls = std::mem::take(&mut self.0);
        calls.retain(|it| !it.name.is_empty() && (it.is_whole() || !only_whole));
        for call in &mut calls {
            if call.arguments.trim().is_empty() {
                call.arguments = "{}".into();
            }
        }
        calls
    }

    /// Takes a piece: an entry of `tool_calls`, or all of the old `function_call`.
    pub(super) fn push(&mut self, piece: &Value) -> Result<(), Wrong> {
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        let function = match &piece["function"] {
            Value::Object(_) => &piece["function"],
            _ => piece,
        };
        let index = piece["index"].as_u64();
        let (id, name) = (text(&piece["id"]), text(&function["name"]));
        let arguments = match &function["arguments"] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            // Some servers send what others send as text.
            other => other.to_string(),
        };
        let call = match self.continued(index, &id, &name) {
            Some(at) => &mut self.0[at],
            None if self.0.len() == MOST_CALLS => {
                return Err(Wrong::Malformed(format!(
                    "it calls more than {MOST_CALLS} tools"
                )));
            }
            None => {
                self.0.push(Call {
                    index,
                    ..Call::default()
                });
                self.0.last_mut().expect("one was just added")
            }
        };
        if call.arguments.len() + arguments.len() > MOST_BYTES {
            return Err(Wrong::TooLong(MOST_BYTES));
        }
        // Some servers repeat both with each piece.
        if call.id.is_empty() {
            call.id = id;
        }
        if call.name.is_empty() {
            call.name = name;
        }
        call.arguments.push_str(&arguments);
        Ok(())
    }

    /// The call that a piece belongs to; `None` if it begins another. The index says it, or the
    /// id where there is none, or else it is the last one; but some servers give each call the
    /// same index.
    fn continued(&self, index: Option<u64>, id: &str, name: &str) -> Option<usize> {
        let same_id = || self.0.iter().rposition(|it| it.id == id);
        let at = match index {
            Some(_) => self.0.iter().rposition(|it| it.index == index)?,
            None if !id.is_empty() => same_id().or_else(|| self.0.len().checked_sub(1))?,
            None => self.0.len().checked_sub(1)?,
        };
        let call = &self.0[at];
        let has_other_id = !id.is_empty() && !call.id.is_empty() && call.id != id;
        let is_next = !name.is_empty()
            && !call.name.is_empty()
            && id.is_empty()
            && (call.name != name || (index.is_none() && call.is_whole()));
        (!has_other_id && !is_next).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(pieces: &Value) -> Vec<(String, String, String)> {
        let mut calls = Calls::default();
        for piece in pieces.as_array().unwrap() {
            calls.push(piece).unwrap();
        }
        calls
            .take(false)
            .into_iter()
            .map(|it| (it.id, it.name, it.arguments))
            .collect()
    }

    #[test]
    fn calls_are_put_together_however_they_come() {
        let expected = [
            ("a".to_owned(), "f".to_owned(), r#"{"x":1}"#.to_owned()),
            ("b".to_owned(), "g".to_owned(), "{}".to_owned()),
        ];
        for (form, pieces) in [
            (
                "as the API has it",
                json!([
                    {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}},
                    {"index": 0, "function": {"arguments": "{\"x\""}},
                    {"index": 0, "function": {"arguments": ":1}"}},
                    {"index": 1, "id": "b", "function": {"name": "g", "arguments": "{}"}},
                ]),
            ),
            (
                "mixed",
                json!([
                    {"index": 0, "id": "a", "function": {"name": "f"}},
                    {"index": 1, "id": "b", "function": {"name": "g", "arguments": ""}},
                    {"index": 0, "function": {"arguments": "{\"x\":1}"}},
                    {"index": 1, "function": {"arguments": "{}"}},
                ]),
            ),
            (
                "without index",
                json!([
                    {"id": "a", "function": {"name": "f", "arguments": "{\"x\""}},
                    {"id": "a", "function": {"arguments": ":1}"}},
                    {"id": "b", "function": {"name": "g", "arguments": "{}"}},
                ]),
            ),
            (
                "without index and with an id in the first piece only",
                json!([
                    {"id": "a", "function": {"name": "f", "arguments": ""}},
                    {"function": {"arguments": "{\"x\""}},
                    {"id": "", "function": {"name": null, "arguments": ":1}"}},
                    {"id": "b", "function": {"name": "g"}},
                ]),
            ),
            (
                "with the same index",
                json!([
                    {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"x\":1}"}},
                    {"index": 0, "id": "b", "function": {"name": "g", "arguments": null}},
                ]),
            ),
            (
                "with all repeated",
                json!([
                    {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"x\""}},
                    {"index": 0, "id": "a", "function": {"name": "f", "arguments": ":1}"}},
                    {"index": 1, "id": "b", "function": {"name": "g", "arguments": ""}},
                    {"index": 1, "id": "b", "function": {"name": "g", "arguments": "{}"}},
                ]),
            ),
            (
                "with arguments that are no text",
                json!([
                    {"id": "a", "function": {"name": "f", "arguments": {"x": 1}}},
                    {"id": "b", "function": {"name": "g", "arguments": {}}},
                ]),
            ),
        ] {
            assert_eq!(read(&pieces), expected, "{form}");
        }
    }

    #[test]
    fn calls_without_ids_are_told_apart_by_their_names_or_by_being_whole() {
        let call = |name: &str| (String::new(), name.to_owned(), r#"{"x":1}"#.to_owned());
        let pieces = json!([
            {"function": {"name": "f", "arguments": "{\"x\""}},
            {"function": {"name": "f", "arguments": ":1}"}},
            {"function": {"name": "f", "arguments": "{\"x\":1}"}},
            {"function": {"name": "g", "arguments": "{\"x\":1}"}},
        ]);
        assert_eq!(read(&pieces), [call("f"), call("f"), call("g")]);
        let old = json!([
            {"name": "f", "arguments": "{\"x\""},
            {"arguments": ":1}"},
        ]);
        assert_eq!(read(&old), [call("f")]);
    }

    #[test]
    fn what_was_cut_off_or_has_no_name_is_no_call() {
        let mut calls = Calls::default();
        calls
            .push(&json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"x"}}))
            .unwrap();
        calls.push(&json!({"index": 1, "id": "b"})).unwrap();
        calls.push(&json!("nonsense")).unwrap();
        assert!(!calls.are_whole());
        assert_eq!(calls.take(true), []);
    }

    #[test]
    fn calls_are_bounded() {
        let mut calls = Calls::default();
        let long = "x".repeat(MOST_BYTES + 1);
        let piece = json!({"index": 0, "function": {"name": "f", "arguments": long}});
        assert_eq!(calls.push(&piece).unwrap_err(), Wrong::TooLong(MOST_BYTES));
        let many = (0..=MOST_CALLS).try_for_each(|it| {
            calls.push(&json!({"index": it, "id": it.to_string(), "function": {"name": "f"}}))
        });
        assert!(matches!(many, Err(Wrong::Malformed(_))));
    }
}
