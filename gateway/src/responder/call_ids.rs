//! Names for calls of tools. Results are told apart by them, and some servers leave them out or
//! use the same one in each answer.

use std::collections::HashSet;

use crate::conversation::Message;

/// The ones that are in use.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallIds(HashSet<String>);

impl CallIds {
    /// Those of a history.
    pub(crate) fn of(messages: &[Message]) -> Self {
        let ids = messages.iter().filter_map(|it| match it {
            Message::ToolCall(call) => Some(call.id.clone()),
            _ => None,
        });
        Self(ids.collect())
    }

    /// This one if it can be used, else another.
    pub(crate) fn take(&mut self, wanted: String) -> String {
        if !wanted.is_empty() && self.0.insert(wanted.clone()) {
            return wanted;
        }
        let mut number = self.0.len();
        loop {
            let id = format!("call_{number}");
            if self.0.insert(id.clone()) {
                return id;
            }
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::conversation::ToolCall;

    use super::*;

    #[test]
    fn no_two_calls_have_the_same_id() {
        let call = |id: &str| {
            Message::ToolCall(ToolCall {
                id: id.into(),
                name: "a".into(),
                arguments: "{}".into(),
                by_client: false,
            })
        };
        let mut ids = CallIds::of(&[call("call_2"), call("x")]);
        assert_eq!(ids.take("y".into()), "y");
        assert_eq!(ids.take("x".into()), "call_3");
        assert_eq!(ids.take(String::new()), "call_4");
        let mut ids = CallIds::of(&[call("call_1")]);
        assert_eq!(ids.take(String::new()), "call_2");
    }
}
