//! The request that opens a session.

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use voice_common::ApiError;
use voice_common::temporary_keys::Grant;
use voice_common::websocket::Upgrade;

use super::adapter::{Adapter, Profile};
use super::client_secrets::create;
use super::ids::new_tag;
use super::session::{Dialect, Purpose};
use super::socket::converse;
use crate::app::App;
use crate::pipeline::Manner;

/// The subprotocol that browsers offer beside their key.
const SUBPROTOCOL: &str = "realtime";
const BETA_SUBPROTOCOL: &str = "openai-beta.realtime-v1";
const BETA_HEADER: &str = "openai-beta";
const BETA_VALUE: &str = "realtime=v1";

/// `GET /v1/realtime`.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/v1/realtime", get(connect))
        .route("/v1/realtime/client_secrets", post(create))
}

#[derive(Debug, Default, Deserialize)]
struct Parameters {
    model: Option<String>,
    intent: Option<String>,
}

async fn connect(
    State(app): State<App>,
    address: Uri,
    headers: HeaderMap,
    grant: Option<Extension<Grant>>,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    let place = app.admit()?;
    let parameters = Query::<Parameters>::try_from_uri(&address);
    let parameters = parameters.map(|it| it.0).unwrap_or_default();
    let offers = |name| upgrade.protocols().iter().any(|it| it == name);
    let mut beta = headers.get_all(BETA_HEADER).iter();
    let is_beta = beta.any(|it| it == BETA_VALUE) || offers(BETA_SUBPROTOCOL);
    let is_transcription = parameters.intent.as_deref() == Some("transcription");
    let model = parameters.model.as_deref().unwrap_or("voice-stack");
    let adapter = Adapter::new(Profile {
        dialect: if is_beta {
            Dialect::Beta
        } else {
            Dialect::Current
        },
        purpose: if is_transcription {
            Purpose::Transcription
        } else {
            Purpose::Conversation
        },
        model: model.to_owned(),
        tag: new_tag(),
        settings: app.settings(),
        manner: Manner::default(),
    });
    let adapter = match grant {
        Some(Extension(Grant(session))) => {
            let session: Value = serde_json::from_str(&session).unwrap_or_default();
            adapter.preset(&session)?
        }
        None => adapter,
    };
    let protocol = offers(SUBPROTOCOL).then_some(SUBPROTOCOL);
    Ok(upgrade.accept(protocol, |socket| converse(socket, app, place, adapter)))
}
