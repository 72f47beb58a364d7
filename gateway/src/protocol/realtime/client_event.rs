//! What the client says. An event that can't be read is answered with an `error` event; the
//! connection stays.

use serde_json::Value;

use super::fields::Field;
use super::format::from_base64;
use super::item::{NewItem, read_id};
use super::problem::{Problem, quoted};

/// Events of more bytes are refused. It is 15 s of audio in 16 bits and base64; whoever streams
/// sends some hundredths of that.
pub(super) const EVENT_BYTES: usize = 1 << 20;

/// Where an item goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Last,
    First,
    Behind(String),
}

/// What `response.create` asks for.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Wanted {
    /// Whether anything is to be otherwise than in the session; to be read as its update.
    pub(super) response: Option<Value>,
    pub(super) metadata: Option<Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum ClientEvent {
    UpdateSession {
        session: Value,
        /// By the beta's event for transcription sessions.
        is_transcription: bool,
    },
    Append(Vec<u8>),
    Commit,
    Clear,
    CreateItem {
        item: NewItem,
        place: Place,
    },
    RetrieveItem(String),
    DeleteItem(String),
    TruncateItem {
        item_id: String,
        content_index: u64,
        audio_end_ms: u64,
    },
    CreateResponse(Wanted),
    CancelResponse {
        response_id: Option<String>,
    },
    ClearOutput,
}

/// As it is read; the name is the client's, for errors.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Received {
    pub(super) event_id: Option<String>,
    pub(super) event: Result<ClientEvent, Problem>,
}

const TYPES: [&str; 12] = [
    "session.update",
    "transcription_session.update",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
    "conversation.item.create",
    "conversation.item.retrieve",
    "conversation.item.truncate",
    "conversation.item.delete",
    "response.create",
    "response.cancel",
    "output_audio_buffer.clear",
];

pub(super) fn read(text: &str) -> Received {
    if text.len() > EVENT_BYTES {
        let message = format!("The event has more than {EVENT_BYTES} bytes.");
        return Received {
            event_id: None,
            event: Err(Problem::new("event_too_large", message)),
        };
    }
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(cause) => {
            let message = format!(
                "The event is not valid JSON: {}.",
                quoted(&cause.to_string())
            );
            return Received {
                event_id: None,
                event: Err(Problem::new("invalid_json", message)),
            };
        }
    };
    let event_id = value.get("event_id").and_then(Value::as_str);
    let event_id = event_id.filter(|it| it.len() <= 512).map(ToOwned::to_owned);
    let event = read_event(&value);
    Received { event_id, event }
}

fn read_event(value: &Value) -> Result<ClientEvent, Problem> {
    if !value.is_object() {
        return Err(Problem::new("invalid_event", "An event is a JSON object."));
    }
    let event = Field::root(value);
    let kind = event.required("type")?;
    Ok(match kind.text()? {
        name @ ("session.update" | "transcription_session.update") => {
            let session = event.required("session")?;
            if !session.is_object() {
                return Err(Problem::wrong_type(&session.path, "an object"));
            }
            ClientEvent::UpdateSession {
                session: session.value.clone(),
                is_transcription: name != "session.update",
            }
        }
        "input_audio_buffer.append" => {
            let audio = event.required("audio")?;
            ClientEvent::Append(from_base64(audio.text()?, &audio.path)?)
        }
        "input_audio_buffer.commit" => ClientEvent::Commit,
        "input_audio_buffer.clear" => ClientEvent::Clear,
        "conversation.item.create" => {
            let place = match event.given("previous_item_id")? {
                None => Place::Last,
                Some(it) if it.value == "root" => Place::First,
                Some(it) => Place::Behind(read_id(&it)?),
            };
            let item = NewItem::read(&event.required("item")?)?;
            ClientEvent::CreateItem { item, place }
        }
        "conversation.item.retrieve" => ClientEvent::RetrieveItem(item_id(&event)?),
        "conversation.item.delete" => ClientEvent::DeleteItem(item_id(&event)?),
        "conversation.item.truncate" => ClientEvent::TruncateItem {
            item_id: item_id(&event)?,
            content_index: event.required("content_index")?.integer(0..=u64::MAX)?,
            audio_end_ms: event.required("audio_end_ms")?.integer(0..=u64::MAX)?,
        },
        "response.create" => ClientEvent::CreateResponse(read_wanted(&event)?),
        "response.cancel" => {
            let response_id = event.given("response_id")?;
            ClientEvent::CancelResponse {
                response_id: response_id.map(|it| read_id(&it)).transpose()?,
            }
        }
        "output_audio_buffer.clear" => ClientEvent::ClearOutput,
        _ => return Err(kind.none_of(TYPES.into_iter())),
    })
}

fn item_id(event: &Field<'_>) -> Result<String, Problem> {
    read_id(&event.required("item_id")?)
}

const METADATA_PAIRS: usize = 16;
const METADATA_KEY_CHARS: usize = 64;
const METADATA_VALUE_CHARS: usize = 512;

fn read_wanted(event: &Field<'_>) -> Result<Wanted, Problem> {
    let Some(response) = event.given("response")? else {
        return Ok(Wanted::default());
    };
    if let Some(conversation) = response.given("conversation")?
        && conversation.text()? != "auto"
    {
        let what = "responses outside of the conversation";
        return Err(Problem::unsupported(&conversation.path, what));
    }
    if let Some(input) = response.given("input")? {
        let what = "responses to another input than the conversation";
        return Err(Problem::unsupported(&input.path, what));
    }
    let metadata = response.given("metadata")?;
    if let Some(metadata) = &metadata {
        check_metadata(metadata)?;
    }
    Ok(Wanted {
        response: Some(response.value.clone()),
        metadata: metadata.map(|it| it.value.clone()),
    })
}

fn check_metadata(metadata: &Field<'_>) -> Result<(), Problem> {
    let Value::Object(pairs) = metadata.value else {
        return Err(Problem::wrong_type(&metadata.path, "an object"));
    };
    let fits = |(key, value): (&String, &Value)| {
        key.chars().count() <= METADATA_KEY_CHARS
            && value
                .as_str()
                .is_some_and(|it| it.chars().count() <= METADATA_VALUE_CHARS)
    };
    if pairs.len() > METADATA_PAIRS || !pairs.iter().all(fits) {
        let message = format!(
            "Metadata is at most {METADATA_PAIRS} strings of at most {METADATA_VALUE_CHARS} \
             characters, under names of at most {METADATA_KEY_CHARS}."
        );
        return Err(Problem::value(&metadata.path, message));
    }
    Ok(())
}
