//! The query API under `/api/v1/voice`: a recording in, an answer with its audio out.
//!
//! | | |
//! |---|---|
//! | `POST /session` | a new session |
//! | `POST /query` | multipart `file`, `language`, `session_id`, `voice`: transcript, answer and audio as JSON |
//! | `POST /query/stream` | the same as server-sent events, as soon as each part is there |
//! | `POST /cancel` | ends the query of a session |
//! | `GET /stats` | what runs, and what has become of all that ran |
//!
//! A query asks the parts of the pipeline directly and not through a conversation: its recording is
//! whole, so there is no turn to be found in it, and nobody speaks into its answer. What it has of a
//! conversation is its session: what was said before, and that a new query ends the one before it.
//! A query is a future; dropping that closes its connections, so that whoever computes for it stops.

mod ask;
mod audio;
mod documents;
mod fields;
mod history;
mod metrics;
mod problem;
mod queries;
mod session;
mod stream;

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::middleware::from_fn_with_state;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use voice_common::ApiError;
use voice_common::capacity::require_capacity;

pub(crate) use metrics::QueryMetrics;
pub(crate) use queries::{Queries, QueryLimits};

use ask::Audience;
use documents::{Cancelled, Opened, QueryAnswer, QueryErrors, QueryForm, Stats};
use fields::{Named, QueryParameters, SessionParameter};

pub(crate) fn routes(queries: Queries) -> OpenApiRouter {
    let asking = OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(query))
        .routes(routes!(stream::query_stream))
        .layer(from_fn_with_state(queries.core(), require_capacity));
    OpenApiRouter::new()
        .merge(asking)
        .routes(routes!(cancel))
        .routes(routes!(stats))
        .with_state(queries)
}

/// Open a session: its queries know what was said before, and each ends the one before it.
#[utoipa::path(
    post, path = "/api/v1/voice/session", tag = "Voice", security((), ("bearer" = [])),
    responses((status = 200, body = Opened), QueryErrors))]
async fn open(State(queries): State<Queries>) -> Result<Json<Opened>, ApiError> {
    queries.open().map(Json)
}

/// Answer a spoken question.
#[utoipa::path(
    post, path = "/api/v1/voice/query", tag = "Voice", security((), ("bearer" = [])),
    params(QueryParameters),
    request_body(content = QueryForm, content_type = "multipart/form-data"),
    responses((status = 200, body = QueryAnswer), QueryErrors))]
async fn query(
    State(queries): State<Queries>,
    parameters: Query<QueryParameters>,
    request: Request,
) -> Result<Json<QueryAnswer>, ApiError> {
    let counted = queries.metrics().begun();
    let answered = async {
        let asked = queries.receive(parameters.0, request).await?;
        asked.answer(&Audience::Waits).await
    };
    counted.ended(answered.await).map(Json)
}

/// End what a session's query is doing. It is answered with 409.
#[utoipa::path(
    post, path = "/api/v1/voice/cancel", tag = "Voice", security((), ("bearer" = [])),
    params(SessionParameter),
    request_body(content = Named, content_type = "application/json"),
    responses((status = 200, body = Cancelled), QueryErrors))]
async fn cancel(
    State(queries): State<Queries>,
    parameters: Query<SessionParameter>,
    request: Request,
) -> Result<Json<Cancelled>, ApiError> {
    let session_id = fields::session_id(parameters.0, request).await?;
    queries.cancel(session_id).map(Json)
}

/// What runs, and what has become of all that ran.
#[utoipa::path(
    get, path = "/api/v1/voice/stats", tag = "Voice", security((), ("bearer" = [])),
    params(SessionParameter),
    responses((status = 200, body = Stats), QueryErrors))]
async fn stats(
    State(queries): State<Queries>,
    parameters: Query<SessionParameter>,
) -> Result<Json<Stats>, ApiError> {
    queries.stats(parameters.0.session_id).map(Json)
}
