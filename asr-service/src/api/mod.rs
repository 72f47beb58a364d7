//! The endpoints, one file a family.

mod documents;
mod parameters;
mod stream;
mod transcriptions;
mod webservice;

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::middleware::from_fn_with_state;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use voice_common::ApiError;
use voice_common::capacity::require_capacity;

use crate::job::App;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "voice-stack ASR",
        description = "Speech recognition with the API that OpenAI's clients speak.",
        license(name = "MIT", identifier = "MIT")
    ),
    tags(
        (name = "Audio", description = "OpenAI's endpoints"),
        (name = "Webservice", description = "The whisper-asr-webservice contract, also under /bazarr"),
    ),
)]
struct Documentation;

/// All endpoints that need a key when keys are configured.
pub(crate) fn routes(app: Arc<App>) -> OpenApiRouter {
    let computing = OpenApiRouter::new()
        .routes(routes!(transcriptions::transcribe))
        .routes(routes!(transcriptions::translate))
        .routes(routes!(webservice::asr))
        .routes(routes!(webservice::detect_language))
        .routes(routes!(webservice::bazarr_asr))
        .routes(routes!(webservice::bazarr_detect_language))
        .layer(from_fn_with_state(
            Arc::clone(&app.jobs.core),
            require_capacity,
        ));
    OpenApiRouter::with_openapi(Documentation::openapi())
        .merge(computing)
        .with_state(app)
}

fn bad_query(rejection: &QueryRejection) -> ApiError {
    ApiError::InvalidBody {
        message: format!("The query can't be read: {}", rejection.body_text()),
    }
}

#[cfg(test)]
mod tests;
