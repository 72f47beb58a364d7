//! The middleware around a service's endpoints: what is the same for every request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_request};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use tower_http::request_id::{PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use crate::ApiError;
use crate::auth::require_key;
use crate::callers::Callers;
use crate::core::ServiceCore;
use crate::error::{CLIENT_CLOSED_REQUEST, ErrorCode, no_such_method, no_such_route};
use crate::health::HealthState;
use crate::limits::{BodyLimit, discard_refused_body, limit_body};
use crate::telemetry::{NewRequestId, REQUEST_ID_HEADER, sanitise_request_id};
use crate::uploads::watching::watch_upload;
use crate::websocket::origin::refuse_foreign_pages;

/// How long a request waited in the queue, in milliseconds.
pub const QUEUE_WAIT_HEADER: HeaderName = HeaderName::from_static("x-queue-wait-ms");

/// An answer with the time that the request waited.
pub fn with_queue_wait(waited: Duration, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    let millis = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
    response
        .headers_mut()
        .insert(QUEUE_WAIT_HEADER, HeaderValue::from(millis));
    response
}

/// What the middleware needs to know beside the endpoints.
pub(crate) struct Middleware {
    /// The probes' view of the service.
    pub(crate) health: HealthState,
    /// Who may call.
    pub(crate) callers: Callers,
    /// Largest body.
    pub(crate) body_limit: BodyLimit,
}

impl Middleware {
    /// Puts authentication, limits, request ids, metrics, logging and the documentation around
    /// a service's endpoints.
    pub(crate) fn around(self, api: OpenApiRouter) -> Router {
        let Self {
            health,
            callers,
            body_limit,
        } = self;
        let Callers {
            keys,
            origins,
            cors,
        } = callers;
        let core = Arc::clone(&health.core);
        let body_bytes = usize::try_from(body_limit.body_bytes()).unwrap_or(usize::MAX);

        let guarded = api
            .layer(DefaultBodyLimit::max(body_bytes))
            .layer(from_fn_with_state(Arc::clone(&core), watch_upload))
            .layer(from_fn_with_state(body_limit, limit_body))
            .layer(from_fn_with_state(keys, require_key))
            .layer(from_fn_with_state(origins, refuse_foreign_pages))
            .layer(from_fn_with_state(Arc::clone(&core), refuse_while_draining));
        let (router, mut openapi) = guarded
            .merge(crate::health::routes(health))
            .split_for_parts();
        document_what_is_shared(&mut openapi);

        let mut router = router
            .merge(SwaggerUi::new("/docs").url("/openapi.json", openapi))
            .fallback(no_such_route)
            .method_not_allowed_fallback(no_such_method)
            .layer(CatchPanicLayer::custom(
                |panic: Box<dyn std::any::Any + Send>| {
                    let cause = panic
                        .downcast_ref::<String>()
                        .map(String::as_str)
                        .or_else(|| panic.downcast_ref::<&str>().copied())
                        .unwrap_or("unknown panic");
                    ApiError::internal(cause).into_response()
                },
            ))
            .layer(from_fn(discard_refused_body))
            .layer(from_fn_with_state(core, count_requests));
        if let Some(origins) = cors {
            router = router.layer(cors_layer(origins));
        }
        router
            .layer(
                TraceLayer::new_for_http()
                    .make_span_with(|request: &Request| {
                        let headers = request.headers();
                        let id = headers
                            .get(&REQUEST_ID_HEADER)
                            .and_then(|id| id.to_str().ok());
                        let path = request.uri().path();
                        tracing::info_span!("request", id, method = %request.method(), path)
                    })
                    // A 503 under load is no failure, and a real one is logged where it happens.
                    .on_failure(()),
            )
            .layer(PropagateRequestIdLayer::new(REQUEST_ID_HEADER))
            .layer(SetRequestIdLayer::new(REQUEST_ID_HEADER, NewRequestId))
            .layer(map_request(async |request: Request| {
                sanitise_request_id(request)
            }))
    }
}

fn document_what_is_shared(openapi: &mut OpenApi) {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    openapi
        .components
        .get_or_insert_default()
        .add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let operations = TagBuilder::new()
        .name("Operations")
        .description(Some("Probes and metrics; no key needed"))
        .build();
    openapi.tags.get_or_insert_default().push(operations);
}

fn cors_layer(origins: AllowOrigin) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        // SDKs send headers of their own; none of them has a meaning here.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([REQUEST_ID_HEADER, QUEUE_WAIT_HEADER, header::RETRY_AFTER])
}

async fn refuse_while_draining(
    State(core): State<Arc<ServiceCore>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if core.is_refusing() {
        Err(ApiError::Draining)
    } else {
        Ok(next.run(request).await)
    }
}

/// Counts a request when it is answered, and also when its client leaves first: hyper then
/// drops the handler's future, and with it this value.
struct RequestTimer {
    core: Arc<ServiceCore>,
    endpoint: String,
    started: Instant,
    status: u16,
}

impl Drop for RequestTimer {
    fn drop(&mut self) {
        self.core
            .metrics
            .request_finished(&self.endpoint, self.status, self.started.elapsed());
    }
}

async fn count_requests(
    State(core): State<Arc<ServiceCore>>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let endpoint = path.map_or_else(|| "unmatched".into(), |path| path.as_str().to_string());
    let mut timer = RequestTimer {
        core,
        endpoint,
        started: Instant::now(),
        status: CLIENT_CLOSED_REQUEST,
    };
    let response = next.run(request).await;
    timer.status = response.status().as_u16();
    if let Some(ErrorCode(code)) = response.extensions().get()
        && response.status().as_u16() == 503
    {
        timer.core.metrics.rejected(code);
    }
    response
}
