//! What a client has set: the defaults, and how an update changes them. Of the fields of an update,
//! absent ones stay as they are, null ones are unset, and empty ones are empty.

use std::time::Duration;

use super::detection::TurnDetection;
use super::fields::Field;
use super::format::{Format, RATE_HZ};
use super::problem::Problem;
use super::tools::{read_choice, read_tools};
use crate::conversation::{Detection, Output, Settings};
use crate::pipeline::Manner;
use crate::responder::{Tool, ToolChoice};

/// The same as for what is said: there is no use in more than the responder is told.
const INSTRUCTION_BYTES: usize = 64 << 10;
const NAME_BYTES: usize = 256;
const MOST_TOKENS: u64 = 4096;
/// What other services of this protocol take.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.25..=1.5;

/// Which names the client uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Of the API since it is generally available.
    Current,
    /// Of its beta.
    Beta,
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody answers.
    Conversation,
    /// What is said is transcribed, and nobody answers.
    Transcription,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Modality {
    Audio,
    Text,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Transcription {
    pub(super) model: Option<String>,
    pub(super) language: Option<String>,
}

/// All that a client can set and this service heeds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Session {
    pub(super) purpose: Purpose,
    pub(super) model: String,
    pub(super) modality: Modality,
    pub(super) instructions: String,
    pub(super) input_format: Format,
    pub(super) output_format: Format,
    /// `None`: the client is not told what was said.
    pub(super) transcription: Option<Transcription>,
    /// `None`: the client says where turns end.
    pub(super) detection: Option<TurnDetection>,
    pub(super) voice: Option<String>,
    pub(super) speed: f64,
    /// `None`: those of the service.
    pub(super) tools: Option<Vec<Tool>>,
    pub(super) tool_choice: ToolChoice,
    pub(super) most_tokens: Option<u32>,
}

/// Fields of an update, by whatever name the dialect has for them.
#[derive(Default)]
struct Update<'a> {
    purpose: Option<Field<'a>>,
    modalities: Option<Field<'a>>,
    instructions: Option<Field<'a>>,
    input_format: Option<Field<'a>>,
    output_format: Option<Field<'a>>,
    transcription: Option<Field<'a>>,
    detection: Option<Field<'a>>,
    voice: Option<Field<'a>>,
    speed: Option<Field<'a>>,
    tools: Option<Field<'a>>,
    tool_choice: Option<Field<'a>>,
    most_tokens: Option<Field<'a>>,
    prompt: Option<Field<'a>>,
}

impl<'a> Update<'a> {
    fn read(session: &Field<'a>, dialect: Dialect) -> Result<Self, Problem> {
        let mut update = Self {
            instructions: session.get("instructions")?,
            tools: session.get("tools")?,
            tool_choice: session.get("tool_choice")?,
            prompt: session.given("prompt")?,
            ..Self::default()
        };
        match dialect {
            Dialect::Current => {
                update.purpose = session.given("type")?;
                update.modalities = session.get("output_modalities")?;
                update.most_tokens = session.get("max_output_tokens")?;
                let Some(audio) = session.given("audio")? else {
                    return Ok(update);
                };
                if let Some(input) = audio.given("input")? {
                    update.input_format = input.given("format")?;
                    update.transcription = input.get("transcription")?;
                    update.detection = input.get("turn_detection")?;
                }
                if let Some(output) = audio.given("output")? {
                    update.output_format = output.given("format")?;
                    update.voice = output.get("voice")?;
                    update.speed = output.get("speed")?;
                }
            }
            Dialect::Beta => {
                update.modalities = session.get("modalities")?;
                // A response names it as the current dialect does.
                let tokens = session.get("max_response_output_tokens")?;
                update.most_tokens = tokens.or(session.get("max_output_tokens")?);
                update.input_format = session.given("input_audio_format")?;
                update.output_format = session.given("output_audio_format")?;
                update.transcription = session.get("input_audio_transcription")?;
                update.detection = session.get("turn_detection")?;
                update.voice = session.get("voice")?;
                update.speed = session.get("speed")?;
            }
        }
        Ok(update)
    }
}

impl Session {
    pub(super) fn new(
        purpose: Purpose,
        model: String,
        settings: &Settings,
        manner: &Manner,
    ) -> Self {
        let transcription = (purpose == Purpose::Transcription).then(Transcription::default);
        Self {
            purpose,
            model,
            modality: Modality::Audio,
            instructions: settings.instructions.clone(),
            input_format: Format::Pcm,
            output_format: Format::Pcm,
            transcription,
            detection: Some(TurnDetection::server_vad()),
            voice: manner.voice.clone(),
            speed: f64::from(manner.speed),
            tools: manner.tools.clone(),
            tool_choice: manner.tool_choice.clone(),
            most_tokens: manner.most_tokens,
        }
    }

    /// As an update, or what one response is to be otherwise, makes it. Nothing changes if any of it
    /// is wrong.
    pub(super) fn updated(&self, session: &Field<'_>, dialect: Dialect) -> Result<Self, Problem> {
        let update = Update::read(session, dialect)?;
        if let Some(prompt) = update.prompt {
            return Err(Problem::unsupported(&prompt.path, "stored prompts"));
        }
        let mut new = self.clone();
        if let Some(field) = update.purpose {
            let words = [
                ("realtime", Purpose::Conversation),
                ("transcription", Purpose::Transcription),
            ];
            new.purpose = field.one_of(&words)?;
            if new.purpose == Purpose::Transcription {
                new.transcription.get_or_insert_default();
            }
        }
        if let Some(field) = update.modalities {
            new.modality = read_modality(&field)?;
        }
        if let Some(field) = update.instructions {
            new.instructions = read_name(&field, INSTRUCTION_BYTES)?.unwrap_or_default();
        }
        if let Some(field) = update.input_format {
            new.input_format = Format::read(&field)?;
        }
        if let Some(field) = update.output_format {
            new.output_format = Format::read(&field)?;
        }
        if let Some(field) = update.transcription {
            new.transcription = read_transcription(&field, new.transcription.as_ref())?;
        }
        if let Some(field) = update.detection {
            new.detection = TurnDetection::read(&field, new.detection)?;
        }
        if let Some(field) = update.voice {
            let id = if field.is_object() {
                field.required("id")?
            } else {
                field
            };
            new.voice = read_name(&id, NAME_BYTES)?;
        }
        if let Some(field) = update.speed {
            new.speed = if field.is_null() {
                1.0
            } else {
                field.number(SPEEDS)?
            };
        }
        if let Some(field) = update.tools {
            let tools = if field.is_null() {
                Vec::new()
            } else {
                read_tools(&field)?
            };
            new.tools = Some(tools);
        }
        if let Some(field) = update.tool_choice {
            new.tool_choice = read_choice(&field)?;
        }
        if let Some(field) = update.most_tokens {
            let is_unlimited = field.is_null() || field.value == "inf";
            new.most_tokens = if is_unlimited {
                None
            } else {
                Some(field.integer(1..=MOST_TOKENS)? as u32)
            };
        }
        Ok(new)
    }

    /// The rules of the conversation.
    pub(super) fn settings(&self, base: &Settings) -> Settings {
        let language = self.transcription.as_ref();
        let language = language.and_then(|it| it.language.clone());
        let detection = match self.detection {
            None => Detection::Manual,
            Some(TurnDetection::ServerVad { silence_ms, .. }) => {
                Detection::Silence(Duration::from_millis(silence_ms))
            }
            Some(TurnDetection::SemanticVad { eagerness, .. }) => {
                Detection::Semantic(eagerness.patience())
            }
        };
        let answers = self.purpose == Purpose::Conversation;
        Settings {
            detection,
            create_response: answers && self.detection.is_none_or(TurnDetection::create_response),
            interrupt_response: self.detection.is_none_or(TurnDetection::interrupt_response),
            language: language.unwrap_or_else(|| base.language.clone()),
            output: match self.modality {
                Modality::Audio => Output::Speech { rate_hz: RATE_HZ },
                Modality::Text => Output::Text,
            },
            instructions: self.instructions.clone(),
            ..base.clone()
        }
    }

    /// What its orders are carried out with.
    pub(super) fn manner(&self, base: &Manner) -> Manner {
        let mut manner = Manner {
            input_rate_hz: self.input_format.rate_hz(),
            voice: self.voice.clone(),
            speed: self.speed as f32,
            tools: self.tools.clone(),
            tool_choice: self.tool_choice.clone(),
            most_tokens: self.most_tokens,
            ..base.clone()
        };
        if let Some(TurnDetection::ServerVad {
            threshold,
            prefix_padding_ms,
            ..
        }) = self.detection
        {
            manner.threshold = threshold as f32;
            manner.prefix_padding = Duration::from_millis(prefix_padding_ms);
        }
        manner
    }
}

/// Audio comes with its transcript, so a client that wants both gets both with audio.
fn read_modality(field: &Field<'_>) -> Result<Modality, Problem> {
    if field.is_null() {
        return Ok(Modality::Audio);
    }
    let words = [("audio", Modality::Audio), ("text", Modality::Text)];
    let mut modality = None;
    for word in field.list()? {
        let word = word.one_of(&words)?;
        if modality != Some(Modality::Audio) {
            modality = Some(word);
        }
    }
    let message = "Invalid modalities: must be [\"audio\"] or [\"text\"].";
    modality.ok_or_else(|| Problem::value(&field.path, message))
}

/// `None` if it is null.
fn read_name(field: &Field<'_>, bytes: usize) -> Result<Option<String>, Problem> {
    if field.is_null() {
        return Ok(None);
    }
    let text = field.text()?;
    if text.len() > bytes {
        let message = format!("'{}' is longer than {bytes} bytes.", field.path);
        return Err(Problem::new("string_above_max_length", message).of(&field.path));
    }
    Ok(Some(text.to_owned()))
}

fn read_transcription(
    field: &Field<'_>,
    old: Option<&Transcription>,
) -> Result<Option<Transcription>, Problem> {
    if field.is_null() {
        return Ok(None);
    }
    let mut new = old.cloned().unwrap_or_default();
    if let Some(model) = field.get("model")? {
        new.model = read_name(&model, NAME_BYTES)?;
    }
    if let Some(language) = field.get("language")? {
        let name = read_name(&language, NAME_BYTES)?;
        new.language = name.filter(|it| !it.is_empty());
    }
    Ok(Some(new))
}
