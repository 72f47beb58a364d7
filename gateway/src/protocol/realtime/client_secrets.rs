//! `POST /v1/realtime/client_secrets`: a key for a page, which opens a session that is set already.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde_json::{Value, json};
use voice_common::ApiError;
use voice_common::temporary_keys::Grant;

use super::adapter::{Adapter, Profile};
use super::fields::Field;
use super::ids::new_tag;
use super::problem::Problem;
use super::session::{Dialect, Purpose};
use crate::app::App;
use crate::pipeline::Manner;

const LEAST_SECONDS: u64 = 10;
const USUAL_SECONDS: u64 = 600;
const MOST_SECONDS: u64 = 7200;

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self::invalid(problem.param.unwrap_or_default(), problem.message)
    }
}

pub(super) async fn create(State(app): State<App>, body: Bytes) -> Result<Json<Value>, ApiError> {
    let request: Value = if body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(&body)
            .map_err(|_| ApiError::invalid("", "The body is not valid JSON."))?
    };
    let fields = Field::root(&request);
    let lifetime = lifetime(&fields)?;
    let session = fields
        .given("session")?
        .map_or(json!({}), |it| it.value.clone());
    let adapter = Adapter::new(Profile {
        dialect: Dialect::Current,
        purpose: Purpose::Conversation,
        model: "voice-stack".into(),
        tag: new_tag(),
        settings: app.settings(),
        manner: Manner::default(),
    });
    let shown = adapter.preset(&session)?.session_json();
    let key = app
        .temporary_keys()
        .give(Grant(session.to_string().into()), lifetime);
    let expires = SystemTime::now() + lifetime;
    let expires_at = expires.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Json(json!({
        "value": key,
        "expires_at": expires_at.as_secs(),
        "session": shown,
    })))
}

fn lifetime(request: &Field<'_>) -> Result<Duration, Problem> {
    let seconds = match request.given("expires_after")? {
        Some(it) => it.given("seconds")?,
        None => None,
    };
    let seconds = seconds.map(|it| it.integer(LEAST_SECONDS..=MOST_SECONDS));
    Ok(Duration::from_secs(
        seconds.transpose()?.unwrap_or(USUAL_SECONDS),
    ))
}
