//! The endpoints about models: what is installed, and what is in memory.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use futures::future::BoxFuture;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ApiError;
use crate::cancellation::CancelCause;
use crate::error::ErrorResponses;
use crate::jobs::Jobs;
use crate::model_slots::ModelLoader;

/// Models that have names which clients know.
pub trait NamedModels: ModelLoader {
    /// The names of what is installed now, in any order.
    fn installed_ids(&self) -> Vec<String>;

    /// The installed model that a client means by `name`.
    ///
    /// # Errors
    /// [`ApiError::ModelNotFound`], naming what is installed.
    fn resolve_id(&self, name: &str) -> Result<String, ApiError>;
}

/// [`Jobs`] whatever their models are.
trait Served: Send + Sync + 'static {
    fn installed_ids(&self) -> Vec<String>;
    fn resolve_id(&self, name: &str) -> Result<String, ApiError>;
    fn load<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), ApiError>>;
    fn unload<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), ApiError>>;
}

impl<L: NamedModels> Served for Jobs<L> {
    fn installed_ids(&self) -> Vec<String> {
        self.models.loader().installed_ids()
    }

    fn resolve_id(&self, name: &str) -> Result<String, ApiError> {
        self.models.loader().resolve_id(name)
    }

    fn load<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async move {
            let limit = self.core.request_timeout;
            let loaded = tokio::time::timeout(limit, self.models.lease(id)).await;
            loaded.map_err(|_| ApiError::cancelled(CancelCause::Deadline, limit))??;
            Ok(())
        })
    }

    fn unload<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async move {
            let unloaded = self.models.unload(id).await;
            unloaded.map(drop).map_err(|_| ApiError::Conflict {
                message: format!("Model '{id}' is in use; try again when its requests are done."),
            })
        })
    }
}

/// A model in OpenAI's shape.
#[derive(Debug, Serialize, ToSchema)]
struct Model {
    /// The name to ask for.
    id: String,
    /// Always `model`.
    object: &'static str,
    /// Always 0: when a model was made is not known.
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
struct ModelList {
    /// Always `list`.
    object: &'static str,
    /// By name.
    data: Vec<Model>,
}

/// Where a model is now.
#[derive(Debug, Serialize, ToSchema)]
struct Loaded {
    /// The model's name.
    id: String,
    /// In memory and usable.
    loaded: bool,
}

/// List the installed models.
#[utoipa::path(get, path = "/v1/models", tag = "Models", security((), ("bearer" = [])),
    responses((status = 200, body = ModelList), ErrorResponses))]
async fn list(State(models): State<Arc<dyn Served>>) -> Json<ModelList> {
    let mut ids = models.installed_ids();
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
async fn show(
    State(models): State<Arc<dyn Served>>,
    Path(id): Path<String>,
) -> Result<Json<Model>, ApiError> {
    models.resolve_id(&id)?;
    Ok(Json(Model::named(id)))
}

/// Load a model into memory now.
#[utoipa::path(post, path = "/v1/models/{id}/load", tag = "Models", security((), ("bearer" = [])),
    params(("id" = String, Path, description = "The model's name")),
    responses((status = 200, body = Loaded), ErrorResponses))]
async fn load(
    State(models): State<Arc<dyn Served>>,
    Path(id): Path<String>,
) -> Result<Json<Loaded>, ApiError> {
    let id = models.resolve_id(&id)?;
    models.load(&id).await?;
    Ok(Json(Loaded { id, loaded: true }))
}

/// Take a model out of memory; 409 while a request uses it.
#[utoipa::path(post, path = "/v1/models/{id}/unload", tag = "Models", security((), ("bearer" = [])),
    params(("id" = String, Path, description = "The model's name")),
    responses((status = 200, body = Loaded), ErrorResponses))]
async fn unload(
    State(models): State<Arc<dyn Served>>,
    Path(id): Path<String>,
) -> Result<Json<Loaded>, ApiError> {
    let id = models.resolve_id(&id)?;
    models.unload(&id).await?;
    Ok(Json(Loaded { id, loaded: false }))
}

#[derive(OpenApi)]
#[openapi(tags((name = "Models", description = "What is installed and what is in memory")))]
struct Documentation;

/// The routes, for the models of these jobs.
pub fn routes<L: NamedModels>(jobs: Arc<Jobs<L>>) -> OpenApiRouter {
    let models: Arc<dyn Served> = jobs;
    OpenApiRouter::with_openapi(Documentation::openapi())
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(load))
        .routes(routes!(unload))
        .with_state(models)
}
