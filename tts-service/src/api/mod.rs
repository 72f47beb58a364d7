//! The endpoints, one file a family.

mod documents;
mod speech;
mod voices;

use std::sync::Arc;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "voice-stack TTS",
        description = "Speech synthesis with the API that OpenAI's clients speak.",
        license(name = "MIT", identifier = "MIT")
    ),
    tags((name = "Audio", description = "OpenAI's endpoints"))
)]
struct Documentation;

/// All endpoints of this service that need a key when keys are configured.
pub(crate) fn routes(app: Arc<App>) -> OpenApiRouter {
    OpenApiRouter::with_openapi(Documentation::openapi())
        .routes(routes!(speech::speak))
        .routes(routes!(voices::list))
        .with_state(app)
}

#[cfg(test)]
mod tests;
