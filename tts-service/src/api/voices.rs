//! Which voices can be asked for.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use voice_common::error::ErrorResponses;

use crate::app::App;
use crate::engine::VoiceInfo;

/// A voice.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Voice {
    /// The name to ask for.
    id: String,
    /// The same, for clients that show it.
    name: String,
    /// The language of its texts as a BCP 47 tag.
    language: String,
    /// Samples per second of what it makes.
    sample_rate: u32,
    /// Names of its speakers by their number; empty where there is one only.
    speakers: Vec<String>,
}

impl From<VoiceInfo> for Voice {
    fn from(info: VoiceInfo) -> Self {
        Self {
            name: info.id.clone(),
            id: info.id,
            language: info.language,
            sample_rate: info.sample_rate_hz,
            speakers: info.speakers,
        }
    }
}

/// All installed voices.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VoiceList {
    /// By name.
    voices: Vec<Voice>,
}

/// List the installed voices.
#[utoipa::path(get, path = "/v1/audio/voices", tag = "Audio", security((), ("bearer" = [])),
    responses((status = 200, body = VoiceList), ErrorResponses))]
pub(super) async fn list(State(app): State<Arc<App>>) -> Json<VoiceList> {
    let mut voices: Vec<Voice> = app
        .jobs
        .models
        .loader()
        .installed()
        .into_iter()
        .map(Voice::from)
        .collect();
    voices.sort_by(|one, other| one.id.cmp(&other.id));
    Json(VoiceList { voices })
}
