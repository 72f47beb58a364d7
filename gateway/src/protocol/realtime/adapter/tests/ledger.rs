//! What must hold of any sequence of events for the client.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// Everything that was opened, and whether it was closed.
#[derive(Default)]
pub(super) struct Ledger {
    event_ids: HashSet<String>,
    responses: HashMap<String, bool>,
    /// Of an output item: its response, its index, and whether it is open.
    outputs: HashMap<String, (String, u64, bool)>,
    parts: HashMap<String, bool>,
    added: HashMap<String, bool>,
    speaking: HashSet<String>,
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

impl Ledger {
    pub(super) fn enter(&mut self, event: &Value) {
        assert!(self.event_ids.insert(text(&event["event_id"])), "{event}");
        let name = text(&event["type"]);
        match name.as_str() {
            "response.created" => {
                assert!(
                    !self.responses.values().any(|it| *it),
                    "one at a time: {event}"
                );
                let id = text(&event["response"]["id"]);
                assert_eq!(self.responses.insert(id, true), None, "{event}");
            }
            "response.done" => {
                let id = text(&event["response"]["id"]);
                assert_eq!(
                    self.responses.insert(id.clone(), false),
                    Some(true),
                    "{event}"
                );
                let own = self.outputs.values().filter(|(it, ..)| *it == id);
                assert!(own.clone().all(|(_, _, is_open)| !is_open), "{event}");
                let output = event["response"]["output"].as_array().unwrap();
                assert_eq!(own.count(), output.len(), "{event}");
                let status = text(&event["response"]["status"]);
                assert_ne!(status, "in_progress");
            }
            "response.output_item.added" => {
                let response = text(&event["response_id"]);
                assert_eq!(self.responses.get(&response), Some(&true), "{event}");
                let index = event["output_index"].as_u64().unwrap();
                let own = self.outputs.values().filter(|(it, ..)| *it == response);
                assert_eq!(own.count() as u64, index, "{event}");
                let id = text(&event["item"]["id"]);
                assert!(self.outputs.insert(id, (response, index, true)).is_none());
            }
            "response.output_item.done" => {
                let id = text(&event["item"]["id"]);
                assert_ne!(self.parts.get(&id), Some(&true), "{event}");
                let (response, _, is_open) = self.outputs.get_mut(&id).unwrap();
                assert!(std::mem::take(is_open), "{event}");
                assert_eq!(self.responses.get(response), Some(&true), "{event}");
            }
            "response.content_part.added" => {
                self.check_output(event);
                assert_eq!(
                    self.parts.insert(text(&event["item_id"]), true),
                    None,
                    "{event}"
                );
            }
            "response.content_part.done" => {
                self.check_output(event);
                let old = self.parts.insert(text(&event["item_id"]), false);
                assert_eq!(old, Some(true), "{event}");
            }
            "conversation.item.added" => {
                let id = text(&event["item"]["id"]);
                // A client may use a name again when its item was deleted.
                assert_ne!(self.added.insert(id, true), Some(true), "{event}");
            }
            "conversation.item.done" => {
                let id = text(&event["item"]["id"]);
                assert_eq!(self.added.insert(id, false), Some(true), "{event}");
            }
            "input_audio_buffer.speech_started" => {
                assert!(self.speaking.insert(text(&event["item_id"])), "{event}");
            }
            "input_audio_buffer.speech_stopped" => {
                assert!(self.speaking.remove(&text(&event["item_id"])), "{event}");
            }
            _ if name.starts_with("response.function_call") => self.check_output(event),
            _ if name.starts_with("response.") => {
                self.check_output(event);
                assert_eq!(
                    self.parts.get(&text(&event["item_id"])),
                    Some(&true),
                    "{event}"
                );
            }
            _ => {}
        }
    }

    fn check_output(&self, event: &Value) {
        let (response, index, is_open) = &self.outputs[&text(&event["item_id"])];
        assert!(is_open, "{event}");
        assert_eq!(&text(&event["response_id"]), response, "{event}");
        assert_eq!(event["output_index"].as_u64(), Some(*index), "{event}");
    }

    /// The session is over.
    pub(super) fn close(&self) {
        assert!(!self.responses.values().any(|it| *it));
        assert!(!self.outputs.values().any(|(_, _, it)| *it));
        assert!(!self.parts.values().any(|it| *it));
        assert!(!self.added.values().any(|it| *it));
    }
}
