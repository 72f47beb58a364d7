//! `/query/stream`: what a query comes to, as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Query, Request, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;
use voice_common::ApiError;

use super::ask::{Asked, Audience};
use super::documents::{QueryErrors, QueryEvent, QueryForm};
use super::fields::QueryParameters;
use super::metrics::Counted;
use super::queries::Queries;

/// Events that wait for the client; a query that is further ahead has to wait.
const WAITING: usize = 16;
/// Comments that keep proxies from closing a stream that is silent.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Answer a spoken question as server-sent events: `transcript`, `llm_chunk`, `audio`, `done`, `error`.
#[utoipa::path(
    post, path = "/api/v1/voice/query/stream", tag = "Voice", security((), ("bearer" = [])),
    params(QueryParameters),
    request_body(content = QueryForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, content_type = "text/event-stream", body = QueryEvent),
        QueryErrors))]
pub(super) async fn query_stream(
    State(queries): State<Queries>,
    parameters: Query<QueryParameters>,
    request: Request,
) -> Result<Response, ApiError> {
    let counted = queries.metrics().begun();
    let asked = match queries.receive(parameters.0, request).await {
        Ok(asked) => asked,
        Err(error) => return counted.ended(Err(error)),
    };
    let (events, mut told) = mpsc::channel(WAITING);
    // Not part of the stream itself: a client that doesn't read must not keep it from being stopped.
    let work = tokio::spawn(run(asked, counted, events).in_current_span());
    let work = AbortOnDropHandle::new(work);
    let stream = futures::stream::poll_fn(move |context| {
        let _ends_with_the_stream = &work;
        told.poll_recv(context)
    });
    let stream = stream.map(|event| Ok::<_, Infallible>(sse(&event)));
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(stream).keep_alive(keep_alive).into_response())
}

async fn run(asked: Asked, counted: Counted, events: mpsc::Sender<QueryEvent>) {
    let audience = Audience::Follows(events);
    let answered = asked.answer(&audience).await;
    let last = match counted.ended(answered) {
        Ok(answer) => QueryEvent::Done(Box::new(answer)),
        Err(error) => QueryEvent::Error {
            status: error.status().as_u16(),
            body: error.body(),
        },
    };
    audience.tell(last).await;
}

fn sse(event: &QueryEvent) -> Event {
    let json = serde_json::to_string(event).unwrap_or_else(|error| {
        tracing::error!(%error, "an event can't be written");
        String::new()
    });
    Event::default().event(event.name()).data(json)
}
