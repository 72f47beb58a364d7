//! The session as the client is shown it: all that holds, so that what is not supported is seen to
//! be off.

use serde_json::{Value, json};

use super::detection::TurnDetection;
use super::ids::Ids;
use super::session::{Dialect, Modality, Purpose, Session};
use super::tools::{choice_json, tools_json};

impl Session {
    pub(super) fn to_json(&self, ids: &Ids, dialect: Dialect) -> Value {
        match dialect {
            Dialect::Current => self.current_json(ids),
            Dialect::Beta => self.beta_json(ids),
        }
    }

    fn transcription_json(&self) -> Value {
        let Some(transcription) = &self.transcription else {
            return Value::Null;
        };
        json!({
            "model": transcription.model,
            "language": transcription.language,
            "prompt": null,
        })
    }

    fn detection_json(&self) -> Value {
        self.detection.map_or(Value::Null, TurnDetection::to_json)
    }

    pub(super) fn tokens_json(&self) -> Value {
        self.most_tokens.map_or(json!("inf"), |it| json!(it))
    }

    pub(super) fn modalities_json(&self) -> Value {
        match self.modality {
            Modality::Audio => json!(["audio"]),
            Modality::Text => json!(["text"]),
        }
    }

    fn current_json(&self, ids: &Ids) -> Value {
        let input = json!({
            "format": self.input_format.to_json(),
            "transcription": self.transcription_json(),
            "noise_reduction": null,
            "turn_detection": self.detection_json(),
        });
        if self.purpose == Purpose::Transcription {
            return json!({
                "type": "transcription",
                "object": "realtime.transcription_session",
                "id": ids.own("sess"),
                "audio": {"input": input},
                "include": null,
            });
        }
        json!({
            "type": "realtime",
            "object": "realtime.session",
            "id": ids.own("sess"),
            "model": self.model,
            "output_modalities": self.modalities_json(),
            "instructions": self.instructions,
            "audio": {
                "input": input,
                "output": {
                    "format": self.output_format.to_json(),
                    "voice": self.voice,
                    "speed": self.speed,
                },
            },
            "tools": tools_json(self.tools.as_deref().unwrap_or_default()),
            "tool_choice": choice_json(&self.tool_choice),
            "max_output_tokens": self.tokens_json(),
            "truncation": "auto",
            "tracing": null,
            "prompt": null,
            "include": null,
        })
    }

    fn beta_json(&self, ids: &Ids) -> Value {
        let mut session = json!({
            "id": ids.own("sess"),
            "object": "realtime.session",
            "model": self.model,
            "modalities": ["text"],
            "instructions": self.instructions,
            "voice": self.voice,
            "speed": self.speed,
            "input_audio_format": self.input_format.beta_name(),
            "output_audio_format": self.output_format.beta_name(),
            "input_audio_transcription": self.transcription_json(),
            "input_audio_noise_reduction": null,
            "turn_detection": self.detection_json(),
            "tools": tools_json(self.tools.as_deref().unwrap_or_default()),
            "tool_choice": choice_json(&self.tool_choice),
            "max_response_output_tokens": self.tokens_json(),
            "tracing": null,
        });
        if self.purpose == Purpose::Transcription {
            session["object"] = json!("realtime.transcription_session");
        } else if self.modality == Modality::Audio {
            session["modalities"] = json!(["audio", "text"]);
        }
        session
    }
}
