//! What is installed, and what is in memory.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use voice_common::ApiError;
use voice_common::cancellation::CancelCause;
use voice_common::error::ErrorResponses;

use crate::job::App;

/// A model in OpenAI's shape.
#[derive(Debug, Serialize, ToSchema)]
pub struct Model {
    /// The name to ask for.
    id: String,
    /// Always `model`.
    object: &'static str,
    /// Always 0: files have no date of birth worth telling.
    created: u64,
    /// Always `voice-stack`.
    owned_by: &'static str,
}

impl Model {
    fn named(id: String) -> Self {
        Self {
            id,
            object: "model",
            created: 0,
            owned_by: "voice-stack",
        }
    }
}

/// All installed models.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelList {
    /// Always `list`.
    object: &'static str,
    /// By name.
    data: Vec<Model>,
}

/// Where a model is now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Loaded {
    /// The model's name.
    id: String,
    /// In memory and usable.
    loaded: bool,
}

/// List the installed models.
#[utoipa::path(get, path = "/v1/models", tag = "Models", security((), ("bearer" = [])),
    responses((status = 200, body = ModelList), ErrorResponses))]
pub async fn list(State(app): State<Arc<App>>) -> Json<ModelList> {
    let mut ids: Vec<String> = app
        .models
        .loader()
        .installed()
        .into_iter()
        .map(|model| model.id)
        .collect();
    ids.sort();
    Json(ModelList {
        object: "list",
        data: ids.into_iter().map(Model::named).collect(),
    })
}

/// Show one model; one of OpenAI's names shows the default under that name.
#[utoipa::path(get, path = "/v1/models/{id}", tag = "Models", security((), ("bearer" = [])),
    params(("id" = String, Path, description = "The model's name")),
    responses((status = 200, body = Model), ErrorResponses))]
pub async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Model>, ApiError> {
    app.models.loader().resolve(Some(&id))?;
    Ok(Json(Model::named(id)))
}

/// Load a model into memory now.
#[utoipa::path(post, path = "/v1/models/{id}/load", tag = "Models", security((), ("bearer" = [])),
    params(("id" = String, Path, description = "The model's name")),
    responses((status = 200, body = Loaded), ErrorResponses))]
pub async fn load(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Loaded>, ApiError> {
    let model = app.models.loader().resolve(Some(&id))?;
    let loaded = tokio::time::timeout(app.request_timeout, app.models.lease(&model.id)).await;
    loaded.map_err(|_| ApiError::cancelled(CancelCause::Deadline, app.request_timeout))??;
    Ok(Json(Loaded {
        id: model.id,
        loaded: true,
    }))
}

/// Take a model out of memory; 409 while a request uses it.
#[utoipa::path(post, path = "/v1/models/{id}/unload", tag = "Models", security((), ("bearer" = [])),
    params(("id" = String, Path, description = "The model's name")),
    responses((status = 200, body = Loaded), ErrorResponses))]
pub async fn unload(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Loaded>, ApiError> {
    let model = app.models.loader().resolve(Some(&id))?;
    app.models
        .unload(&model.id)
        .await
        .map_err(|_| ApiError::Conflict {
            message: format!(
                "Model '{}' is in use; try again when its requests are done.",
                model.id
            ),
        })?;
    Ok(Json(Loaded {
        id: model.id,
        loaded: false,
    }))
}
