//! What clients speak. Each folder is a protocol: an adapter, which turns its messages into facts for a
//! conversation and what a conversation says into its messages, without input and output, and a loop
//! around it. None has any logic of a conversation. The query API has none to hold: its recordings are whole.

mod bot;
pub(crate) mod query;
pub mod realtime;

use axum::middleware::from_fn_with_state;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use voice_common::rate_limit::{RateLimit, limit_rate};

use crate::app::App;
use query::Queries;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "voice-stack gateway",
        description = "Spoken conversations.",
        license(name = "MIT", identifier = "MIT")
    ),
    tags((name = "Voice", description = "A recording in, an answer with its audio out")),
)]
struct Documentation;

/// The endpoints of all protocols, under one limit for each client if there is one.
pub(crate) fn routes(app: App, queries: Queries, limit: Option<RateLimit>) -> OpenApiRouter {
    let routes = OpenApiRouter::with_openapi(Documentation::openapi())
        .merge(bot::routes())
        .merge(realtime::routes())
        .with_state(app)
        .merge(query::routes(queries));
    match limit {
        Some(limit) => routes.layer(from_fn_with_state(limit, limit_rate)),
        None => routes,
    }
}
