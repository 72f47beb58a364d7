//! The endpoints, one file a family.

mod documents;
mod models;
mod parameters;
mod stream;
mod transcriptions;
mod webservice;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::http::HeaderValue;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use voice_common::ApiError;
use voice_common::capacity::require_capacity;
use voice_common::frame::QUEUE_WAIT_HEADER;

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
        (name = "Models", description = "What is installed and what is in memory"),
        (name = "Operations", description = "Probes and metrics; no key needed"),
    ),
    modifiers(&BearerKeys)
)]
struct Documentation;

struct BearerKeys;

impl utoipa::Modify for BearerKeys {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// All endpoints that need a key when keys are configured.
pub fn routes(app: Arc<App>) -> OpenApiRouter {
    let computing = OpenApiRouter::new()
        .routes(routes!(transcriptions::transcribe))
        .routes(routes!(transcriptions::translate))
        .routes(routes!(webservice::asr))
        .routes(routes!(webservice::detect_language))
        .routes(routes!(webservice::bazarr_asr))
        .routes(routes!(webservice::bazarr_detect_language))
        .layer(from_fn_with_state(Arc::clone(&app.core), require_capacity));
    OpenApiRouter::with_openapi(Documentation::openapi())
        .merge(computing)
        .routes(routes!(models::list))
        .routes(routes!(models::show))
        .routes(routes!(models::load))
        .routes(routes!(models::unload))
        .with_state(app)
}

/// An answer with the time that the request waited.
fn answer(waited: Duration, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    let millis = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
    response
        .headers_mut()
        .insert(QUEUE_WAIT_HEADER, HeaderValue::from(millis));
    response
}

fn bad_query(rejection: &QueryRejection) -> ApiError {
    ApiError::InvalidBody {
        message: format!("The query can't be read: {}", rejection.body_text()),
    }
}

#[cfg(test)]
mod tests;
