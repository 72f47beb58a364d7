//! What the client asks for.

use serde_json::Value;

use super::{Action, Adapter, Asked, Ending};
use crate::conversation::{self, Input, Message, Time, ToolCall};
use crate::protocol::realtime::client_event::{ClientEvent, Place, Wanted};
use crate::protocol::realtime::fields::Field;
use crate::protocol::realtime::format::{RATE_HZ, decode};
use crate::protocol::realtime::item::{Body, Content, Item, NewItem, Role, Status};
use crate::protocol::realtime::items::FIRST;
use crate::protocol::realtime::problem::{Problem, quoted};
use crate::protocol::realtime::reply::in_progress;
use crate::protocol::realtime::server_event::ServerEvent;
use crate::protocol::realtime::session::{Dialect, Purpose};

/// Of a turn that the client commits.
const LEAST: Time = Time::from_millis(100);
/// Requests that the conversation has not answered.
const MOST_ASKED: usize = 1000;

impl Adapter {
    pub(super) fn request(
        &mut self,
        event: ClientEvent,
        event_id: Option<String>,
    ) -> Result<(), Problem> {
        match event {
            ClientEvent::UpdateSession {
                session,
                is_transcription,
            } => self.update_session(&session, is_transcription),
            ClientEvent::Append(bytes) => self.append(&bytes),
            ClientEvent::Commit => self.commit(),
            ClientEvent::Clear => {
                self.uncommitted = Time::ZERO;
                self.turns.clear_speaking();
                self.tell(Input::ClearInput);
                self.send(ServerEvent::Cleared {});
                Ok(())
            }
            ClientEvent::CreateItem { item, place } => self.create_item(item, place, event_id),
            ClientEvent::RetrieveItem(id) => {
                let entry = self.items.get(&id);
                let entry = entry.ok_or_else(|| Problem::no_such_item("item_id", &id))?;
                let item = entry.item.clone();
                self.send(ServerEvent::ItemRetrieved { item });
                Ok(())
            }
            ClientEvent::DeleteItem(id) => self.delete_item(&id),
            ClientEvent::TruncateItem {
                item_id,
                content_index,
                audio_end_ms,
            } => self.truncate_item(item_id, content_index, audio_end_ms),
            ClientEvent::CreateResponse(wanted) => self.create_response(wanted, event_id),
            ClientEvent::CancelResponse { response_id } => {
                self.cancel_response(response_id, event_id)
            }
            ClientEvent::ClearOutput => {
                self.endings.push_back(Ending::ClearOutput);
                self.tell(Input::Cancel);
                let response_id = self.open_response().or(self.last_response.clone());
                self.send(ServerEvent::OutputCleared { response_id });
                Ok(())
            }
        }
    }

    fn update_session(&mut self, session: &Value, is_transcription: bool) -> Result<(), Problem> {
        let field = Field {
            path: "session".into(),
            value: session,
        };
        let mut new = self.session.updated(&field, self.dialect)?;
        if is_transcription && self.dialect == Dialect::Beta {
            new.purpose = Purpose::Transcription;
            new.transcription.get_or_insert_default();
        }
        self.session = new;
        self.configure();
        let session = self.session.to_json(&self.ids, self.dialect);
        self.send(if is_transcription && self.dialect == Dialect::Beta {
            ServerEvent::TranscriptionSessionUpdated { session }
        } else {
            ServerEvent::SessionUpdated { session }
        });
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        let format = self.session.input_format;
        let samples = decode(bytes, format)?;
        let nanos = samples.len() as u64 * 1_000_000_000 / u64::from(format.rate_hz());
        let length = Time::from_nanos(nanos);
        self.appended += length;
        self.uncommitted += length;
        if !samples.is_empty() {
            self.out.push(Action::Hear(samples));
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Problem> {
        if self.uncommitted < LEAST {
            let ms = self.uncommitted.as_millis();
            let message = format!(
                "Error committing input audio buffer: expected at least 100ms of audio, but the \
                 buffer has {ms}ms."
            );
            return Err(Problem::new("input_audio_buffer_commit_empty", message));
        }
        self.uncommitted = Time::ZERO;
        self.out.push(Action::Commit);
        Ok(())
    }

    fn create_item(
        &mut self,
        new: NewItem,
        place: Place,
        event_id: Option<String>,
    ) -> Result<(), Problem> {
        let id = new.id.unwrap_or_else(|| self.ids.next("item"));
        let is_known = self.items.get(&id).is_some()
            || self
                .asked
                .iter()
                .any(|it| matches!(it, Asked::AddItem { item, .. } if item.id == id));
        if is_known {
            let message = format!("There is an item with the id '{}' already.", quoted(&id));
            return Err(Problem::value("item.id", message));
        }
        if let Body::FunctionCall { call_id, .. } = &new.body
            && self.has_call(call_id)
        {
            let message = format!("There is a call with the id '{}' already.", quoted(call_id));
            return Err(Problem::value("item.call_id", message));
        }
        if self.asked.len() >= MOST_ASKED {
            let message = "Too many items are being added.";
            return Err(Problem::new("rate_limit_exceeded", message));
        }
        let behind = match place {
            Place::Last => None,
            Place::First => Some((FIRST.to_owned(), conversation::Item::NONE)),
            Place::Behind(previous) => {
                let entry = self.items.get(&previous);
                let entry =
                    entry.ok_or_else(|| Problem::no_such_item("previous_item_id", &previous))?;
                match entry.handles.last() {
                    Some(handle) => Some((previous, *handle)),
                    None if self.items.is_last(&previous) && self.asked.is_empty() => None,
                    None => {
                        let what = "items behind one that is still being said";
                        return Err(Problem::unsupported("previous_item_id", what));
                    }
                }
            }
        };
        let message = message(&new.body);
        let (behind, after) = behind.unzip();
        self.asked.push_back(Asked::AddItem {
            item: Item::new(id, Status::Completed, new.body),
            behind,
            event_id,
        });
        self.tell(Input::AddItem { message, after });
        Ok(())
    }

    fn has_call(&self, id: &str) -> bool {
        let is_it =
            |it: &Item| matches!(&it.body, Body::FunctionCall { call_id, .. } if call_id == id);
        self.items.iter().any(is_it)
            || self
                .asked
                .iter()
                .any(|it| matches!(it, Asked::AddItem { item, .. } if is_it(item)))
    }

    pub(super) fn item_added(&mut self, handle: conversation::Item) {
        let Some(Asked::AddItem { item, behind, .. }) = self.asked.pop_front() else {
            return;
        };
        let id = item.id.clone();
        let behind = behind.as_deref();
        self.items.insert(item.clone(), vec![handle], behind);
        let previous_item_id = self.items.before(&id);
        self.send_whole(previous_item_id, item);
    }

    fn delete_item(&mut self, id: &str) -> Result<(), Problem> {
        let entry = self.items.get(id);
        let entry = entry.ok_or_else(|| Problem::no_such_item("item_id", id))?;
        let handles = entry.handles.clone();
        if handles.is_empty() {
            let what = "the deletion of what is still being said, or was said in part";
            return Err(Problem::unsupported("item_id", what));
        }
        // The client is told when the last of them is gone.
        let mut left = handles.len();
        for handle in handles {
            left -= 1;
            let item_id = (left == 0).then(|| id.to_owned());
            self.asked.push_back(Asked::DeleteItem { item_id });
            self.tell(Input::DeleteItem(handle));
        }
        Ok(())
    }

    pub(super) fn item_deleted(&mut self) {
        if let Some(Asked::DeleteItem { item_id }) = self.asked.pop_front() {
            self.item_gone(item_id);
        }
    }

    pub(super) fn item_gone(&mut self, item_id: Option<String>) {
        if let Some(item_id) = item_id {
            self.items.remove(&item_id);
            self.send(ServerEvent::ItemDeleted { item_id });
        }
    }

    fn truncate_item(&mut self, id: String, part: u64, end_ms: u64) -> Result<(), Problem> {
        let entry = self.items.get(&id);
        let entry = entry.ok_or_else(|| Problem::no_such_item("item_id", &id))?;
        let Some(sound) = entry.sound else {
            let message = "Only audio of responses can be truncated.";
            return Err(Problem::new("item_truncate_invalid_item_id", message).of("item_id"));
        };
        if part != 0 {
            let message = "The only part of this item has the index 0.";
            return Err(Problem::value("content_index", message));
        }
        let length_ms = sound.milliseconds();
        if end_ms > length_ms {
            let message =
                format!("Audio content of {length_ms}ms is already shorter than {end_ms}ms");
            return Err(Problem::value("audio_end_ms", message));
        }
        let samples = end_ms * u64::from(RATE_HZ) / 1000;
        let generation = sound.generation;
        let played = sound.from + samples;
        let present = self.answer.as_ref();
        let present = present.filter(|it| it.generation == generation);
        if let Some(answer) = present {
            // What was paused before and goes on elsewhere is not what the client plays now.
            if answer.is_held && answer.base == sound.from {
                self.tell(Input::Playback { generation, played });
            } else if answer.base == sound.from {
                self.tell(Input::Truncate { generation, played });
            }
        } else if self.past == Some((generation, sound.from)) {
            self.tell(Input::Truncate { generation, played });
        }
        self.items.truncate(&id, samples);
        self.send(ServerEvent::ItemTruncated {
            item_id: id,
            content_index: part,
            audio_end_ms: end_ms,
        });
        Ok(())
    }

    fn create_response(&mut self, wanted: Wanted, event_id: Option<String>) -> Result<(), Problem> {
        if self.session.purpose == Purpose::Transcription {
            let message = "A transcription session has no responses.";
            return Err(Problem::new("invalid_event", message).of("type"));
        }
        if let Some(id) = self.open_response() {
            return Err(in_progress(Some(&id)));
        }
        if let Some(response) = &wanted.response {
            let field = Field {
                path: "response".into(),
                value: response,
            };
            let special = self.session.updated(&field, self.dialect)?;
            self.special = (special != self.session).then_some(special);
            self.configure();
        }
        self.metadata = wanted.metadata;
        self.create_event_id = event_id;
        self.tell(Input::CreateResponse);
        Ok(())
    }

    fn cancel_response(
        &mut self,
        response_id: Option<String>,
        event_id: Option<String>,
    ) -> Result<(), Problem> {
        let open = self.open_response();
        if let Some(id) = response_id.filter(|it| open.as_ref() != Some(it)) {
            let message = format!("The response '{}' is not in progress.", quoted(&id));
            return Err(Problem::new("response_cancel_not_active", message).of("response_id"));
        }
        self.endings.push_back(Ending::Cancel { event_id });
        self.tell(Input::Cancel);
        Ok(())
    }
}

/// As the responder is told it.
fn message(body: &Body) -> Message {
    match body {
        Body::Message { role, content } => {
            let texts: Vec<&str> = content.iter().map(Content::text).collect();
            let text = texts.join("\n");
            match role {
                Role::System => Message::System(text),
                Role::User => Message::User(text),
                Role::Assistant => Message::Assistant(text),
            }
        }
        Body::FunctionCall {
            call_id,
            name,
            arguments,
        } => Message::ToolCall(ToolCall {
            id: call_id.clone(),
            name: name.clone(),
            arguments: arguments.clone(),
            by_client: true,
        }),
        Body::FunctionCallOutput { call_id, output } => Message::ToolResult {
            call_id: call_id.clone(),
            output: output.clone(),
        },
    }
}
